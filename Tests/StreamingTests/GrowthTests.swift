import Base
import Columnar
import SQL
import Testing

@testable import Streaming

/// Partitions that a source gets while a job runs.
@Suite struct GrowthTests {
    static func row(_ time: Int64, _ origin: String) -> [Scalar] {
        [.string(origin), .string("AA"), .int(time), .int(1), .double(0)]
    }

    @Test(arguments: [1, 3]) func newPartitionsAreReadAndTheirRowsAreNotLate(workers: Int) throws {
        let folder = try TemporaryFolder()
        let (sink, late) = (MemorySink(), MemorySink())
        let source = MemorySource(eventSchema, [[Self.row(100, "JFK")], [Self.row(150, "JFK")]], finished: false)
        let job = try StreamJob(
            plan: windowedPlan(), emit: .final, sources: ["events": source], sink: sink, lateSink: late,
            stateDirectory: folder.path, clock: MonotonicClock())
        let settings = settings(workers: workers, idleAfter: 60_000_000)
        try job.start(settings)
        try job.waitUntilCaughtUp()
        #expect(try !job.takeUpNewPartitions(settings), "there are none")

        source.addPartition()
        // The others go on; their windows must wait for what the new partition has.
        for partition in 0...1 { source.append([Self.row(5_000, "JFK")], to: partition) }
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        #expect(sink.visible.isEmpty, "the watermark stands still until the new partition is read")
        source.append([Self.row(300, "LGA")], to: 2)

        #expect(try job.takeUpNewPartitions(settings))
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        #expect(job.status().partitions.count == 3)
        #expect(sink.visible.isEmpty, "partition 2 has come to 300 only")
        source.append([Self.row(6_000, "LGA")], to: 2)
        source.finish()
        try job.waitUntilCaughtUp()
        try job.stop()
        #expect(late.visible.isEmpty)
        let first = sink.visible.filter { $0.values[0] == .int(1_000) }
        #expect(
            Set(first.map { [$0.values[1], $0.values[3]] }) == [[.string("JFK"), .int(2)], [.string("LGA"), .int(1)]])
    }

    @Test func aSilentNewPartitionHoldsWindowsUntilItIsIdle() throws {
        let folder = try TemporaryFolder()
        let (sink, clock) = (MemorySink(), ManualClock(micros: 1_000_000))
        let source = MemorySource(eventSchema, [[Self.row(100, "JFK")]], finished: false)
        let job = try StreamJob(
            plan: windowedPlan(), emit: .final, sources: ["events": source], sink: sink, stateDirectory: folder.path,
            clock: clock)
        let settings = settings(idleAfter: 10_000_000)
        try job.start(settings)
        try job.waitUntilCaughtUp()
        clock.advance(micros: 50_000_000)
        source.addPartition()
        source.append([Self.row(5_000, "JFK")], to: 0)
        #expect(try job.takeUpNewPartitions(settings))
        try job.waitUntilCaughtUp()
        clock.advance(micros: 9_000_000)
        try job.checkpoint()
        #expect(sink.visible.isEmpty)
        clock.advance(micros: 2_000_000)
        // The coordinator looks at the clock with each event.
        for _ in 0..<20 where sink.visible.isEmpty { try job.checkpoint() }
        #expect(sink.visible.count == 1)
        try job.stop()
    }
}
