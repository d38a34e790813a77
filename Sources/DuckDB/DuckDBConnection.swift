public import Columnar

internal import CDuckDB

/// A session with a database: one transaction and one statement at a time.
///
/// Several threads may share a connection only if they take turns; `interrupt()` and `progress` may be called from any
/// thread at any time. A streaming result ends when the connection starts its next statement.
@safe
public final class DuckDBConnection: @unchecked Sendable {
    // Sendable: DuckDB guards a connection with a lock of its own.
    let handle: duckdb_connection
    public let database: DuckDBDatabase

    init(_ database: DuckDBDatabase) throws(DuckDBError) {
        self.database = database
        var opened: duckdb_connection?
        guard unsafe duckdb_connect(database.handle, &opened) == DuckDBSuccess, let opened = unsafe opened else {
            throw .internalFailure("no connection")
        }
        unsafe handle = opened
    }

    deinit {
        var closing: duckdb_connection? = unsafe handle
        unsafe duckdb_disconnect(&closing)
    }

    /// Runs one or several statements to their end, and drops what they give.
    ///
    /// - Returns: how many rows the last statement inserted, updated or deleted.
    @discardableResult
    public func execute(_ sql: String) throws(DuckDBError) -> Int64 {
        var result = unsafe duckdb_result()
        defer { unsafe duckdb_destroy_result(&result) }
        guard unsafe duckdb_query(handle, sql, &result) == DuckDBSuccess else {
            throw unsafe failure(duckdb_result_error(&result), sql: sql)
        }
        return Int64(clamping: unsafe duckdb_rows_changed(&result))
    }

    /// Runs one statement and streams its rows.
    ///
    /// - Parameters:
    ///   - parameters: a value for each `?` or `$n`, in order.
    ///   - types: what the values mean where the values alone do not say: dates, times, decimals, lists.
    public func query(_ sql: String, parameters: [Scalar] = [], types: [DataType?] = []) throws(DuckDBError)
        -> DuckDBResult
    {
        try prepare(sql).query(parameters, types: types)
    }

    /// Runs one statement with parameters to its end.
    ///
    /// - Returns: how many rows it inserted, updated or deleted.
    @discardableResult
    public func execute(_ sql: String, parameters: [Scalar], types: [DataType?] = []) throws(DuckDBError) -> Int64 {
        try prepare(sql).execute(parameters, types: types)
    }

    /// Parses, binds and plans one statement, to be run once or often.
    public func prepare(_ sql: String) throws(DuckDBError) -> DuckDBStatement { try DuckDBStatement(sql, on: self) }

    /// The columns that a query would give, without running it.
    public func describe(_ sql: String) throws(DuckDBError) -> Schema { try prepare(sql).schema }

    /// Runs `body` in a transaction: all that it does becomes visible at once, or nothing does if it throws.
    public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN TRANSACTION")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // The transaction may be gone already (a failed commit rolls back); the first error is the one to tell.
            _ = try? execute("ROLLBACK")
            throw error
        }
    }

    /// Stops the statement that runs now; it throws a failure of kind `interrupted`.
    public func interrupt() { unsafe duckdb_interrupt(handle) }

    /// How far a statement has come.
    public struct Progress: Sendable, Hashable {
        /// Between 0 and 1.
        public let fraction: Double
        public let rowsDone: Int64
        public let rowsTotal: Int64
    }

    /// Lets `progress` tell how far statements are; off at first because it costs a little.
    public func trackProgress() throws(DuckDBError) {
        try execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0")
    }

    /// How far the running statement is; nil where none runs or DuckDB cannot tell.
    public var progress: Progress? {
        let state = unsafe duckdb_query_progress(handle)
        guard state.percentage >= 0 else { return nil }
        return Progress(
            fraction: state.percentage / 100, rowsDone: Int64(clamping: state.rows_processed),
            rowsTotal: Int64(clamping: state.total_rows_to_process))
    }

    func failure(_ message: UnsafePointer<CChar>?, sql: String) -> DuckDBError {
        let text = unsafe message.map { unsafe String(cString: $0) } ?? "no reason given"
        return .failed(SQLFailure(duckDBMessage: text, sql: sql))
    }
}
