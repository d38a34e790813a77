public import Columnar

internal import CDuckDB

/// The rows of a query as they come, batch by batch.
///
/// The query runs while the rows are taken: what is not taken is not computed, and an error may come in the middle.
@safe
public final class DuckDBResult {
    private var handle: duckdb_result
    private let statement: DuckDBStatement
    private let readers: [VectorReader]
    private var ended = false
    public let schema: Schema

    /// Takes over `handle`.
    init(_ handle: duckdb_result, of statement: DuckDBStatement) throws(DuckDBError) {
        unsafe self.handle = handle
        self.statement = statement
        var fields: [Field] = []
        var readers: [VectorReader] = []
        do throws(DuckDBError) {
            let columnCount = unsafe duckdb_column_count(&self.handle)
            for index in 0..<columnCount {
                let name = unsafe String(cString: duckdb_column_name(&self.handle, index))
                let logical = unsafe LogicalType(adopting: duckdb_column_logical_type(&self.handle, index))
                let type = try logical.dataType(column: name)
                fields.append(Field(name, type))
                readers.append(try VectorReader.make(logical, type: type, column: name))
            }
        } catch {
            unsafe duckdb_destroy_result(&self.handle)
            throw error
        }
        schema = Schema(fields)
        self.readers = readers
    }

    deinit { unsafe duckdb_destroy_result(&handle) }

    /// The next rows, or nil after the last.
    ///
    /// - Parameter rows: how many rows are enough; the batch may have up to 2047 more.
    public func next(rows: Int = 8_192) throws(DuckDBError) -> RecordBatch? {
        do throws(DuckDBError) { return try gather(rows) } catch {
            ended = true
            throw error
        }
    }

    private func gather(_ rows: Int) throws(DuckDBError) -> RecordBatch? {
        var count = 0
        while !ended, count < rows {
            var chunk = unsafe duckdb_fetch_chunk(handle)
            guard let fetched = unsafe chunk else {
                ended = true
                if let message = unsafe duckdb_result_error(&handle), unsafe message.pointee != 0 {
                    throw unsafe statement.connection.failure(message, sql: statement.sql)
                }
                break
            }
            defer { unsafe duckdb_destroy_data_chunk(&chunk) }
            let size = Int(unsafe duckdb_data_chunk_get_size(fetched))
            for (index, reader) in readers.enumerated() {
                try unsafe reader.append(duckdb_data_chunk_get_vector(fetched, UInt64(index)), 0..<size)
            }
            count += size
        }
        guard count > 0 else { return nil }
        return RecordBatch(schema: schema, columns: readers.map { $0.finish() }, count: count)
    }

    /// All rows that are left.
    public func all() throws(DuckDBError) -> [RecordBatch] {
        var batches: [RecordBatch] = []
        while let batch = try next(rows: 65_536) { batches.append(batch) }
        return batches
    }

    /// All rows that are left as scalars; for small results.
    public func rows() throws(DuckDBError) -> [[Scalar]] {
        var rows: [[Scalar]] = []
        while let batch = try next() {
            for row in 0..<batch.count { rows.append(batch.columns.map { $0.scalar(at: row) }) }
        }
        return rows
    }

    /// The first column of the first row; nil without rows.
    public func single() throws(DuckDBError) -> Scalar? { try next(rows: 1)?.columns.first?.scalar(at: 0) }
}
