import Base
import Foundation
import Storage
import Synchronization
import Testing

/// What every store must do, run over all of them.
struct ObjectStoreContractTests {
    enum Kind: String, CaseIterable, Sendable { case local, memory, faultyButHealed }

    private func withStore(_ kind: Kind, _ body: (any ObjectStore) throws -> Void) throws {
        let folder = try TemporaryFolder()
        switch kind {
        case .local: try body(LocalObjectStore(root: folder.path))
        case .memory: try body(MemoryObjectStore(temporaryFolder: folder.path, clock: SystemClock()))
        case .faultyButHealed:
            let store = FaultyObjectStore(try LocalObjectStore(root: folder.path), faults: FaultPlan(seed: 1))
            store.heal()
            try body(store)
        }
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: Kind.allCases)
    func whatIsPutIsThere(kind: Kind) throws {
        try withStore(kind) { store in
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try store.put("a/b/c.bin", bytes)
            #expect(try store.get("a/b/c.bin") == bytes)
            #expect(try store.get("a/b/c.bin", range: 1000..<1003) == Array(bytes[1000..<1003]))
            #expect(try store.get("a/b/c.bin", range: 5..<5) == [])
            let before = try store.head("a/b/c.bin")
            #expect(before.size == bytes.count)
            #expect(abs(before.modifiedMicros - SystemClock().nowMicros()) < 60_000_000)
            try store.put("a/b/c.bin", [])
            #expect(try store.get("a/b/c.bin") == [])
            #expect(try store.head("a/b/c.bin").etag != before.etag)
            #expect(throws: StorageError.badRange(path: "a/b/c.bin", range: 0..<1, size: 0)) {
                try store.get("a/b/c.bin", range: 0..<1)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func onlyOneCreates(kind: Kind) throws {
        try withStore(kind) { store in
            let winners = Mutex<[UInt8]>([])
            DispatchQueue.concurrentPerform(iterations: 8) { writer in
                do {
                    try store.putIfAbsent("log/1.json", [UInt8(writer)])
                    winners.withLock { $0.append(UInt8(writer)) }
                } catch {
                    if error as? StorageError != .alreadyExists(path: "log/1.json") { Issue.record(error) }
                }
            }
            let won = winners.withLock { $0 }
            let stored = try store.get("log/1.json")
            #expect(won.count == 1)
            #expect(stored == won)
        }
    }

    @Test(arguments: Kind.allCases)
    func listsInByteOrder(kind: Kind) throws {
        try withStore(kind) { store in
            for path in ["t/b", "t/a/z", "t/a-1", "t/a/B", "t2/x", "u", "t/é"] { try store.put(path, [1]) }
            #expect(try store.list(prefix: "t/").map(\.path) == ["t/a-1", "t/a/B", "t/a/z", "t/b", "t/é"])
            #expect(try store.list(prefix: "t/a").map(\.path) == ["t/a-1", "t/a/B", "t/a/z"])
            #expect(try store.list(prefix: "t/", startAfter: "t/a/C").map(\.path) == ["t/a/z", "t/b", "t/é"])
            #expect(try store.list(prefix: "").count == 7)
            #expect(try store.list(prefix: "nothing/").isEmpty)
        }
    }

    @Test(arguments: Kind.allCases)
    func deletesAndCopiesCanBeRepeated(kind: Kind) throws {
        try withStore(kind) { store in
            try store.put("x/1", [7, 8])
            for _ in 0..<2 { try store.copy("x/1", to: "y/2") }
            for _ in 0..<2 { try store.delete("x/1") }
            #expect(try store.get("y/2") == [7, 8])
            #expect(throws: StorageError.notFound(path: "x/1")) { try store.get("x/1") }
            #expect(throws: StorageError.notFound(path: "x/1")) { try store.head("x/1") }
            #expect(throws: StorageError.notFound(path: "x/1")) { try store.copy("x/1", to: "z") }
            #expect(try !store.exists("x/1"))
            try store.delete("never/there")
        }
    }

    @Test(arguments: Kind.allCases)
    func finishedFilesMoveInAndComeOut(kind: Kind) throws {
        try withStore(kind) { store in
            let staged = try store.stagingFile()
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: staged))
            try store.put("d/e/f", movingFile: staged)
            #expect(!FileManager.default.fileExists(atPath: staged))
            #expect(try store.list(prefix: "").map(\.path) == ["d/e/f"])
            var file: LocalFile? = try store.localFile("d/e/f")
            #expect(FileManager.default.contents(atPath: file!.path) == Data([1, 2, 3]))
            file = nil
            #expect(try store.get("d/e/f") == [1, 2, 3])
            let left = try store.stagingFile()
            try Data([9]).write(to: URL(fileURLWithPath: left))
            #expect(try store.removeStagedFiles(olderThanMicros: SystemClock().nowMicros() + 1_000_000) == 1)
            #expect(!FileManager.default.fileExists(atPath: left))
        }
    }

    @Test(
        arguments: Kind.allCases,
        ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\u{0}b", ".staging/x"])
    func pathsCannotLeave(kind: Kind, path: String) throws {
        try withStore(kind) { store in
            func refused(_ call: () throws -> Void) {
                #expect { try call() } throws: { error in
                    if case .badPath = error as? StorageError { true } else { false }
                }
            }
            refused { try store.put(path, [1]) }
            refused { try store.putIfAbsent(path, [1]) }
            refused { _ = try store.get(path) }
            refused { _ = try store.head(path) }
            refused { try store.delete(path) }
        }
    }
}
