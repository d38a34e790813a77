import Base
import Testing

@testable import Streaming

@Suite struct StateMachineTests {
    @Test func aSilentPartitionIsIdleOnlyAfterOthersDelivered() {
        var source = SourceWatermarks(latenessMicros: 10, idleAfterMicros: 100, maxima: [nil, nil])
        #expect(source.watermark(now: 0) == .min)
        source.caughtUp(partition: 1)
        source.observe(partition: 0, maxMicros: 1_000, now: 50)
        source.caughtUp(partition: 0)
        #expect(source.watermark(now: 149) == .min, "partition 1 may still deliver")
        #expect(source.nextDeadline(now: 60) == 150)
        #expect(source.watermark(now: 150) == 990, "never heard of, and 100 after the first record")
        #expect(source.watermark(now: 1_000_000) == 990, "the only deliverer is never idle")
    }

    @Test func aPartitionWithRecordsTurnsIdleAndComesBack() {
        var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 100, maxima: [nil, nil])
        source.observe(partition: 0, maxMicros: 10, now: 0)
        source.observe(partition: 1, maxMicros: 20, now: 1)
        source.caughtUp(partition: 0)
        source.caughtUp(partition: 1)
        #expect(source.watermark(now: 5) == 10)
        source.observe(partition: 1, maxMicros: 30, now: 60)
        source.caughtUp(partition: 1)
        #expect(source.watermark(now: 10_000) == 10, "all are silent, which says nothing about partition 0")
        source.observe(partition: 1, maxMicros: 30, now: 99)
        #expect(source.watermark(now: 99) == 10)
        source.observe(partition: 1, maxMicros: 30, now: 101)
        #expect(source.watermark(now: 101) == 30, "others went on for 100 beyond its last record")
        source.observe(partition: 0, maxMicros: 15, now: 120)
        #expect(source.watermark(now: 121) == 15, "back, and counted; the board above never goes back")
    }

    @Test func notCaughtUpIsNotIdle() {
        var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 100, maxima: [nil, nil])
        source.observe(partition: 0, maxMicros: 10, now: 0)
        source.observe(partition: 1, maxMicros: 20, now: 50)
        #expect(source.watermark(now: 10_000) == 10)
    }

    @Test func timersStartAnewAfterAllWasQuiet() {
        var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 100, maxima: [5, 7])
        for partition in 0...1 { source.caughtUp(partition: partition) }
        #expect(source.watermark(now: 10_000) == 5, "nothing was delivered in this run, so nobody is idle")
        source.observe(partition: 1, maxMicros: 50, now: 10_000)
        source.observe(partition: 1, maxMicros: 50, now: 10_099)
        #expect(source.watermark(now: 10_099) == 5)
        source.observe(partition: 1, maxMicros: 50, now: 10_100)
        #expect(source.watermark(now: 10_100) == 50)
        source.observe(partition: 1, maxMicros: 60, now: 20_000)
        #expect(source.watermark(now: 20_050) == 5, "after a quiet spell all get their time again")
        source.observe(partition: 1, maxMicros: 60, now: 20_099)
        source.observe(partition: 1, maxMicros: 60, now: 20_150)
        #expect(source.watermark(now: 20_150) == 60)
    }

    @Test func aPartitionThatNeverHadRecordsIsIdleAfterARestartToo() {
        // An earlier run has read all that there is; in this one nothing comes.
        var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 100, maxima: [5, nil], startedAt: 1_000)
        for partition in 0...1 { source.caughtUp(partition: partition) }
        #expect(source.watermark(now: 1_099) == .min)
        #expect(source.nextDeadline(now: 1_050) == 1_100)
        #expect(source.watermark(now: 1_100) == 5)
    }

    @Test func aBacklogIsJudgedByWhenItWasAppended() {
        var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 100, maxima: [nil, nil])
        // Partition 0 is read to its end long before partition 1, though both were written together.
        source.observe(partition: 0, maxMicros: 10, appended: [50], now: 1_000)
        source.caughtUp(partition: 0)
        source.observe(partition: 1, maxMicros: 90, appended: [60], now: 9_000)
        source.caughtUp(partition: 1)
        #expect(source.watermark(now: 90_000) == 10)
    }

    /// What a backlog holds is the same whichever partition is read first.
    @Test func quietSpellsDoNotDependOnTheOrderOfReading() {
        let appended: [[Int64]] = [[0, 100, 190], [5], Array(stride(from: 0, through: 200, by: 10))]
        var found: Set<[Bool]> = []
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
            var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 50, maxima: [nil, nil, nil])
            for partition in order {
                for time in appended[partition] {
                    source.observe(partition: partition, maxMicros: 1, appended: [time], now: 9_000)
                }
                source.caughtUp(partition: partition)
            }
            found.insert((0..<3).map { source.isIdle(partition: $0, now: 9_000) })
        }
        #expect(found == [[false, true, false]])
    }

    @Test func absurdTimesDoNotTrap() {
        var source = SourceWatermarks(latenessMicros: 10, idleAfterMicros: .max, maxima: [.min, .max], startedAt: .max)
        for partition in 0...1 {
            source.observe(partition: partition, maxMicros: nil, appended: [.min, 0, .max], now: .max)
            source.caughtUp(partition: partition)
        }
        #expect(source.watermark(now: .max) == .min)
        #expect(source.nextDeadline(now: 0) == nil)
    }

    @Test func spansOfActivityAreBounded() {
        var spans = ActivitySpans(quietMicros: 10)
        var begun = 0
        for time in 0..<10_000 as Range<Int64> { begun += spans.note(time * 100) ? 1 : 0 }
        #expect(begun == 10_000)
        #expect(spans.spans.count <= 1024)
        #expect(spans.newest?.first == 999_900)
        let (near, farBack) = (spans.note(999_905), spans.note(5))
        #expect(!near && !farBack, "neither ends a quiet spell")
        #expect(spans.newest?.last == 999_905)
    }

    @Test func finishedPartitionsHoldNothing() {
        var source = SourceWatermarks(latenessMicros: 0, idleAfterMicros: 100, maxima: [5, 7])
        source.finish(partition: 0)
        #expect(source.watermark(now: 0) == 7)
        source.finish(partition: 1)
        #expect(source.watermark(now: 0) == .max)
    }

    @Test func oneCheckpointAtATime() {
        var machine = CheckpointCoordinator(workers: 2, intervalMicros: 100, rowsMax: 50, last: .none, nowMicros: 0)
        #expect(machine.timePassed(nowMicros: 1_000) == .nothing, "nothing was read")
        #expect(machine.observe(rows: 1, nowMicros: 1_000) == .injectBarrier(Epoch(1)))
        #expect(machine.request(nowMicros: 1_001) == .nothing)
        #expect(machine.prepared(worker: 0, epoch: Epoch(1)) == .nothing)
        #expect(machine.prepared(worker: 0, epoch: Epoch(1)) == .nothing)
        #expect(machine.prepared(worker: 1, epoch: Epoch(7)) == .nothing)
        #expect(machine.committed(epoch: Epoch(1), nowMicros: 1_002) == .nothing, "not written yet")
        #expect(machine.prepared(worker: 1, epoch: Epoch(1)) == .write(Epoch(1)))
        #expect(machine.written(epoch: Epoch(1)) == .commitSinks(Epoch(1)))
        #expect(
            machine.committed(epoch: Epoch(1), nowMicros: 1_003) == .injectBarrier(Epoch(2)), "the request that waited")
    }

    @Test func manyRowsBringACheckpointForward() {
        var machine = CheckpointCoordinator(
            workers: 1, intervalMicros: 1_000, rowsMax: 50, last: Epoch(4), nowMicros: 0)
        #expect(machine.observe(rows: 49, nowMicros: 1) == .nothing)
        #expect(machine.dueMicros == 1_000)
        #expect(machine.observe(rows: 1, nowMicros: 2) == .injectBarrier(Epoch(5)))
    }

    @Test func checkpointsReadBackOrNotAtAll() {
        var checkpoint = Checkpoint()
        checkpoint.epoch = Epoch(9)
        checkpoint.sources = [
            .init(
                identity: "topic t, id 1",
                partitions: [
                    .init(position: .offset(-3), maxMicros: nil, skipped: 4),
                    .init(position: .bytes([1, 2]), maxMicros: 77),
                ]), .init(partitions: [.init()]),
        ]
        checkpoint.watermarkMicros = -5
        checkpoint.sinks = [
            .init(identity: "table", rowsBefore: Epoch(7), handles: [[1], []]), .init(handles: [[]]),
        ]
        checkpoint.tableVersions = ["a@1"]
        checkpoint.ledger = [StepTotals(fields: [1, 2, 3, 4, 5, -6, 7])]
        let bytes = checkpoint.encode()
        #expect(Checkpoint(bytes) == checkpoint)
        for cut in 0..<bytes.count { #expect(Checkpoint(Array(bytes.prefix(cut))) == nil) }
        for place in bytes.indices {
            var broken = bytes
            broken[place] ^= 1
            #expect(Checkpoint(broken) == nil)
        }
    }
}
