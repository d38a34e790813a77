import Base
import Columnar
import SQL
import Synchronization
import Testing

@testable import Streaming

@Suite struct ExactlyOnceTests {
    /// Crashes between any two steps of a checkpoint, and stops without one, then restores at another worker count:
    /// nothing lost, nothing twice.
    @Test(arguments: 0..<16)
    func crashesLeaveNoTrace(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let lateness: Int64 = 400
        let events = makeEvents(seed: seed, partitions: 3, rows: 500, disorder: 1_200)
        let model = windowedModel(events, sizeMicros: 1_000, lateness: lateness)
        let folder = try TemporaryFolder()
        let (sink, late, dead) = (MemorySink(), MemorySink(), MemorySink())
        for crash in 0..<4 {
            let workers = Int.random(in: 1...3, using: &random)
            let source = MemorySource(eventSchema, events, batchMax: 9, seed: random.next())
            let job = try StreamJob(
                plan: windowedPlan(), emit: .final, sources: ["events": source], sink: sink, lateSink: late,
                deadLetterSink: dead,
                stateDirectory: folder.path, clock: MonotonicClock())
            let epoch = (sink.state.withLock { $0.committed.max() } ?? 0) + UInt64.random(in: 1...3, using: &random)
            let target = Bool.random(using: &random) ? sink : late
            let kind = Int.random(in: 0..<4, using: &random)
            target.state.withLock {
                $0.fault = [.prepare(epoch), .beforeCommit(epoch), .afterCommit(epoch), .none][kind]
            }
            let budget = Bool.random(using: &random) ? 20_000 : nil
            do {
                try job.start(settings(workers: workers, lateness: lateness, interval: 300, state: budget))
                if kind == 3 {
                    for _ in 0..<Int.random(in: 0...2, using: &random) { try job.checkpoint() }
                    try job.stop(finalCheckpoint: false)
                } else {
                    for _ in 0..<4 { try job.checkpoint() }
                    try job.stop(finalCheckpoint: false)
                }
            } catch {
                let report = try job.waitUntilEnded()
                #expect(report?.code == "STR-031", "crash \(crash) of seed \(seed): \(error)")
                #expect(throws: (any Error).self) { try job.stop(finalCheckpoint: false) }
            }
            for sink in [sink, late] { sink.state.withLock { $0.fault = .none } }
        }
        let source = MemorySource(eventSchema, events, batchMax: 30, seed: random.next())
        let job = try StreamJob(
            plan: windowedPlan(), emit: .final, sources: ["events": source], sink: sink, lateSink: late,
            deadLetterSink: dead,
            stateDirectory: folder.path, clock: MonotonicClock())
        try job.start(settings(workers: 4, lateness: lateness))
        try job.waitUntilCaughtUp()
        try job.stop()
        let rows = settle(sink.visible)
        #expect(Set(rows.keys) == model.rows, "seed \(seed)")
        #expect(rows.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        let lateRows = Dictionary(
            settle(late.visible).map { (Array($0.key.prefix(5)), Int($0.value)) }, uniquingKeysWith: +)
        #expect(lateRows == model.late, "seed \(seed)")
    }

    /// Unwindowed groups for ever, with a changelog, killed and restored.
    @Test(arguments: 0..<6)
    func changelogsSurviveCrashes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let events = makeEvents(seed: seed, partitions: 2, rows: 400, disorder: 0)
        let plan = RelationalPlan.aggregate(
            Aggregate(
                input: eventScan,
                keys: [named("origin", column(eventSchema, "origin")), named("delay", column(eventSchema, "delay"))],
                aggregates: [NamedAggregate(name: "n", call: AggregateCall(.countRows, arguments: [], type: .int64))]))
        var model: [[Scalar]: Int64] = [:]
        for row in events.joined() { model[[row[0], row[3]], default: 0] += 1 }
        let folder = try TemporaryFolder()
        let sink = MemorySink()
        for run in 0..<4 {
            let source = MemorySource(eventSchema, events, batchMax: 13, seed: random.next())
            let job = try StreamJob(
                plan: plan, emit: .changes, sources: ["events": source], sink: sink, stateDirectory: folder.path,
                clock: MonotonicClock())
            try job.start(settings(workers: 1 + (run + Int(seed)) % 3, interval: 200, state: run == 1 ? 4_000 : nil))
            if run < 3 {
                try job.checkpoint()
                try job.stop(finalCheckpoint: false)
            } else {
                try job.waitUntilCaughtUp()
                try job.stop()
            }
        }
        let rows = settle(sink.visible)
        #expect(Set(rows.keys) == Set(model.map { $0.key + [.int($0.value)] }), "seed \(seed)")
        #expect(rows.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }

    @Test func stateOfAnotherQueryIsRefused() throws {
        let folder = try TemporaryFolder()
        let source = MemorySource(eventSchema, makeEvents(seed: 1, partitions: 1, rows: 10, disorder: 0))
        func job(_ plan: RelationalPlan) throws -> StreamJob {
            try StreamJob(
                plan: plan, emit: .final, sources: ["events": source], sink: MemorySink(), stateDirectory: folder.path,
                clock: MonotonicClock())
        }
        let first = try job(windowedPlan())
        try first.start(settings())
        try first.waitUntilCaughtUp()
        try first.stop()
        let second = try job(windowedPlan(sizeMicros: 2_000))
        let error = #expect(throws: StreamingError.self) { try second.start(settings()) }
        #expect(error?.report.code == "STR-010")
    }

    @Test func damagedCheckpointIsRefused() throws {
        let folder = try TemporaryFolder()
        let source = MemorySource(eventSchema, makeEvents(seed: 1, partitions: 1, rows: 10, disorder: 0))
        let job = try StreamJob(
            plan: windowedPlan(), emit: .final, sources: ["events": source], sink: MemorySink(),
            stateDirectory: folder.path, clock: MonotonicClock())
        try job.start(settings())
        try job.waitUntilCaughtUp()
        try job.stop()
        do {
            let store = try StateStore(directory: folder.path, cacheBytes: 1 << 20)
            var bytes = try #require(try store.get(StateKeys.checkpoint))
            bytes[bytes.count / 2] ^= 0x40
            var delta = StateDelta()
            delta.put(StateKeys.checkpoint, bytes)
            try store.write([delta], synced: true)
        }
        let error = #expect(throws: StreamingError.self) { try job.start(settings()) }
        #expect(error?.report.code == "STR-012")
    }
}
