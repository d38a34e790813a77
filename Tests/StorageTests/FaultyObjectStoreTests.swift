import Base
import Storage
import Testing

struct FaultyObjectStoreTests {
    private func run(seed: UInt64) throws -> ([String], Int) {
        let folder = try TemporaryFolder()
        let memory = try MemoryObjectStore(temporaryFolder: folder.path, clock: ManualClock())
        let store = FaultyObjectStore(memory, faults: FaultPlan(seed: seed, failsBefore: 100, failsAfter: 100))
        var outcome: [String] = []
        for number in 0..<50 {
            do {
                try store.putIfAbsent("o/\(number)", [UInt8(number)])
                outcome.append("written \(try memory.get("o/\(number)"))")
            } catch { outcome.append(error.report.code) }
            do { _ = try store.get("o/\(number)") } catch { outcome.append(error.report.code) }
        }
        withExtendedLifetime(folder) {}
        return (outcome, store.faultCount)
    }

    @Test(arguments: 0..<20)
    func theSeedDecides(seed: UInt64) throws {
        let (first, second) = (try run(seed: seed), try run(seed: seed))
        #expect(first.0 == second.0)
        #expect(first.1 > 0)
    }

    @Test func aDeadProcessStaysDead() throws {
        let folder = try TemporaryFolder()
        let memory = try MemoryObjectStore(temporaryFolder: folder.path, clock: ManualClock())
        let store = FaultyObjectStore(
            memory,
            faults: FaultPlan(
                seed: 1, failsBefore: 0, failsAfter: 0, noSpace: 0, shortReads: 0, slow: 0, crashesAfterCalls: 2))
        try store.put("a", [1])
        try store.put("b", [1])
        #expect(throws: StorageError.self) { try store.put("c", [1]) }
        #expect(throws: StorageError.self) { _ = try store.get("a") }
        store.heal()
        #expect(try store.list(prefix: "").map(\.path) == ["a", "b"])
    }
}
