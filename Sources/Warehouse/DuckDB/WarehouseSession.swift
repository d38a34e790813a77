internal import Base
internal import Columnar
internal import DuckDB

/// A connection that works for one task, whose errors carry the task's name.
struct WarehouseSession {
    let connection: DuckDBConnection
    let task: String
    /// Says between two statements that there should be no second.
    var isStopped: @Sendable () -> Bool = { false }

    private func checkStop(_ sql: String) throws(WarehouseError) {
        guard isStopped() else { return }
        throw .failed(
            task: task, cause: .failed(SQLFailure(kind: .interrupted, message: "stopped on request", sql: sql)))
    }

    private func named<Result>(_ body: () throws(DuckDBError) -> Result) throws(WarehouseError) -> Result {
        do throws(DuckDBError) { return try body() } catch { throw .failed(task: task, cause: error) }
    }

    @discardableResult
    func execute(_ sql: String, _ parameters: [Scalar] = [], types: [DataType?] = []) throws(WarehouseError) -> Int64 {
        try checkStop(sql)
        return try named { () throws(DuckDBError) in
            parameters.isEmpty
                ? try connection.execute(sql) : try connection.execute(sql, parameters: parameters, types: types)
        }
    }

    /// Runs a statement that ends in a person's query; errors point into that query.
    @discardableResult
    func execute(_ prefix: String, query: String) throws(WarehouseError) -> Int64 {
        try checkStop(query)
        do throws(DuckDBError) { return try connection.execute(prefix + query) } catch {
            throw .failed(task: task, cause: error.failure.map { .failed($0.without(prefix, of: query)) } ?? error)
        }
    }

    func rows(_ sql: String, _ parameters: [Scalar] = []) throws(WarehouseError) -> [[Scalar]] {
        try named { () throws(DuckDBError) in try connection.query(sql, parameters: parameters).rows() }
    }

    func batches(_ sql: String) throws(WarehouseError) -> [RecordBatch] {
        try named { () throws(DuckDBError) in try connection.query(sql).all() }
    }

    /// The first value of the first row as a whole number; nil without rows or where it is none.
    func integer(_ sql: String, _ parameters: [Scalar] = []) throws(WarehouseError) -> Int64? {
        switch try rows(sql, parameters).first?.first {
        case .int(let value)?: value
        case .uint(let value)?: Int64(exactly: value)
        case .decimal(let value)?: Int64(exactly: value)
        default: nil
        }
    }

    func count(_ from: String) throws(WarehouseError) -> Int64 { try integer("SELECT count(*) FROM \(from)") ?? 0 }

    func describe(_ sql: String) throws(WarehouseError) -> Schema {
        try named { () throws(DuckDBError) in try connection.describe(sql) }
    }

    func append(_ batches: [RecordBatch], to relation: RelationName) throws(WarehouseError) {
        try named { () throws(DuckDBError) in
            try connection.append(batches, schemaName: relation.schema, to: relation.name)
        }
    }

    /// All that `body` does, or nothing.
    func transaction<Result>(_ body: () throws(WarehouseError) -> Result) throws(WarehouseError) -> Result {
        try execute("BEGIN TRANSACTION")
        do throws(WarehouseError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // A commit that failed has rolled back by itself; the first error is the one to tell.
            _ = try? connection.execute("ROLLBACK")
            throw error
        }
    }

    /// Whether the relation is there, and as what.
    func kind(of relation: RelationName) throws(WarehouseError) -> RelationKind? {
        let type = try rows(
            "SELECT table_type FROM information_schema.tables WHERE table_catalog = current_database()"
                + " AND table_schema = $1 AND table_name = $2",
            [.string(relation.schema), .string(relation.name)]
        ).first?.first
        return type.map { $0 == .string("VIEW") ? .view : .table }
    }

    /// Makes way for a relation of another kind with the same name.
    func drop(_ relation: RelationName, unless kept: RelationKind) throws(WarehouseError) {
        switch try kind(of: relation) {
        case .view? where kept != .view: try execute("DROP VIEW \(relation.sql)")
        case .table? where kept != .table: try execute("DROP TABLE \(relation.sql)")
        default: break
        }
    }
}

/// What a relation is in the database's catalogue.
enum RelationKind: String {
    case table, view
}

extension SQLFailure {
    /// The failure as if `query` alone had been run, without `prefix` before it.
    func without(_ prefix: String, of query: String) -> SQLFailure {
        let start = prefix.utf8.count
        let moved = position.flatMap { position in
            position.byteOffset < start
                ? nil : Position(byteOffset: position.byteOffset - start, byteCount: position.byteCount, in: query)
        }
        return SQLFailure(
            kind: kind, message: message, position: moved, candidates: candidates, name: name, sql: query)
    }
}
