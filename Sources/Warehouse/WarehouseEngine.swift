public import Base
public import Columnar

/// A warehouse: keeps tables and views, and builds them from queries and files.
///
/// Every call that changes something is one transaction, which also records what was done: after a crash it has
/// happened entirely, and is known to have happened, or it has not happened at all. Calls may be made from any
/// thread, and block it; readers see each relation as of the last finished change.
public protocol WarehouseEngine: Sendable {
    /// Builds a model. A run that was recorded before is not done again.
    @discardableResult
    func run(_ run: ModelRun, progress: any WorkReporting) throws(WarehouseError) -> BuildOutcome
    /// Loads files.
    @discardableResult
    func load(_ load: BulkLoad, progress: any WorkReporting) throws(WarehouseError) -> BuildOutcome
    /// Lets readers see another snapshot of an external table.
    ///
    /// - Returns: the version of the relation afterwards; unchanged where the snapshot is the same.
    @discardableResult
    func setExternalTable(_ table: ExternalTable) throws(WarehouseError) -> Int64
    func check(_ test: DataTest) throws(WarehouseError) -> TestOutcome
    /// The columns that a query would give, without running it.
    func describe(_ sql: String) throws(WarehouseError) -> Schema
    /// - Returns: nil where there is no such relation.
    func schema(of relation: RelationName) throws(WarehouseError) -> Schema?
    func rowCount(of relation: RelationName) throws(WarehouseError) -> Int64
    /// A number that changes whenever the relation's rows may have changed; nil where there is no such relation.
    func version(of relation: RelationName) throws(WarehouseError) -> Int64?
    /// A connection for queries.
    func openReader() throws(WarehouseError) -> any WarehouseReader
    /// Stops all that runs; it throws, and nothing of it is kept.
    func interruptAll()
}

/// What a query may take.
public struct QueryLimits: Sendable, Hashable {
    /// Rows that are given at most; nil for all.
    public var rowsMax: Int?
    /// Time until the query is stopped, in microseconds; nil for none.
    public var timeoutMicros: Int64?
    /// Reading stops after the batch whose rows bring the answer to so many bytes of memory; nil for never.
    public var bytesMax: Int?

    public init(rowsMax: Int? = nil, timeoutMicros: Int64? = nil, bytesMax: Int? = nil) {
        self.rowsMax = rowsMax
        self.timeoutMicros = timeoutMicros
        self.bytesMax = bytesMax
    }
}

/// The rows of a query.
public struct QueryAnswer: Sendable {
    public let schema: Schema
    public let batches: [RecordBatch]
    /// Whether there were, or may have been, more rows than allowed.
    public let truncated: Bool
    public var rowCount: Int { batches.reduce(0) { $0 + $1.count } }

    public init(schema: Schema, batches: [RecordBatch], truncated: Bool) {
        self.schema = schema
        self.batches = batches
        self.truncated = truncated
    }
}

/// Answers queries, one at a time, and changes nothing.
public protocol WarehouseReader: Sendable {
    /// - Parameters:
    ///   - parameters: a value for each `?` or `$n`.
    ///   - types: what the values mean, where they alone do not say.
    /// - Throws: `notAQuery` for anything but a SELECT, `timeout`, or the failure.
    func query(_ sql: String, parameters: [Scalar], types: [DataType?], limits: QueryLimits) throws(WarehouseError)
        -> QueryAnswer
    /// Stops the query that runs; it throws.
    func interrupt()
}

extension WarehouseReader {
    public func query(_ sql: String, parameters: [Scalar] = [], limits: QueryLimits = QueryLimits())
        throws(WarehouseError) -> QueryAnswer
    {
        try query(sql, parameters: parameters, types: [], limits: limits)
    }
}
