internal import Columnar
internal import DuckDB
internal import Synchronization

/// Queries on a connection of its own, in transactions that cannot write.
final class DuckDBReader: WarehouseReader {
    private struct State {
        /// What the warehouse knows the running query by.
        var number: Int?
        var isClosed = false
    }

    private let connection: DuckDBConnection
    private let warehouse: DuckDBWarehouse
    private let state = Mutex(State())
    /// Queries from several threads take turns.
    private let turn = Mutex(())

    init(connection: DuckDBConnection, of warehouse: DuckDBWarehouse) {
        self.connection = connection
        self.warehouse = warehouse
    }

    func interrupt() { if let number = state.withLock({ $0.number }) { warehouse.interrupt(number) } }

    func close() {
        let number = state.withLock { state in
            state.isClosed = true
            return state.number
        }
        if let number { warehouse.interrupt(number) }
    }

    func query(_ sql: String, parameters: [Scalar], types: [DataType?], limits: QueryLimits) throws(WarehouseError)
        -> QueryAnswer
    {
        var schema = Schema([])
        var batches: [RecordBatch] = []
        let truncated = try run(Question(sql: sql, parameters: parameters, types: types, rows: 65_536), limits) {
            schema = $0
            return true
        } take: {
            batches.append($0)
            return true
        }
        return QueryAnswer(schema: schema, batches: batches, truncated: truncated)
    }

    func stream(
        _ sql: String, limits: QueryLimits, begin: (Schema) throws -> Void, take: (RecordBatch) throws -> Void
    ) throws -> Bool {
        var problem: (any Error)?
        func works(_ body: () throws -> Void) -> Bool {
            do { try body() } catch { problem = error }
            return problem == nil
        }
        let truncated = try run(Question(sql: sql, parameters: [], types: [], rows: 2_048), limits) { schema in
            works { try begin(schema) }
        } take: { batch in
            works { try take(batch) }
        }
        if let problem { throw problem }
        return truncated
    }

    private struct Question {
        let sql: String
        let parameters: [Scalar]
        let types: [DataType?]
        /// About how many a batch should have.
        let rows: Int
    }

    /// - Parameters:
    ///   - begin: says whether to go on.
    ///   - take: says whether to go on.
    private func run(
        _ question: Question, _ limits: QueryLimits, begin: (Schema) -> Bool, take: (RecordBatch) -> Bool
    ) throws(WarehouseError) -> Bool {
        try turn.withLock { _ throws(WarehouseError) in
            try warehouse.tracked(connection, isReader: true) { number throws(WarehouseError) in
                let isClosed = state.withLock { state in
                    state.number = number
                    return state.isClosed
                }
                defer { state.withLock { $0.number = nil } }
                if isClosed { warehouse.interrupt(number) }
                let session = WarehouseSession(
                    connection: connection, task: "query", isStopped: { [warehouse] in warehouse.isStopped(number) })
                return try StatementWatch.limiting(
                    connection, micros: limits.timeoutMicros,
                    { () throws(WarehouseError) in
                        try session.execute("BEGIN TRANSACTION READ ONLY")
                        // Nothing was changed, so that nothing depends on how the transaction ends.
                        defer { _ = try? connection.execute("ROLLBACK") }
                        do throws(DuckDBError) {
                            return try read(question, limits, number, begin, take)
                        } catch {
                            if case .internalFailure(DuckDBReader.refusal) = error { throw .notAQuery(question.sql) }
                            throw .failed(task: session.task, cause: error)
                        }
                    },
                    whenOver: { .timeout(task: "the query", seconds: Double(limits.timeoutMicros ?? 0) / 1e6) })
            }
        }
    }

    private static let refusal = "not a query"

    private func read(
        _ question: Question, _ limits: QueryLimits, _ number: Int, _ begin: (Schema) -> Bool,
        _ take: (RecordBatch) -> Bool
    ) throws(DuckDBError) -> Bool {
        let statement = try connection.prepare(question.sql)
        guard statement.isQuery else { throw .internalFailure(DuckDBReader.refusal) }
        let result = try statement.query(question.parameters, types: question.types)
        guard begin(result.schema) else { return false }
        var left = limits.rowsMax ?? .max
        var bytesLeft = limits.bytesMax ?? .max
        // Where bytes count, a batch is as few rows as DuckDB gives at once.
        let batchRows = limits.bytesMax == nil ? question.rows : 1
        while let batch = try result.next(rows: max(1, min(left, batchRows))) {
            guard !warehouse.isStopped(number) else {
                throw .failed(SQLFailure(kind: .interrupted, message: "stopped on request", sql: question.sql))
            }
            let isTooMany = batch.count > left
            let kept = isTooMany ? batch.slice(0..<left) : batch
            if kept.count > 0, !take(kept) { return false }
            bytesLeft -= batch.columns.reduce(0) { $0 + $1.byteCount }
            if isTooMany || bytesLeft <= 0 { return true }
            left -= kept.count
        }
        return false
    }
}
