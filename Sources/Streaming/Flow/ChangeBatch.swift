public import Columnar

/// Changes of a collection of rows: a record batch and a signed weight a row. +1 adds a row, -1 takes one back.
///
/// Source: Budiu et al., "DBSP: Automatic Incremental View Maintenance", VLDB 2023, section 2 (Z-sets).
public struct ChangeBatch: Sendable {
    public let batch: RecordBatch
    /// An int64 a row; nil where every row adds one.
    public let weights: Column?
    /// The watermark of the row's own partition just before the row, in microseconds; travels beside the columns from
    /// the source to the window that decides whether the row is late.
    let rowWatermarks: Column?

    public init(_ batch: RecordBatch, weights: Column? = nil) {
        self.init(batch, weights: weights, rowWatermarks: nil)
    }

    init(_ batch: RecordBatch, weights: Column?, rowWatermarks: Column?) {
        precondition(weights.map { $0.type == .int64 && $0.count == batch.count } ?? true, "an int64 weight a row")
        self.batch = batch
        self.weights = weights
        self.rowWatermarks = rowWatermarks
    }

    public var count: Int { batch.count }

    public func weight(_ row: Int) -> Int64 { weights.map { PrimitiveView<Int64>($0)[row] } ?? 1 }

    /// The same changes with other columns.
    func with(_ batch: RecordBatch) -> ChangeBatch {
        ChangeBatch(batch, weights: weights, rowWatermarks: rowWatermarks)
    }

    /// These rows, in this order. Columns that are not `needed` come as nulls that take no work.
    func taking(_ rows: [Int32], needed: ColumnSet = .all) -> ChangeBatch {
        let columns = batch.columns.enumerated().map { index, column in
            needed.contains(index) ? Gather.take(column, rows) : Placeholder.column(column.type, count: rows.count)
        }
        return ChangeBatch(
            RecordBatch(schema: batch.schema, columns: columns, count: rows.count),
            weights: weights.map { Gather.take($0, rows) }, rowWatermarks: rowWatermarks.map { Gather.take($0, rows) })
    }
}

/// Which columns an operator above will look at.
struct ColumnSet: Sendable, Hashable {
    /// nil: all.
    let indices: Set<Int>?
    static let all = ColumnSet(indices: nil)
    init(indices: Set<Int>?) { self.indices = indices }
    func contains(_ index: Int) -> Bool { indices?.contains(index) ?? true }
}

/// Columns of nulls that stand where nobody looks, so that column numbers stay as planned.
enum Placeholder {
    static func column(_ type: DataType, count: Int) -> Column {
        let validity = Buffer.zeros((count + 7) / 8)
        switch type.layout {
        case .empty: return Column(type: type, count: count)
        case .bits: return Column(type: type, count: count, nullCount: count, validity: validity, values: validity)
        case .fixedWidth(let width):
            return Column(
                type: type, count: count, nullCount: count, validity: validity, values: .zeros(count * width))
        case .variableBytes:
            return Column(
                type: type, count: count, nullCount: count, validity: validity, values: .zeros(0),
                offsets: .zeros((count + 1) * 4))
        case .list, .structure, .dictionary:
            let builder = ColumnBuilder.make(type)
            for _ in 0..<count { builder.appendNull() }
            return builder.finish()
        }
    }
}
