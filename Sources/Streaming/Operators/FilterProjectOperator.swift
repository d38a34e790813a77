internal import Base
internal import Columnar
internal import SQL

/// WHERE and SELECT over a batch at once. Rows whose expressions fail go to the dead letters.
final class FilterProjectOperator: ChainOperator {
    private let predicate: Evaluator?
    /// Columns that the projection, or whoever is above, looks at.
    private let needed: ColumnSet
    private let projections: [Evaluator]?
    private let schema: Schema
    private let context: WorkerContext

    init(
        step: Int, predicate: Expression?, needed: ColumnSet, projections: [NamedExpression]?, schema: Schema,
        context: WorkerContext, next: Port
    ) throws {
        self.predicate = try predicate.map { try ExpressionCompiler.compile($0) }
        self.projections = try projections.map { try $0.map { try ExpressionCompiler.compile($0.expression) } }
        self.needed = needed
        self.schema = schema
        self.context = context
        super.init(step: step, next: next)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        totals.handOver.read += Int64(changes.count)
        var changes = changes
        if let predicate {
            let frame = Frame(changes.batch)
            let truth = BoolView(predicate.evaluate(frame))
            try refuse(changes.batch, frame)
            var rows: [Int32] = []
            rows.reserveCapacity(frame.count)
            let clean = frame.faults.isEmpty
            if truth.column.nullCount == 0 {
                for row in 0..<frame.count where truth[row] && (clean || frame.faults[Int32(row)] == nil) {
                    rows.append(Int32(truncatingIfNeeded: row))
                }
            } else {
                for row in 0..<frame.count
                where !truth.isNull(row) && truth[row] && (clean || frame.faults[Int32(row)] == nil) {
                    rows.append(Int32(truncatingIfNeeded: row))
                }
            }
            totals.handOver.filtered += Int64(frame.count - rows.count - frame.faults.count)
            if rows.isEmpty { return }
            if rows.count < frame.count { changes = changes.taking(rows, needed: needed) }
        }
        guard let projections else { return try give(changes) }
        let frame = Frame(changes.batch)
        let columns = projections.map { $0.evaluate(frame) }
        let projected = changes.with(RecordBatch(schema: schema, columns: columns, count: frame.count))
        guard !frame.faults.isEmpty else { return try give(projected) }
        try refuse(changes.batch, frame)
        try give(projected.taking((0..<Int32(frame.count)).filter { frame.faults[$0] == nil }))
    }

    private func refuse(_ batch: RecordBatch, _ frame: Frame) throws {
        guard !frame.faults.isEmpty else { return }
        totals.handOver.refused += Int64(frame.faults.count)
        try context.refuse(batch, frame.faults, step: step)
    }

    private func give(_ changes: ChangeBatch) throws {
        totals.handOver.written += Int64(changes.count)
        try emit(changes)
    }
}
