internal import Columnar
internal import DuckDB
internal import Synchronization

/// Queries on a connection of its own, in transactions that cannot write.
final class DuckDBReader: WarehouseReader {
    private let connection: DuckDBConnection
    /// Queries from several threads take turns.
    private let turn = Mutex(())

    init(connection: DuckDBConnection) { self.connection = connection }

    func interrupt() { connection.interrupt() }

    func query(_ sql: String, parameters: [Scalar], types: [DataType?], limits: QueryLimits) throws(WarehouseError)
        -> QueryAnswer
    {
        let session = WarehouseSession(connection: connection, task: "query")
        return try turn.withLock { _ throws(WarehouseError) in
            try StatementWatch.limiting(
                connection, micros: limits.timeoutMicros,
                { () throws(WarehouseError) in
                    try session.execute("BEGIN TRANSACTION READ ONLY")
                    // Nothing was changed, so that nothing depends on how the transaction ends.
                    defer { _ = try? connection.execute("ROLLBACK") }
                    do throws(DuckDBError) { return try read(sql, parameters, types, limits) } catch {
                        if case .internalFailure(DuckDBReader.refusal) = error { throw .notAQuery(sql) }
                        throw .failed(task: session.task, cause: error)
                    }
                },
                whenOver: { .timeout(task: "the query", seconds: Double(limits.timeoutMicros ?? 0) / 1e6) })
        }
    }

    private static let refusal = "not a query"

    private func read(_ sql: String, _ parameters: [Scalar], _ types: [DataType?], _ limits: QueryLimits)
        throws(DuckDBError) -> QueryAnswer
    {
        let statement = try connection.prepare(sql)
        guard statement.isQuery else { throw .internalFailure(DuckDBReader.refusal) }
        let result = try statement.query(parameters, types: types)
        var batches: [RecordBatch] = []
        var left = limits.rowsMax ?? .max
        var truncated = false
        var bytesLeft = limits.bytesMax ?? .max
        // Where bytes count, a batch is as few rows as DuckDB gives at once.
        let batchRows = limits.bytesMax == nil ? 65_536 : 1
        while !truncated, let batch = try result.next(rows: max(1, min(left, batchRows))) {
            truncated = batch.count > left
            bytesLeft -= batch.columns.reduce(0) { $0 + $1.byteCount }
            let kept = truncated ? batch.slice(0..<left) : batch
            if kept.count > 0 { batches.append(kept) }
            left -= kept.count
            if bytesLeft <= 0 { truncated = true }
        }
        return QueryAnswer(schema: result.schema, batches: batches, truncated: truncated)
    }
}
