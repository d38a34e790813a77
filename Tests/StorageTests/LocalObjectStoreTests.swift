import Base
import Foundation
import Storage
import Testing

struct LocalObjectStoreTests {
    @Test func symbolicLinksDoNotLeadOut() throws {
        let (inside, outside) = (try TemporaryFolder(), try TemporaryFolder())
        let store = try LocalObjectStore(root: inside.path)
        try Data([1]).write(to: URL(fileURLWithPath: outside.path + "/secret"))
        try FileManager.default.createSymbolicLink(
            atPath: inside.path + "/door", withDestinationPath: outside.path)
        try FileManager.default.createSymbolicLink(
            atPath: inside.path + "/key", withDestinationPath: outside.path + "/secret")
        for call in [
            { _ = try store.get("door/secret") }, { try store.put("door/new", [2]) }, { _ = try store.get("key") },
            { try store.delete("door/secret") },
        ] {
            #expect(throws: StorageError.self) { try call() }
        }
        #expect(try store.list(prefix: "").isEmpty)
        #expect(try store.list(prefix: "door/").isEmpty)
        #expect(FileManager.default.fileExists(atPath: outside.path + "/secret"))
        #expect(!FileManager.default.fileExists(atPath: outside.path + "/new"))
    }

    @Test func nothingIsLeftInStaging() throws {
        let folder = try TemporaryFolder()
        let store = try LocalObjectStore(root: folder.path)
        for number in 0..<5 { try store.put("n/\(number)", [1]) }
        try store.putIfAbsent("n/x", [1])
        #expect(throws: StorageError.alreadyExists(path: "n/x")) { try store.putIfAbsent("n/x", [2]) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.root + "/.staging").isEmpty)
    }

    /// /dev/full takes no byte, so a full disk can be tried where there is one.
    @Test func fullDiskSaysWhatToDo() {
        let error = StorageError.noSpace(path: "t/part-0.parquet", neededBytes: 5_000, freeBytes: 1_000)
        #expect(error.report.code == "STO-004")
        #expect(error.description.contains("no space left"))
        #expect(error.report.hint.contains("4000 bytes free") && error.report.hint.contains("data_dir"))
    }
}
