public import Columnar

internal import CDuckDB

/// A prepared statement of a connection.
@safe
public final class DuckDBStatement {
    let handle: duckdb_prepared_statement
    public let connection: DuckDBConnection
    public let sql: String

    init(_ sql: String, on connection: DuckDBConnection) throws(DuckDBError) {
        self.sql = sql
        self.connection = connection
        var prepared: duckdb_prepared_statement?
        let state = unsafe duckdb_prepare(connection.handle, sql, &prepared)
        guard let prepared = unsafe prepared else { throw .internalFailure("no statement") }
        unsafe handle = prepared
        guard state == DuckDBSuccess else {
            throw unsafe connection.failure(duckdb_prepare_error(prepared), sql: sql)
        }
    }

    deinit {
        var closing: duckdb_prepared_statement? = unsafe handle
        unsafe duckdb_destroy_prepare(&closing)
    }

    /// Whether the statement only reads: a SELECT, or the explanation of one. `EXPLAIN ANALYZE` runs what it explains,
    /// so that the explanation of anything else is no query.
    public var isQuery: Bool {
        switch unsafe duckdb_prepared_statement_type(handle) {
        case DUCKDB_STATEMENT_TYPE_SELECT: return true
        case DUCKDB_STATEMENT_TYPE_EXPLAIN:
            guard let explained = ExplainedText.explained(by: sql), let inner = try? connection.prepare(explained)
            else { return false }
            return unsafe duckdb_prepared_statement_type(inner.handle) == DUCKDB_STATEMENT_TYPE_SELECT
        default: return false
        }
    }

    public var parameterCount: Int { Int(unsafe duckdb_nparams(handle)) }

    /// The columns that the statement gives.
    public var schema: Schema {
        get throws(DuckDBError) {
            var fields: [Field] = []
            let columnCount = unsafe duckdb_prepared_statement_column_count(handle)
            for index in 0..<columnCount {
                guard let name = unsafe duckdb_prepared_statement_column_name(handle, index),
                    let type = unsafe duckdb_prepared_statement_column_logical_type(handle, index)
                else { throw .internalFailure("column \(index) cannot be described") }
                defer { unsafe duckdb_free(UnsafeMutableRawPointer(mutating: name)) }
                let column = unsafe String(cString: name)
                fields.append(Field(column, try unsafe LogicalType(adopting: type).dataType(column: column)))
            }
            return Schema(fields)
        }
    }

    /// Runs the statement and streams its rows.
    public func query(_ parameters: [Scalar] = [], types: [DataType?] = []) throws(DuckDBError) -> DuckDBResult {
        try bind(parameters, types: types)
        var result = unsafe duckdb_result()
        guard unsafe duckdb_execute_prepared_streaming(handle, &result) == DuckDBSuccess else {
            defer { unsafe duckdb_destroy_result(&result) }
            throw unsafe connection.failure(duckdb_result_error(&result), sql: sql)
        }
        return try unsafe DuckDBResult(result, of: self)
    }

    /// Runs the statement to its end.
    ///
    /// - Returns: how many rows it inserted, updated or deleted.
    @discardableResult
    public func execute(_ parameters: [Scalar] = [], types: [DataType?] = []) throws(DuckDBError) -> Int64 {
        try bind(parameters, types: types)
        var result = unsafe duckdb_result()
        defer { unsafe duckdb_destroy_result(&result) }
        guard unsafe duckdb_execute_prepared(handle, &result) == DuckDBSuccess else {
            throw unsafe connection.failure(duckdb_result_error(&result), sql: sql)
        }
        return Int64(clamping: unsafe duckdb_rows_changed(&result))
    }

    private func bind(_ parameters: [Scalar], types: [DataType?]) throws(DuckDBError) {
        guard parameters.count == parameterCount else {
            throw .parameterCount(expected: parameterCount, found: parameters.count)
        }
        for (index, scalar) in parameters.enumerated() {
            let type = index < types.count ? types[index] : nil
            guard let value = try ParameterValue(scalar, type: type) else {
                throw .wrongParameter(number: index + 1, value: "\(scalar)", type: type)
            }
            let state = withExtendedLifetime(value) {
                unsafe duckdb_bind_value(handle, UInt64(index + 1), value.handle)
            }
            guard state == DuckDBSuccess else {
                throw unsafe connection.failure(duckdb_prepare_error(handle), sql: sql)
            }
        }
    }
}
