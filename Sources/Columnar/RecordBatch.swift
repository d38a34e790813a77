/// Rows as columns of equal length: what flows along every edge of the graph.
public struct RecordBatch: Sendable {
    public let schema: Schema
    public let columns: [Column]
    /// How many rows.
    public let count: Int

    /// - Precondition: a column a field, of the field's type and of `count` rows.
    public init(schema: Schema, columns: [Column], count: Int) {
        precondition(columns.count == schema.count, "\(columns.count) columns for \(schema.count) fields")
        for (field, column) in zip(schema.fields, columns) {
            precondition(column.count == count, "column \(field.name) has \(column.count) rows, not \(count)")
            precondition(column.type == field.type, "column \(field.name) is \(column.type), not \(field.type)")
        }
        self.schema = schema
        self.columns = columns
        self.count = count
    }

    public func column(named name: String) -> Column? { schema.index(of: name).map { columns[$0] } }

    public func slice(_ range: Range<Int>) -> RecordBatch {
        RecordBatch(schema: schema, columns: columns.map { $0.slice(range) }, count: range.count)
    }

    /// Only these columns, in this order.
    public func selecting(_ indices: [Int]) -> RecordBatch {
        RecordBatch(
            schema: Schema(indices.map { schema[$0] }, metadata: schema.metadata), columns: indices.map { columns[$0] },
            count: count)
    }

    public var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
}
