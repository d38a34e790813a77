internal import CDuckDB

/// An open database, in a file or in memory. Closed when neither it nor any of its connections is used any more.
@safe
public final class DuckDBDatabase: @unchecked Sendable {
    // Sendable: the handle never changes, and DuckDB lets any thread connect.
    let handle: duckdb_database
    /// Nil for a database in memory.
    public let path: String?

    /// Opens the database at `path`, and makes it where there is none.
    ///
    /// - Parameter path: nil for a database in memory that nobody else sees.
    /// - Throws: `cannotOpen`, or `inUse` where another process has it open.
    public init(path: String? = nil, configuration: DuckDBConfiguration = DuckDBConfiguration()) throws(DuckDBError) {
        self.path = path
        var config: duckdb_config?
        guard unsafe duckdb_create_config(&config) == DuckDBSuccess else { throw .internalFailure("no configuration") }
        defer { unsafe duckdb_destroy_config(&config) }
        for option in configuration.options {
            guard unsafe duckdb_set_config(config, option.name, option.value) == DuckDBSuccess else {
                throw .cannotOpen(
                    path: path ?? "in memory", reason: "the setting \(option.name) cannot be '\(option.value)'")
            }
        }
        var opened: duckdb_database?
        var problem: UnsafeMutablePointer<CChar>?
        let state = unsafe duckdb_open_ext(path, &opened, config, &problem)
        guard state == DuckDBSuccess, let opened = unsafe opened else {
            let text = unsafe problem.map { unsafe String(cString: $0) } ?? "no reason given"
            unsafe duckdb_free(problem)
            let reason = SQLFailure(duckDBMessage: text, sql: "").message
            if reason.contains("Conflicting lock") || reason.contains("already open") {
                throw .inUse(path: path ?? "", reason: reason)
            }
            throw .cannotOpen(path: path ?? "in memory", reason: reason)
        }
        unsafe handle = opened
    }

    deinit {
        var closing: duckdb_database? = unsafe handle
        unsafe duckdb_close(&closing)
    }

    /// A connection of its own transaction. Many may be open; each runs one statement at a time.
    public func connect() throws(DuckDBError) -> DuckDBConnection { try DuckDBConnection(self) }

    /// DuckDB's version, such as `v2.0.0`.
    public static var version: String { unsafe String(cString: duckdb_library_version()) }
}
