/// How far event time has come on every partition of one source, and which partitions may be left out of the account.
///
/// A partition's watermark is the newest event time seen on it less the lateness. The source's is the least over its
/// active partitions, and never goes back. Time is passed in; nothing here waits or reads a clock.
struct SourceWatermarks: Sendable {
    struct Partition: Sendable {
        /// The newest event time, in microseconds; part of the checkpoint.
        var maxMicros: Int64?
        /// When the last record came, in this run.
        var lastRecordAt: Int64?
        var caughtUp = false
        var finished = false
    }

    let latenessMicros: Int64
    let idleAfterMicros: Int64
    /// False for a source without event time, which never holds a watermark back.
    let isTimed: Bool
    private(set) var partitions: [Partition]
    /// When the source first delivered a record in this run, or did so again after all was quiet: idleness counts from
    /// here, because the others have had no chance to deliver since.
    private var resumedAt: Int64?
    private var lastDeliveryAt: Int64?

    init(latenessMicros: Int64, idleAfterMicros: Int64, maxima: [Int64?], isTimed: Bool = true) {
        self.isTimed = isTimed
        self.latenessMicros = latenessMicros
        self.idleAfterMicros = idleAfterMicros
        partitions = maxima.map { Partition(maxMicros: $0) }
    }

    /// Records came from a partition.
    ///
    /// - Parameter maxMicros: the newest event time among them; nil where none had any.
    mutating func observe(partition: Int, maxMicros: Int64?, now: Int64) {
        if lastDeliveryAt.map({ now - $0 >= idleAfterMicros }) ?? true { resumedAt = now }
        lastDeliveryAt = now
        partitions[partition].lastRecordAt = now
        partitions[partition].caughtUp = false
        if let maxMicros { partitions[partition].maxMicros = max(partitions[partition].maxMicros ?? .min, maxMicros) }
    }

    /// A poll found nothing more.
    mutating func caughtUp(partition: Int) { partitions[partition].caughtUp = true }

    /// No record will come any more.
    mutating func finish(partition: Int) { partitions[partition].finished = true }

    /// When a partition that is active now turns idle if nothing happens; nil where none will.
    ///
    /// A partition that never had a record is idle `idleAfter` after the source began to deliver. One that had records is
    /// idle once others have delivered for `idleAfter` beyond its last record: a source that is silent as a whole says
    /// nothing about any of its partitions, so its watermark holds.
    func idleAt(partition index: Int) -> Int64? {
        let partition = partitions[index]
        guard partition.caughtUp, !partition.finished, let resumedAt, let lastDeliveryAt else { return nil }
        guard partition.maxMicros != nil || partition.lastRecordAt != nil else { return resumedAt + idleAfterMicros }
        let silentSince = max(partition.lastRecordAt ?? resumedAt, resumedAt)
        return lastDeliveryAt - silentSince >= idleAfterMicros ? silentSince + idleAfterMicros : nil
    }

    func isIdle(partition: Int, now: Int64) -> Bool { idleAt(partition: partition).map { now >= $0 } ?? false }

    /// The earliest time after `now` at which a partition turns idle.
    func nextDeadline(now: Int64) -> Int64? {
        guard isTimed else { return nil }
        return partitions.indices.compactMap { idleAt(partition: $0) }.filter { $0 > now }.min()
    }

    func watermark(partition: Int) -> Int64 {
        let state = partitions[partition]
        if state.finished { return .max }
        guard let newest = state.maxMicros else { return .min }
        let (value, overflow) = newest.subtractingReportingOverflow(latenessMicros)
        return overflow ? .min : value
    }

    /// The least watermark of the active partitions; nil where all are idle, which leaves it as it was.
    func watermark(now: Int64) -> Int64? {
        guard isTimed else { return nil }
        return partitions.indices.filter { !isIdle(partition: $0, now: now) }.map { watermark(partition: $0) }.min()
    }
}
