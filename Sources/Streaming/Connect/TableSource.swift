public import Columnar

/// A bounded table that streams are joined with; read whole when a job starts.
public protocol TableSource: Sendable {
    var schema: Schema { get }
    /// Changes whenever the table does: a snapshot's number, a digest. The checkpoint notes it.
    var version: String { get }

    /// Gives all rows, with only these columns, in this order.
    func scan(columns: [Int], _ body: (RecordBatch) throws -> Void) throws
}
