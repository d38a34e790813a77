internal import Base

/// How far event time has come on every partition of one source, and which partitions may be left out of the account.
///
/// A partition's watermark is the newest event time seen on it less the lateness. The source's is the least over its
/// active partitions, and never goes back. Time is passed in; nothing here waits or reads a clock.
///
/// Which partition is idle is judged by when the source *took* records, by its own clock and not by the times that
/// producers write into them, so that a job which works through a backlog, one partition after another, comes to the same
/// windows as one that kept up, and no producer's clock makes another's partition idle.
struct SourceWatermarks: Sendable {
    struct Partition: Sendable {
        /// The newest event time, in microseconds; part of the checkpoint.
        var maxMicros: Int64?
        /// When its newest record was appended, of those read in this run.
        var lastAppendAt: Int64?
        var caughtUp = false
        var finished = false

        var hadRecords: Bool { maxMicros != nil || lastAppendAt != nil }
    }

    let latenessMicros: Int64
    let idleAfterMicros: Int64
    /// False for a source without event time, which never holds a watermark back.
    let isTimed: Bool
    private(set) var partitions: [Partition]
    /// When the source first delivered a record in this run (or the run began, if earlier ones had records), or did so
    /// again after all was quiet: idleness counts from here, because the others have had no chance to deliver since. By
    /// the job's clock.
    private var resumedAt: Int64?
    /// The same by the source's clock, and until when it has delivered since.
    private var activity: ActivitySpans

    /// - Parameters:
    ///   - maxima: the newest event time of each partition, as of the checkpoint.
    ///   - startedAt: when this run began; idleness counts from here where earlier runs have read records already.
    init(
        latenessMicros: Int64, idleAfterMicros: Int64, maxima: [Int64?], isTimed: Bool = true, startedAt: Int64? = nil
    ) {
        self.isTimed = isTimed
        self.latenessMicros = latenessMicros
        self.idleAfterMicros = idleAfterMicros
        activity = ActivitySpans(quietMicros: idleAfterMicros)
        partitions = maxima.map { Partition(maxMicros: $0) }
        resumedAt = maxima.contains { $0 != nil } ? startedAt : nil
    }

    /// Records came from a partition.
    ///
    /// - Parameters:
    ///   - maxMicros: the newest event time among them; nil where none had any.
    ///   - appended: when they were appended, in order; empty where the source does not tell, which counts as now.
    mutating func observe(partition: Int, maxMicros: Int64?, appended: [Int64] = [], now: Int64) {
        for time in appended.isEmpty ? [now] : appended {
            if activity.note(time) { resumedAt = now }
            partitions[partition].lastAppendAt = max(partitions[partition].lastAppendAt ?? time, time)
        }
        partitions[partition].caughtUp = false
        if let maxMicros { partitions[partition].maxMicros = max(partitions[partition].maxMicros ?? .min, maxMicros) }
    }

    /// A poll found nothing more.
    mutating func caughtUp(partition: Int) { partitions[partition].caughtUp = true }

    /// No record will come any more.
    mutating func finish(partition: Int) { partitions[partition].finished = true }

    /// Whether the watermark need not wait for a partition.
    ///
    /// One that never had a record is idle `idleAfter` after the source began to deliver. One that had records is idle
    /// once others have gone on for `idleAfter` beyond its last record: a source that is silent as a whole says nothing
    /// about any of its partitions, so its watermark holds.
    func isIdle(partition index: Int, now: Int64) -> Bool {
        let partition = partitions[index]
        guard partition.caughtUp, !partition.finished else { return false }
        guard partition.hadRecords else {
            return resumedAt.map { now >= $0.addingSaturated(idleAfterMicros) } ?? false
        }
        guard let (first, last) = activity.newest else { return false }
        return last.subtractingSaturated(max(partition.lastAppendAt ?? first, first)) >= idleAfterMicros
    }

    /// The earliest time after `now` at which a partition turns idle though nothing more comes.
    func nextDeadline(now: Int64) -> Int64? {
        guard isTimed, let deadline = resumedAt?.addingSaturated(idleAfterMicros), deadline > now,
            partitions.contains(where: { $0.caughtUp && !$0.finished && !$0.hadRecords })
        else { return nil }
        return deadline
    }

    func watermark(partition: Int) -> Int64 {
        let state = partitions[partition]
        if state.finished { return .max }
        guard let newest = state.maxMicros else { return .min }
        return newest.subtractingSaturated(latenessMicros)
    }

    /// The least watermark of the active partitions; nil where all are idle, which leaves it as it was.
    func watermark(now: Int64) -> Int64? {
        guard isTimed else { return nil }
        return partitions.indices.filter { !isIdle(partition: $0, now: now) }.map { watermark(partition: $0) }.min()
    }
}
