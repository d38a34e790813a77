public import Base
public import Lake
public import Streaming
internal import Synchronization

/// Writes a job's rows into a Delta table, exactly once.
///
/// A worker's rows become Parquet files, durable but in no commit; the checkpoint keeps their names. A commit adds the
/// files of all workers together with the epoch as the table's transaction version, so a repeated one changes nothing.
/// The transactions' application is the job and the id of its state, whose epochs they are.
public final class DeltaSink: StreamSink {
    private let table: DeltaTable
    private let job: String
    private let options: AppendOptions
    private let committed: @Sendable () -> Void
    /// In no commit yet.
    private let prepared = Mutex<[(epoch: Epoch, commit: PreparedCommit)]>([])
    /// As of the last `open`.
    private let application = Mutex<String?>(nil)

    /// - Parameters:
    ///   - job: names the job in the table's transactions; the same for the table's whole life.
    ///   - committed: called after each commit that made rows visible.
    public init(
        table: DeltaTable, job: String, options: AppendOptions, committed: @escaping @Sendable () -> Void
    ) {
        self.table = table
        self.job = job
        self.options = options
        self.committed = committed
    }

    public func open(life: String) throws -> SinkStanding? {
        let snapshot = try table.snapshot()
        let application = "\(job).\(life)"
        for (other, transaction) in snapshot.transactions
        where other != application && (other == job || other.hasPrefix("\(job).")) {
            throw DeltaSinkError.stateGone(table: table.location, epoch: transaction.version)
        }
        self.application.withLock { $0 = application }
        return SinkStanding(
            place: table.location, identity: snapshot.metadata.id,
            newest: snapshot.transactionVersion(application).map { Epoch(UInt64(max(0, $0))) }, isLasting: true)
    }

    public func openWriter(worker: Int) throws -> any SinkWriter {
        DeltaSinkWriter(try table.appender(options), table: table.location) { [self] commit, epoch in
            prepared.withLock { $0.append((epoch, commit)) }
        }
    }

    public func commit(epoch: Epoch, handles: [[UInt8]]) throws {
        var prepared: [PreparedCommit] = []
        for handle in handles where !handle.isEmpty { prepared.append(try PreparedCommit(bytes: handle)) }
        guard !prepared.isEmpty else { return }
        guard let application = application.withLock({ $0 }) else {
            throw StreamingError.wrongMoment("the table \(table.location) was not opened")
        }
        try table.commit(prepared, application: application, version: Int64(epoch.rawValue))
        self.prepared.withLock { $0.removeAll { $0.epoch <= epoch } }
        committed()
    }

    /// Files of later epochs are in no commit and will be in none; `vacuum` removes them once they are old enough.
    public func abort(after epoch: Epoch) throws {
        let left = prepared.withLock { prepared in
            defer { prepared = [] }
            return prepared.map(\.commit)
        }
        table.disown(left)
    }
}

private final class DeltaSinkWriter: SinkWriter {
    private let appender: DeltaAppender
    private let table: String
    private let note: (PreparedCommit, Epoch) -> Void

    init(_ appender: DeltaAppender, table: String, note: @escaping (PreparedCommit, Epoch) -> Void) {
        self.appender = appender
        self.table = table
        self.note = note
    }

    func write(_ changes: ChangeBatch) throws {
        guard changes.weights == nil || (0..<changes.count).allSatisfy({ changes.weight($0) == 1 }) else {
            throw DeltaSinkError.takesBack(table: table)
        }
        try appender.write(changes.batch)
    }

    func prepare(epoch: Epoch) throws -> [UInt8] {
        let prepared = try appender.prepare()
        guard !prepared.isEmpty else { return [] }
        note(prepared, epoch)
        return try prepared.bytes
    }

    func discard() { appender.abort() }
}

/// What a Delta table cannot take from a stream.
public enum DeltaSinkError: PlatformError, Equatable {
    case takesBack(table: String)
    /// Rows of another state of the same job, which this one would write once more.
    case stateGone(table: String, epoch: Int64)

    public var report: ErrorReport {
        switch self {
        case .takesBack(let table):
            ErrorReport(
                code: "CON-030", recovery: .changeProject,
                message: "the stream takes rows back that are in \(table) already",
                expected: "rows that are only added",
                hint: "Let the model emit final rows (`emit='final'` over a window), or make it a `materialized_view`.")
        case .stateGone(let table, let epoch):
            ErrorReport(
                code: "CON-031", recovery: .repairData,
                message: "the table \(table) has rows of its stream, and the state that wrote them is gone",
                expected: "the state, at epoch \(epoch)", found: "a new state",
                hint: "Stop, then restore the state, or remove the table and the state to start from the beginning.")
        }
    }
}
