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
    /// - Parameter sameRows: whether the caller knows that the rows are those of the snapshot before, in other files.
    /// - Returns: the version of the relation afterwards; unchanged where the snapshot or its rows are the same.
    @discardableResult
    func setExternalTable(_ table: ExternalTable, sameRows: Bool) throws(WarehouseError) -> Int64
    /// A moment, for `isOver`: what runs now may still read what relations were made of before.
    func mark() -> ActivityMark
    /// Whether all has ended that ran at a moment.
    func isOver(_ mark: ActivityMark) -> Bool
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
    /// Stops all that runs, queries too; it throws, and nothing of it is kept.
    func interruptAll()
    /// Stops all queries that run, and lets no reader begin another.
    func closeReaders()
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
    /// Gives the rows as they come, a few thousand at a time, so that memory holds no more of them than that.
    ///
    /// - Parameters:
    ///   - begin: is told the columns, before any row.
    ///   - take: what it throws ends the query.
    /// - Returns: whether there were more rows than allowed.
    /// - Throws: as `query` does, and what `begin` and `take` throw.
    func stream(
        _ sql: String, limits: QueryLimits, begin: (Schema) throws -> Void, take: (RecordBatch) throws -> Void
    ) throws -> Bool
    /// Stops the query that runs; it throws.
    func interrupt()
    /// Stops the query that runs, if one does, and lets none begin.
    func close()
}

extension WarehouseEngine {
    @discardableResult
    public func setExternalTable(_ table: ExternalTable) throws(WarehouseError) -> Int64 {
        try setExternalTable(table, sameRows: false)
    }
}

extension WarehouseReader {
    public func query(_ sql: String, parameters: [Scalar] = [], limits: QueryLimits = QueryLimits())
        throws(WarehouseError) -> QueryAnswer
    {
        try query(sql, parameters: parameters, types: [], limits: limits)
    }
}
