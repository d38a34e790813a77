import Base
import Columnar
import SQL
import Testing

@testable import Streaming

@Suite struct WindowedJobTests {
    struct Outcome {
        var rows: [[Scalar]: Int64]
        var late: [[Scalar]: Int64]
        var status: StreamJobStatus
    }

    func runToEnd(
        _ events: [[[Scalar]]], settings: StreamJobSettings, emit: EmitMode = .final, batchMax: Int = 7,
        seed: UInt64 = 1,
        plan: RelationalPlan = windowedPlan()
    ) throws -> Outcome {
        let folder = try TemporaryFolder()
        let (sink, late) = (MemorySink(), MemorySink())
        let source = MemorySource(eventSchema, events, batchMax: batchMax, seed: seed)
        let job = try StreamJob(
            plan: plan, emit: emit, sources: ["events": source], sink: sink, lateSink: late,
            stateDirectory: folder.path,
            clock: MonotonicClock())
        try job.start(settings)
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        let status = job.status()
        try job.stop()
        return Outcome(rows: settle(sink.visible), late: settle(late.visible), status: status)
    }

    /// The same rows and the same late rows, whatever the workers, the cuts between batches and their interleaving.
    @Test(arguments: [(1, 1, 1), (1, 500, 2), (2, 7, 3), (3, 3, 4), (2, 40, 5), (5, 11, 6)] as [(Int, Int, UInt64)])
    func answersAndLatenessDependOnPartitionsAlone(workers: Int, batchMax: Int, seed: UInt64) throws {
        let events = makeEvents(seed: 42, partitions: 4, rows: 400, disorder: 1_500)
        let model = windowedModel(events, sizeMicros: 1_000, lateness: 500)
        #expect(!model.late.isEmpty)
        let outcome = try runToEnd(
            events, settings: settings(workers: workers, lateness: 500), batchMax: batchMax, seed: seed)
        #expect(Set(outcome.rows.keys) == model.rows)
        #expect(outcome.rows.values.allSatisfy { $0 == 1 })
        let late = Dictionary(outcome.late.map { (Array($0.key.prefix(5)), Int($0.value)) }, uniquingKeysWith: +)
        #expect(late == model.late)
        #expect(outcome.status.late == Int64(model.late.values.reduce(0, +)))
        #expect(outcome.status.lateAfterIdle == 0)
        #expect(outcome.status.rowsIn == 1_600)
    }

    /// A changelog adds up to the same answers as the final rows.
    @Test(arguments: [1, 2, 3])
    func changesAddUpToFinalAnswers(workers: Int) throws {
        let events = makeEvents(seed: 7, partitions: 3, rows: 200, disorder: 300)
        let model = windowedModel(events, sizeMicros: 1_000, lateness: 500)
        let outcome = try runToEnd(events, settings: settings(workers: workers, lateness: 500), emit: .changes)
        #expect(Set(outcome.rows.keys) == model.rows)
        #expect(outcome.rows.values.allSatisfy { $0 == 1 })
    }

    /// With a budget that holds next to nothing, groups go to disk and come back.
    @Test(arguments: [(1, 3_000), (2, 20_000)])
    func evictedStateGivesTheSameAnswers(workers: Int, bytes: Int) throws {
        let events = makeEvents(seed: 9, partitions: 2, rows: 600, disorder: 4_000)
        let model = windowedModel(events, sizeMicros: 1_000, lateness: 5_000)
        let outcome = try runToEnd(
            events, settings: settings(workers: workers, lateness: 5_000, state: bytes), batchMax: 60)
        #expect(Set(outcome.rows.keys) == model.rows)
        #expect(outcome.rows.values.allSatisfy { $0 == 1 })
    }

    @Test func hoppingWindowsHoldARowSeveralTimes() throws {
        let events = makeEvents(seed: 3, partitions: 1, rows: 100, disorder: 0)
        let plan = windowedPlan(kind: .hop(slideMicros: 500, sizeMicros: 1_000))
        let outcome = try runToEnd(events, settings: settings(workers: 2), plan: plan)
        let flights = outcome.rows.keys.reduce(0) { if case .int(let count) = $1[3] { $0 + Int(count) } else { $0 } }
        #expect(flights == 200)
    }

    /// An aggregate over an aggregate, both closed by the same window, and one that takes rows back.
    @Test(arguments: [EmitMode.final, .changes], [1, 2])
    func aggregatesStack(emit: EmitMode, workers: Int) throws {
        let events = makeEvents(seed: 5, partitions: 3, rows: 300, disorder: 0)
        let inner = windowedPlan()
        let schema = inner.schema
        let outer = RelationalPlan.aggregate(
            Aggregate(
                input: inner, keys: [named("window_end", column(schema, "window_end"))],
                aggregates: [
                    NamedAggregate(name: "groups", call: AggregateCall(.countRows, arguments: [], type: .int64)),
                    NamedAggregate(
                        name: "most",
                        call: AggregateCall(.maximum, arguments: [column(schema, "flights")], type: .int64)),
                    NamedAggregate(
                        name: "least",
                        call: AggregateCall(.minimum, arguments: [column(schema, "flights")], type: .int64)),
                ]))
        var expected: [Scalar: [Int64]] = [:]
        for row in windowedModel(events, sizeMicros: 1_000, lateness: 0).rows {
            if case .int(let flights) = row[3] { expected[row[0], default: []].append(flights) }
        }
        let outcome = try runToEnd(events, settings: settings(workers: workers), emit: emit, plan: outer)
        let model = Set(
            expected.map {
                [$0.key, .int(Int64($0.value.count)), .int($0.value.max() ?? 0), .int($0.value.min() ?? 0)]
            })
        #expect(Set(outcome.rows.keys) == model)
        #expect(outcome.rows.values.allSatisfy { $0 == 1 })
    }

