public import Columnar

internal import CDuckDB

/// Adds batches to a table, much faster than INSERT.
///
/// Rows belong to the transaction of the connection. Outside of one, they become visible in pieces.
/// Columns are found by name; the table's other columns get their default. Values are cast to the table's types.
@safe
public final class DuckDBAppender {
    private var handle: duckdb_appender?
    private let connection: DuckDBConnection
    private let table: String
    private let schema: Schema
    private var chunk: duckdb_data_chunk?
    private static let chunkRows = Int(duckdb_vector_size())

    /// - Parameters:
    ///   - database: the attached database; nil for the current one.
    ///   - schemaName: the table's schema; nil for the current one.
    ///   - schema: of the batches that will come.
    public init(
        database: String? = nil, schemaName: String? = nil, table: String, schema: Schema,
        on connection: DuckDBConnection
    ) throws(DuckDBError) {
        self.connection = connection
        self.table = table
        self.schema = schema
        unsafe handle = nil
        unsafe chunk = nil
        var created: duckdb_appender?
        let state = unsafe duckdb_appender_create_ext(connection.handle, database, schemaName, table, &created)
        unsafe handle = created
        guard state == DuckDBSuccess else { throw failure() }
        for field in schema.fields {
            guard unsafe duckdb_appender_add_column(handle, field.name) == DuckDBSuccess else {
                throw .wrongColumns(
                    table: table, expected: failure().failure?.message ?? "its columns", found: field.name)
            }
        }
        var types: [LogicalType] = []
        for field in schema.fields { types.append(try LogicalType(field.type)) }
        withExtendedLifetime(types) {
            var handles: [duckdb_logical_type?] = unsafe types.map { unsafe $0.handle }
            unsafe chunk = duckdb_create_data_chunk(&handles, UInt64(handles.count))
        }
    }

    deinit {
        unsafe duckdb_destroy_data_chunk(&chunk)
        unsafe duckdb_appender_destroy(&handle)
    }

    /// Adds all rows of `batch`, whose schema must be the appender's in names and types.
    public func append(_ batch: RecordBatch) throws(DuckDBError) {
        guard batch.schema.fields.map(\.name) == schema.fields.map(\.name),
            batch.schema.fields.map(\.type) == schema.fields.map(\.type)
        else { throw .wrongColumns(table: table, expected: schema.description, found: batch.schema.description) }
        var start = 0
        while start < batch.count {
            let rows = start..<min(start + DuckDBAppender.chunkRows, batch.count)
            unsafe duckdb_data_chunk_reset(chunk)
            unsafe duckdb_data_chunk_set_size(chunk, UInt64(rows.count))
            for (index, column) in batch.columns.enumerated() {
                try unsafe VectorWriter(name: schema[index].name).write(
                    column, rows, to: duckdb_data_chunk_get_vector(chunk, UInt64(index)))
            }
            guard unsafe duckdb_append_data_chunk(handle, chunk) == DuckDBSuccess else { throw failure() }
            start = rows.upperBound
        }
    }

    /// Writes what is left; constraints are checked. Without `finish()`, rows may be lost.
    public func finish() throws(DuckDBError) {
        guard unsafe duckdb_appender_close(handle) == DuckDBSuccess else { throw failure() }
    }

    private func failure() -> DuckDBError {
        var data = unsafe duckdb_appender_error_data(handle)
        defer { unsafe duckdb_destroy_error_data(&data) }
        return unsafe connection.failure(duckdb_error_data_message(data), sql: "append to \(table)")
    }
}

extension DuckDBConnection {
    /// Makes a table of the batches' columns, for queries to join with, and fills it.
    ///
    /// - Parameter temporary: whether only this connection sees it, until it is closed.
    public func makeTable(_ name: String, schema: Schema, from batches: [RecordBatch], temporary: Bool = true)
        throws(DuckDBError)
    {
        let columns = schema.fields.map {
            "\(SQLText.identifier($0.name)) \($0.type)" + ($0.nullable ? "" : " NOT NULL")
        }
        try execute(
            "CREATE OR REPLACE \(temporary ? "TEMP " : "")TABLE \(SQLText.identifier(name)) (\(columns.joined(separator: ", ")))"
        )
        try append(batches, to: name)
    }

    /// Adds `batches`, which all have one schema, to a table; see `DuckDBAppender`.
    public func append(_ batches: [RecordBatch], schemaName: String? = nil, to table: String) throws(DuckDBError) {
        guard let first = batches.first else { return }
        let appender = try DuckDBAppender(schemaName: schemaName, table: table, schema: first.schema, on: self)
        for batch in batches { try appender.append(batch) }
        try appender.finish()
    }
}
