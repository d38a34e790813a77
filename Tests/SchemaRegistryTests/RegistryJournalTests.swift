import Base
import Foundation
import Synchronization
import Testing

@testable import SchemaRegistry

/// A folder that goes with the test.
private final class Folder {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "registry-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var file: String { path + "/schemas" }
    func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file))) }
    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: file)) }
}

private func schema(_ number: Int) -> String { #"{"type":"fixed","name":"F\#(number)","size":\#(number)}"# }

/// Makes a journal of a compacted start and six records.
private func fill(_ file: String) throws -> [RegistryState] {
    let registry = try SubjectRegistry(path: file)
    var states = [registry.state]
    try registry.setLevel(CompatibilityLevel.none)
    states.append(registry.state)
    for number in 1...3 {
        try registry.register(schema(number), subject: "s")
        states.append(registry.state)
    }
    try registry.delete(subject: "s", version: 2)
    states.append(registry.state)
    try registry.delete(subject: "s", version: 2, permanent: true)
    states.append(registry.state)
    return states
}

@Test func aRegistryIsTheSameAfterReopening() throws {
    let folder = try Folder()
    let states = try fill(folder.file)
    #expect(try SubjectRegistry(path: folder.file).state == states.last)
    // Once more, now from the compacted file.
    let again = try SubjectRegistry(path: folder.file)
    #expect(again.state == states.last)
    #expect(try again.register(schema(9), subject: "s") == 4)
    #expect(try again.latest(of: "s").version == 4)
}

@Test func aFileCutAnywhereOpensAsAStateThatOnceWas() throws {
    let folder = try Folder()
    let states = try fill(folder.file)
    let bytes = try folder.bytes()
    var reached = 0
    for cut in 0...bytes.count {
        try folder.write(Array(bytes[..<cut]))
        let state = try SubjectRegistry(path: folder.file).state
        let index = try #require(states.lastIndex(of: state), "cut at \(cut)")
        #expect(index >= reached)
        reached = index
    }
    #expect(reached == states.count - 1)
}

@Test(arguments: 0..<200 as Range<UInt64>)
func damageIsReportedOrOnlyCostsTheTail(seed: UInt64) throws {
    let folder = try Folder()
    let states = try fill(folder.file)
    var bytes = try folder.bytes()
    var random = SplitMix64(seed: seed)
    let position = Int.random(in: 0..<bytes.count, using: &random)
    bytes[position] ^= UInt8.random(in: 1...255, using: &random)
    try folder.write(bytes)
    var left = false
    do throws(RegistryError) {
        let state = try SubjectRegistry(path: folder.file).state
        // Only the last record can pass for one that was being written.
        #expect(states.suffix(2).contains(state))
        #expect(state != states.last)
    } catch {
        #expect(error.report.code == "REG-021")
        left = true
    }
    if left { #expect(try folder.bytes() == bytes, "a damaged file is left as it is") }
}

@Test func garbageBehindTheEndIsCut() throws {
    let folder = try Folder()
    let states = try fill(folder.file)
    try folder.write(try folder.bytes() + [UInt8](repeating: 0, count: 1000) + [0xff, 0xff, 7])
    #expect(try SubjectRegistry(path: folder.file).state == states.last)
}

@Test func aFolderThatIsMissingIsAClearError() {
    #expect(throws: RegistryError.self) { try SubjectRegistry(path: "/nonexistent/folder/schemas") }
}

/// Fails from a certain append on.
private final class FailingJournal: RegistryJournal {
    private let left: Mutex<Int>
    init(after: Int) { left = Mutex(after) }
    func append(_ payload: [UInt8]) throws(RegistryError) {
        let fails = left.withLock { left in
            left -= 1
            return left < 0
        }
        if fails { throw .storage(operation: "write", path: "schemas", reason: "No space left on device") }
    }
}

@Test func whatCannotBeWrittenHasNotHappened() throws {
    let registry = SubjectRegistry(journal: FailingJournal(after: 1))
    #expect(try registry.register(schema(1), subject: "s") == 1)
    let before = registry.state
    #expect(throws: RegistryError.self) { try registry.register(schema(2), subject: "t") }
    #expect(registry.state == before)
    let answer = RegistryRoutes(registry).respond(
        method: "PUT", path: "/config", body: Array(#"{"compatibility":"NONE"}"#.utf8))
    #expect(answer.status == 500)
    #expect(registry.state == before)
}

@Test func manyThreadsGetOneIDForOneSchema() async throws {
    let registry = SubjectRegistry()
    let ids = await withTaskGroup(of: (Int, Int32?).self) { group in
        for task in 0..<200 {
            group.addTask { (task % 10, try? registry.register(schema(task % 10), subject: "s\(task)")) }
        }
        return await group.reduce(into: [Int: Set<Int32?>]()) { $0[$1.0, default: []].insert($1.1) }
    }
    #expect(ids.values.allSatisfy { $0.count == 1 && !$0.contains(nil) })
    #expect(Set(ids.values.flatMap { $0 }).count == 10)
}
