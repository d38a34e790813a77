public import Base

/// How a job runs; nothing here changes its answers.
public struct StreamJobSettings: Sendable {
    /// The most workers that a job can have: each needs a group of keys of its own.
    public static let workersMax = KeyGroups.count

    /// Threads, each with its share of keys and partitions; at most `workersMax`.
    public var workers: Int
    /// How long between checkpoints, and so how long rows may take to become visible, in microseconds.
    public var checkpointIntervalMicros: Int64
    /// A checkpoint begins early once this many rows were read since the last.
    public var checkpointRowsMax: Int64
    /// How far behind the newest event time of its partition a row may be, in microseconds. Changing it changes which
    /// rows are late.
    public var latenessMicros: Int64
    /// After how long without rows a partition no longer holds windows open, in microseconds.
    public var idleAfterMicros: Int64
    /// How far ahead of its append time the event time of a row may be, by relation, in microseconds; a row further ahead
    /// becomes a dead letter, because all that come after it would be late. No limit for relations that are not here.
    public var eventTimeAheadMaxMicros: [String: Int64]
    /// Rows to ask a source for at a time.
    public var batchRows: Int
    /// Sources wait while a worker's mailbox holds more rows.
    public var inboxRowsMax: Int
    /// How much memory keyed state may take, over all workers; the rest is read back from disk when asked for.
    public var stateBudgetBytes: Int
    public var governor: MemoryGovernor

    public init(
        governor: MemoryGovernor, workers: Int = 1, checkpointIntervalMicros: Int64 = 1_000_000,
        checkpointRowsMax: Int64 = 5_000_000, latenessMicros: Int64 = 0, idleAfterMicros: Int64 = 30_000_000,
        eventTimeAheadMaxMicros: [String: Int64] = [:], batchRows: Int = 8192,
        inboxRowsMax: Int = 262_144, stateBudgetBytes: Int? = nil
    ) {
        precondition((1...Self.workersMax).contains(workers), "1 to \(Self.workersMax) workers")
        self.governor = governor
        self.workers = workers
        self.checkpointIntervalMicros = checkpointIntervalMicros
        self.checkpointRowsMax = checkpointRowsMax
        self.latenessMicros = latenessMicros
        self.idleAfterMicros = idleAfterMicros
        self.eventTimeAheadMaxMicros = eventTimeAheadMaxMicros
        self.batchRows = batchRows
        self.inboxRowsMax = inboxRowsMax
        self.stateBudgetBytes = stateBudgetBytes ?? governor.budgetBytes / 4
    }
}

/// One partition as a job's status shows it.
public struct PartitionStatus: Sendable, Hashable {
    public var relation: String
    public var partition: Int
    /// Where reading goes on.
    public var position: SourcePosition?
    public var newestEventMicros: Int64?
    /// Rows not read yet, where the source knows.
    public var backlog: Int64?
    public var caughtUp: Bool
    /// When the newest row read was appended to the source.
    public var appendedMicros: Int64?
}

/// How far what a job has made visible goes in one partition.
public struct CommittedPosition: Sendable, Hashable {
    public let relation: String
    public let partition: Int
    /// Everything before it is accounted for; nil where nothing was read.
    public let position: SourcePosition?
    /// Records that were gone before they were read.
    public let skipped: Int64
}

/// A job as `gariep status` shows it.
public struct StreamJobStatus: Sendable {
    public enum State: String, Sendable { case stopped, running, failed }
    public var state: State
    /// The last epoch whose rows are visible.
    public var epoch: Epoch
    public var watermarkMicros: Int64?
    public var partitions: [PartitionStatus]
    /// By source and partition, as of `epoch`.
    public var committed: [CommittedPosition]
    public var rowsIn: Int64
    public var rowsOut: Int64
    public var late: Int64
    /// Of the late rows, those whose partition was taken for idle.
    public var lateAfterIdle: Int64
    public var refused: Int64
    public var stateBytes: Int
    public var groups: Int
    /// By step, over all epochs that were committed.
    public var ledger: [LedgerLine]
    public var lastError: ErrorReport?

    public struct LedgerLine: Sendable, Hashable {
        public let step: String
        public let handOver: HandOver
        /// Rows that the step gave to the next, which must be what the next has read before an epoch commits. An
        /// aggregate gives a row a group for the rows that it folded.
        public let given: Int64
    }
}
