import Base
import Columnar
import Foundation
import SQL
import Synchronization
import Testing

@testable import Streaming

/// Whether a sink's newest epoch is one that the order of writes can leave behind.
@Suite struct StateFitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// nil before the first checkpoint; then the epoch, whether it has rows, and the last before it that had.
        let state: (epoch: UInt64, hasRows: Bool, before: UInt64)?
        var isCommitted = false
        var isLasting = true
        var table = "t"
        let newest: UInt64?
        let code: String?
        var testDescription: String { "\(String(describing: state)) \(newest ?? 0) \(code ?? "fits")" }
    }

    static let cases = [
        Case(state: nil, newest: nil, code: nil),
        Case(state: nil, newest: 3, code: "STR-016"),
        // The prepared epoch is there, or not yet.
        Case(state: (8, true, 5), newest: 8, code: nil),
        Case(state: (8, true, 5), newest: 5, code: nil),
        Case(state: (8, true, 0), newest: nil, code: nil),
        // Once all is known to be there, nothing else fits.
        Case(state: (8, true, 5), isCommitted: true, newest: 8, code: nil),
        Case(state: (8, true, 5), isCommitted: true, newest: 5, code: "STR-017"),
        Case(state: (8, false, 5), isCommitted: true, newest: 5, code: nil),
        Case(state: (8, false, 0), isCommitted: true, newest: nil, code: nil),
        // A table from another moment than the state.
        Case(state: (8, true, 5), newest: 9, code: "STR-016"),
        Case(state: (8, false, 5), newest: 6, code: "STR-016"),
        Case(state: (8, true, 5), newest: 6, code: "STR-017"),
        Case(state: (8, true, 5), newest: nil, code: "STR-017"),
        Case(state: (8, false, 5), newest: nil, code: "STR-017"),
        // Another table under the same name.
        Case(state: (8, false, 0), table: "u", newest: nil, code: "STR-015"),
        // Topics forget and are made anew, but know no epochs of the future.
        Case(state: (8, true, 5), isCommitted: true, isLasting: false, table: "u", newest: nil, code: nil),
        Case(state: (8, true, 5), isLasting: false, newest: 9, code: "STR-016"),
    ]

    @Test(arguments: cases) func fits(_ test: Case) throws {
        var checkpoint: Checkpoint?
        if let state = test.state {
            var made = Checkpoint()
            made.epoch = Epoch(state.epoch)
            made.sinks = [
                .init(identity: "t", rowsBefore: Epoch(state.before), handles: [[], state.hasRows ? [1] : []])
            ]
            checkpoint = made
        }
        let fit = StateFit(directory: "/state", checkpoint: checkpoint, isCommitted: test.isCommitted)
        let standing = SinkStanding(
            place: "/lake/t", identity: test.table, newest: test.newest.map { Epoch($0) }, isLasting: test.isLasting)
        var code: String?
        do throws(StreamingError) { try fit.check(standing, sink: 0) } catch {
            code = error.report.code
            #expect(error.report.description.contains("/state") && error.report.description.contains("/lake/t"))
        }
        #expect(code == test.code)
    }
}

/// What happens to a job whose state, sources and sinks no longer belong together.
@Suite struct StateIdentityTests {
    static let plan = RelationalPlan.project(
        eventScan, [named("origin", column(eventSchema, "origin")), named("at", column(eventSchema, "at"))])

    static func rows(_ count: Int, from first: Int = 0) -> [[Scalar]] {
        (first..<first + count).map { [.string("JFK"), .string("AA"), .int(Int64($0)), .int(1), .double(0)] }
    }

    static func job(_ source: MemorySource, _ sink: any StreamSink, _ folder: TemporaryFolder, seed: UInt64 = 1) throws
        -> StreamJob
    {
        try StreamJob(
            plan: plan, emit: .changes, sources: ["events": source], sink: sink, stateDirectory: folder.path,
            clock: MonotonicClock(), seed: seed)
    }

    static func run(_ job: StreamJob) throws {
        try job.start(settings())
        try job.waitUntilCaughtUp()
        try job.stop()
    }