    /// A partition that falls silent does not hold windows for ever, and its late comers are counted apart.
    @Test func idlePartitionsLetWindowsClose() throws {
        let folder = try TemporaryFolder()
        let (sink, late) = (MemorySink(), MemorySink())
        func event(_ time: Int64) -> [Scalar] { [.string("JFK"), .string("AA"), .int(time), .int(1), .double(0)] }
        let source = MemorySource(eventSchema, [[event(100)], [event(150)]], finished: false)
        let job = try StreamJob(
            plan: windowedPlan(), emit: .final, sources: ["events": source], sink: sink, lateSink: late,
            stateDirectory: folder.path, clock: MonotonicClock())
        try job.start(settings(workers: 2, idleAfter: 30_000))
        try job.waitUntilCaughtUp()
        // Only the first partition goes on; the second turns idle.
        var rounds: Int64 = 0
        while sink.visible.isEmpty, rounds < 400 {
            rounds += 1
            source.append([event(2_000 + rounds)], to: 0)
            try job.waitUntilCaughtUp()
            try job.checkpoint()
        }
        #expect(
            settle(sink.visible).keys.first.map { Array($0.prefix(4)) } == [
                .int(1_000), .string("JFK"), .string("AA"), .int(2),
            ])
        source.append([event(160)], to: 1)
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        #expect(late.visible.count == 1)
        #expect(job.status().lateAfterIdle == 1)
        try job.stop()
        // The window stays closed after a restart.
        source.append([event(170)], to: 1)
        try job.start(settings(workers: 1, idleAfter: 30_000))
        try job.waitUntilCaughtUp()
        try job.stop()
        #expect(late.visible.count == 2)
    }

    /// Killed after all was read and before the last windows could close, restarted with nothing to read: the partition
    /// that never had a record turns idle, and what was open comes out, once.
    @Test(arguments: [1, 2])
    func openWindowsCloseAfterARestartWithNothingToRead(workers: Int) throws {
        let folder = try TemporaryFolder()
        let sink = MemorySink()
        func event(_ time: Int64) -> [Scalar] { [.string("JFK"), .string("AA"), .int(time), .int(1), .double(0)] }
        let source = MemorySource(eventSchema, [[event(100), event(200), event(5_000)], []], finished: false)
        func job() throws -> StreamJob {
            try StreamJob(
                plan: windowedPlan(), emit: .final, sources: ["events": source], sink: sink, lateSink: MemorySink(),
                stateDirectory: folder.path, clock: MonotonicClock())
        }
        let killed = try job()
        try killed.start(settings(workers: workers, idleAfter: 3_600_000_000))
        try killed.waitUntilCaughtUp()
        try killed.checkpoint()
        try killed.stop(finalCheckpoint: false)
        #expect(sink.visible.isEmpty)

        for _ in 0..<2 {
            let again = try job()
            try again.start(settings(workers: workers, idleAfter: 50_000))
            let (monitor, clock) = (Monitor(), MonotonicClock())
            let deadline = clock.elapsedMicros() + 10_000_000
            while sink.visible.isEmpty, clock.elapsedMicros() < deadline {
                monitor.locked { monitor.wait(micros: 5_000) }
            }
            #expect(
                sink.visible.map { Array($0.values.prefix(4)) } == [
                    [.int(1_000), .string("JFK"), .string("AA"), .int(2)]
                ])
            try again.stop(finalCheckpoint: false)
        }
    }
}

@Suite struct IdleCostTests {
    /// A job that waits for rows takes no processor time to speak of, and wakes at once.
    @Test func waitingCostsNothingAndWakingIsQuick() throws {
        let folder = try TemporaryFolder()
        let sink = MemorySink()
        let source = MemorySource(
            eventSchema, makeEvents(seed: 1, partitions: 2, rows: 10, disorder: 0), finished: false)
        let job = try StreamJob(
            plan: eventScan, emit: .final, sources: ["events": source], sink: sink, stateDirectory: folder.path,
            clock: MonotonicClock())
        try job.start(settings(workers: 2, interval: 1_000))
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        let clock = MonotonicClock()
        func rest(_ micros: Int64) {
            let (monitor, until) = (Monitor(), clock.elapsedMicros() + micros)
            while clock.elapsedMicros() < until { monitor.locked { monitor.wait(micros: 2_000) } }
        }
        rest(100_000)
        let epoch = job.status().epoch
        rest(150_000)
        #expect(job.status().epoch == epoch, "no checkpoints while nothing happens")
        source.append([[.string("X"), .null, .int(1), .null, .null]], to: 1)
        let appended = clock.elapsedMicros()
        while sink.visible.count < 21, clock.elapsedMicros() < appended + 10_000_000 { rest(1_000) }
        #expect(sink.visible.count == 21)
        let status = job.status()
        #expect(status.partitions.count == 2)
        #expect(status.rowsIn == 21)
        #expect(status.ledger.allSatisfy { $0.handOver.missing == 0 })
        try job.stop()
    }
}
