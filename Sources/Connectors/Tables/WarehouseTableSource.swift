public import Columnar
public import Streaming
public import Warehouse

/// A table of the warehouse as the other side of a stream's join.
public struct WarehouseTableSource: TableSource {
    public let schema: Schema
    public let version: String
    private let engine: any WarehouseEngine
    private let relation: RelationName

    /// - Throws: what the warehouse throws where the relation is not there.
    public init(engine: any WarehouseEngine, relation: RelationName, schema: Schema) throws {
        self.engine = engine
        self.relation = relation
        self.schema = schema
        version = try engine.version(of: relation).map(String.init) ?? "none"
    }

    public func scan(columns: [Int], _ body: (RecordBatch) throws -> Void) throws {
        let names = columns.map { "\"" + schema[$0].name.replacing("\"", with: "\"\"") + "\"" }
        // A join that needs only whether a row is there reads no column; a table needs one.
        let list = names.isEmpty ? "1" : names.joined(separator: ", ")
        let answer = try engine.openReader().query("select \(list) from \(relation.sql)")
        for batch in answer.batches { try body(columns.isEmpty ? batch.selecting([]) : batch) }
    }
}