    /// Positions in one topic say nothing about another one, whatever its name.
    @Test func anotherTopicIsRefused() throws {
        let (folder, sink) = (try TemporaryFolder(), MemorySink())
        try Self.run(Self.job(MemorySource(eventSchema, [Self.rows(10)], identity: "topic t, id 1"), sink, folder))
        let replaced = MemorySource(eventSchema, [Self.rows(4, from: 90)], identity: "topic t, id 2")
        let job = try Self.job(replaced, sink, folder)
        let error = #expect(throws: StreamingError.self) { try job.start(settings()) }
        #expect(error?.report.code == "STR-014")
        let text = error?.report.description ?? ""
        #expect(text.contains("id 1") && text.contains("id 2") && text.contains(folder.path), "\(text)")
        #expect(sink.visible.count == 10)
        // The old one again, with more in it.
        try Self.run(Self.job(MemorySource(eventSchema, [Self.rows(12)], identity: "topic t, id 1"), sink, folder))
        #expect(sink.visible.count == 12)
    }

    /// Where the project says so, the new topic is read from its beginning, even if it has fewer partitions.
    @Test func anotherTopicIsReadFromItsBeginningWhereAsked() throws {
        let (folder, sink) = (try TemporaryFolder(), MemorySink())
        let old = MemorySource(eventSchema, [Self.rows(10), Self.rows(3, from: 20)], identity: "topic t, id 1")
        try Self.run(Self.job(old, sink, folder))
        let replaced = MemorySource(
            eventSchema, [Self.rows(4, from: 90)], identity: "topic t, id 2", onDataLoss: .earliest)
        try Self.run(Self.job(replaced, sink, folder))
        #expect(sink.visible.count == 17)
        try Self.run(Self.job(replaced, sink, folder))
        #expect(sink.visible.count == 17)
    }

    /// One that is replaced while the job runs is found before anything of it is committed.
    @Test func aTopicReplacedAtRunTimeStopsTheJob() throws {
        let (folder, sink) = (try TemporaryFolder(), MemorySink())
        let source = MemorySource(eventSchema, [Self.rows(10)], finished: false, identity: "topic t, id 1")
        let job = try Self.job(source, sink, folder)
        try job.start(settings(interval: 1_000))
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        source.state.withLock { $0.identity = "topic t, id 2" }
        source.append(Self.rows(5, from: 50), to: 0)
        #expect(try job.waitUntilEnded()?.code == "STR-014")
        #expect(sink.visible.count == 10)
        #expect(throws: StreamingError.self) { try job.stop() }
    }

    /// A state made anew has another life, even in the same program; one that is kept has not.
    @Test func livesBelongToStates() throws {
        let sink = LifeSink()
        let source = MemorySource(eventSchema, [Self.rows(3)])
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        let job = try Self.job(source, sink, first)
        try Self.run(job)
        try Self.run(job)
        try FileManager.default.removeItem(atPath: first.path)
        try Self.run(job)
        try Self.run(Self.job(source, sink, second, seed: 2))
        let lives = sink.lives.withLock { $0 }
        #expect(lives.count == 4 && lives[0] == lives[1])
        #expect(Set(lives).count == 3)
    }

    /// What came before the sink's rows were gone is not told twice to a sink that is known to have it.
    @Test func aKnownCommitIsNotRepeated() throws {
        let (folder, sink) = (try TemporaryFolder(), LifeSink())
        let source = MemorySource(eventSchema, [Self.rows(3)])
        try Self.run(Self.job(source, sink, folder))
        let before = sink.commits.withLock { $0 }
        let job = try Self.job(source, sink, folder)
        try job.start(settings())
        #expect(sink.commits.withLock { $0 } == before)
        try job.stop(finalCheckpoint: false)
    }

    /// Where the final checkpoint does not come in time the workers still end.
    @Test func stopEndsTheWorkersWhateverHappens() throws {
        let folder = try TemporaryFolder()
        let source = SlowSource()
        let job = try StreamJob(
            plan: Self.plan, emit: .changes, sources: ["events": source], sink: MemorySink(),
            stateDirectory: folder.path, clock: MonotonicClock())
        try job.start(settings())
        while source.polls.load(ordering: .acquiring) == 0 {}
        let error = #expect(throws: StreamingError.self) { try job.stop(timeoutMicros: 1_000) }
        #expect(error?.report.code == "STR-041")
        let polls = source.polls.load(ordering: .acquiring)
        #expect(job.status().state == .stopped)
        Thread.sleep(forTimeInterval: 0.1)
        #expect(source.polls.load(ordering: .acquiring) == polls)
    }

