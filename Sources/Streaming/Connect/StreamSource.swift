public import Columnar

/// What to do where records are gone before they were read.
public enum DataLoss: String, Sendable, Hashable {
    /// Stop, and say what is missing.
    case fail
    /// Go on with the first record that is there, and count what is missing.
    case earliest
}

/// An unbounded input in partitions: a topic, a generator. Opened once by the job, read by worker threads.
public protocol StreamSource: Sendable {
    var schema: Schema { get }
    var onDataLoss: DataLoss { get }
    /// What positions are positions in. It stays the same over restarts, and differs for whatever takes its place under
    /// the same name: a topic's name and id. Asked at each start and each checkpoint.
    func identity() throws -> String
    /// How many partitions there are now. They may become more, which a job takes up with
    /// `StreamJob.takeUpNewPartitions`; never fewer.
    var partitionCount: Int { get }

    /// Opens one partition, on the thread that will read it.
    ///
    /// - Parameters:
    ///   - position: where the last checkpoint ended; nil to begin where the source is configured to.
    ///   - wake: to be called, from any thread, when rows may have come after `poll` found none.
    func openPartition(_ index: Int, at position: SourcePosition?, wake: SourceWake) throws -> any PartitionReader
}

extension StreamSource {
    public var onDataLoss: DataLoss { .fail }
}

/// Reads one partition on one thread.
public protocol PartitionReader: AnyObject {
    /// Where reading began, where the job knew no position.
    var startPosition: SourcePosition? { get }
    /// The next rows, at most about `rowsMax`; nil where none are there now.
    ///
    /// Which rows follow which position must not change: after a restart the same rows are read again. How they are cut
    /// into batches may.
    func poll(rowsMax: Int) throws -> SourceBatch?
    /// True once no row will ever come again; the partition then no longer holds windows open.
    var isFinished: Bool { get }
    /// Rows behind the last one read, where the source can tell without much work.
    var backlog: Int64? { get }
    /// How often to poll a source that cannot call `wake`, in microseconds; nil where it can.
    var pollIntervalMicros: Int64? { get }
    /// Closes files and connections.
    func close()
}

extension PartitionReader {
    public var startPosition: SourcePosition? { nil }
    public var isFinished: Bool { false }
    public var backlog: Int64? { nil }
    public var pollIntervalMicros: Int64? { nil }
    public func close() {}
}

/// Where in a partition to go on; its meaning is the source's own.
public enum SourcePosition: Sendable, Hashable {
    case offset(Int64)
    case bytes([UInt8])
}

/// Rows of one partition in order, and what became of the records they were decoded from.
public struct SourceBatch: Sendable {
    public let batch: RecordBatch
    /// Where to go on after these rows.
    public let next: SourcePosition
    /// Records taken from the source: rows and refused ones.
    public let readCount: Int
    /// Records that could not be decoded; each has a dead letter.
    public let deadLetters: [DeadLetter]
    /// When the source took them, by its own clock; empty where it does not tell.
    public let appends: [AppendRun]
    /// Records that should have stood before these and are gone; only where `onDataLoss` is `earliest`.
    public let skippedCount: Int64

    /// Records that the source took at one time. Times never go back within a partition.
    public struct AppendRun: Sendable, Hashable {
        /// The row of the batch after the last that it covers; covers none where that is the one before's too.
        public var rowEnd: Int
        /// In microseconds since 1970.
        public let micros: Int64
        public init(rowEnd: Int, micros: Int64) { (self.rowEnd, self.micros) = (rowEnd, micros) }
    }

    public init(
        batch: RecordBatch, next: SourcePosition, readCount: Int? = nil, deadLetters: [DeadLetter] = [],
        appends: [AppendRun] = [], skippedCount: Int64 = 0
    ) {
        self.batch = batch
        self.next = next
        self.readCount = readCount ?? batch.count + deadLetters.count
        self.deadLetters = deadLetters
        self.appends = appends
        self.skippedCount = skippedCount
    }

    public var refusedCount: Int { deadLetters.count }
    /// When the newest of them was appended, in microseconds since 1970; nil where unknown.
    public var appendedMicros: Int64? { appends.last?.micros }
}

/// Wakes the worker that reads a partition. Cheap where the worker is awake; calls may come from any thread.
public struct SourceWake: Sendable {
    private let action: @Sendable () -> Void
    public init(_ action: @escaping @Sendable () -> Void) { self.action = action }
    public func callAsFunction() { action() }
}