    /// A source's broken records go to its own dead letters, rows that a step refuses to the job's.
    @Test func everyRefusedRowHasItsPlace() throws {
        let folder = try TemporaryFolder()
        func row(_ origin: String, _ carrier: String) -> [Scalar] {
            [.string(origin), .string(carrier), .int(1), .int(1), .double(0)]
        }
        let other = RelationalPlan.scan(Scan(relation: "others", kind: .stream, schema: eventSchema))
        let number = SQL.Expression(.cast(column(eventSchema, "carrier"), isTry: false), type: .int32)
        let sources = [
            "events": MemorySource(eventSchema, [[row("broken", ""), row("JFK", "7"), row("JFK", "x")]]),
            "others": MemorySource(eventSchema, [[row("broken", ""), row("LGA", "8")], [row("broken", "")]]),
        ]
        let letters = ["events": MemorySink(), "others": MemorySink()]
        let (sink, own) = (MemorySink(), MemorySink())
        let job = try StreamJob(
            plan: .project(.union([eventScan, other]), [named("n", number)]), emit: .changes, sources: sources,
            sink: sink, deadLetterSink: own, sourceDeadLetterSinks: letters, stateDirectory: folder.path,
            clock: MonotonicClock())
        try job.start(settings(workers: 2))
        try job.waitUntilCaughtUp()
        try job.stop()
        #expect(Set(sink.visible.map(\.values)) == [[.int(7)], [.int(8)]])
        #expect(letters["events"]?.visible.count == 1)
        #expect(letters["others"]?.visible.count == 2)
        #expect(own.visible.count == 1)
        #expect(own.visible.first?.values[1] == .null)
    }

    /// Records that were passed over are counted, and stay so.
    @Test func skippedRecordsAreCounted() throws {
        let folder = try TemporaryFolder()
        let source = GapSource()
        for _ in 0..<2 {
            let job = try StreamJob(
                plan: Self.plan, emit: .changes, sources: ["events": source], sink: MemorySink(),
                stateDirectory: folder.path, clock: MonotonicClock())
            try Self.run(job)
            let committed = try #require(job.status().committed.first)
            #expect(committed.skipped == 5 && committed.position == .offset(5))
        }
    }
}

/// Notes which life each start was of.
private final class LifeSink: StreamSink {
    let lives = Mutex<[String]>([])
    let commits = Mutex(0)
    private let rows = MemorySink()
    func open(life: String) throws -> SinkStanding? {
        lives.withLock { $0.append(life) }
        return nil
    }
    func openWriter(worker: Int) throws -> any SinkWriter { try rows.openWriter(worker: worker) }
    func commit(epoch: Epoch, handles: [[UInt8]]) throws { commits.withLock { $0 += 1 } }
    func abort(after epoch: Epoch) throws {}
}

/// A poll takes longer than anybody waits.
private final class SlowSource: StreamSource {
    let schema = eventSchema
    let partitionCount = 1
    let polls = Atomic(0)
    func identity() -> String { "slow" }
    func openPartition(_ index: Int, at position: SourcePosition?, wake: SourceWake) throws -> any PartitionReader {
        Reader(source: self)
    }
    final class Reader: PartitionReader {
        let source: SlowSource
        init(source: SlowSource) { self.source = source }
        func poll(rowsMax: Int) throws -> SourceBatch? {
            source.polls.wrappingAdd(1, ordering: .releasing)
            Thread.sleep(forTimeInterval: 0.15)
            return SourceBatch(batch: try makeBatch(eventSchema, StateIdentityTests.rows(1)), next: .offset(1))
        }
    }
}

/// The first five records are gone, and there are no others.
private final class GapSource: StreamSource {
    let schema = eventSchema
    let partitionCount = 1
    func identity() -> String { "gap" }
    func openPartition(_ index: Int, at position: SourcePosition?, wake: SourceWake) throws -> any PartitionReader {
        Reader(isBehind: position == .offset(5))
    }
    final class Reader: PartitionReader {
        var isBehind: Bool
        init(isBehind: Bool) { self.isBehind = isBehind }
        func poll(rowsMax: Int) throws -> SourceBatch? {
            if isBehind { return nil }
            isBehind = true
            return SourceBatch(batch: try makeBatch(eventSchema, []), next: .offset(5), readCount: 0, skippedCount: 5)
        }
    }
}
