internal import Base
internal import Columnar
internal import SQL

/// A stream joined with a table, by equal keys or as of a time. The stream's rows are not kept.
final class TableJoinOperator: ChainOperator {
    private let spec: JoinSpec
    private let table: TableArrangement
    private let keys: [Evaluator]
    private let time: Evaluator?
    private let residual: Evaluator?
    private let encoder: KeyEncoder
    private let context: WorkerContext

    init(step: Int, spec: JoinSpec, table: TableArrangement, context: WorkerContext, next: Port) throws {
        self.spec = spec
        self.table = table
        self.context = context
        keys = try spec.streamKeys.map { try ExpressionCompiler.compile($0) }
        time = try spec.streamTime.map { try ExpressionCompiler.compile($0) }
        residual = try spec.residual.map { try ExpressionCompiler.compile($0) }
        encoder = KeyEncoder(types: spec.streamKeys.map(\.type), hasWindow: false)
        super.init(step: step, next: next)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        let count = changes.count
        totals.handOver.read += Int64(count)
        let frame = Frame(changes.batch)
        let columns = keys.map { $0.evaluate(frame) }
        let timeColumn = time?.evaluate(frame)
        let timeKey = timeColumn.flatMap { column in KeyCodecs.words(column.type).map { $0.reader(column) } }
        encoder.encode(columns, windows: nil, count: count)
        let nullable = columns.filter { $0.nullCount > 0 }
        var (left, right): ([Int32], [Int32]) = ([], [])
        left.reserveCapacity(count)
        right.reserveCapacity(count)
        for row in 0..<count {
            if !frame.faults.isEmpty, frame.faults[Int32(row)] != nil { continue }
            let before = left.count
            if !nullable.contains(where: { $0.isNull(row) }) {
                let (key, hash) = unsafe (encoder.key(row), encoder.hash(row))
                if let timeColumn, let timeKey {
                    let match =
                        timeColumn.isNull(row)
                        ? -1 : unsafe table.latest(key, hash: hash, time: timeKey(row), strict: spec.strict)
                    if match >= 0 {
                        left.append(Int32(row))
                        right.append(match)
                    }
                } else {
                    for match in unsafe table.matches(key, hash: hash) {
                        left.append(Int32(row))
                        right.append(match)
                    }
                }
            }
            if left.count == before, spec.keepsUnmatched, residual == nil {
                left.append(Int32(row))
                right.append(-1)
            }
        }
        if !frame.faults.isEmpty {
            totals.handOver.refused += Int64(frame.faults.count)
            try context.refuse(changes.batch, frame.faults, step: step)
        }
        if residual != nil { (left, right) = try keepPassing(changes, left, right, frame) }
        var (matched, last) = (Int64(0), Int32(-1))
        for row in left where row != last {
            matched += 1
            last = row
        }
        totals.handOver.written += matched
        totals.handOver.filtered += Int64(count - frame.faults.count) - matched
        if !left.isEmpty { try emit(join(changes, left, right, spec.needed)) }
    }

    /// Drops pairs for which the rest of the condition is not true; stream rows left without a pair come back if the
    /// join keeps them. A pair whose condition fails to compute does not match.
    private func keepPassing(
        _ changes: ChangeBatch, _ left: [Int32], _ right: [Int32], _ frame: Frame
    ) throws -> ([Int32], [Int32]) {
        guard let residual else { return (left, right) }
        let pairs = join(changes, left, right, .all)
        let truth = BoolView(residual.evaluate(Frame(pairs.batch)))
        var (keptLeft, keptRight): ([Int32], [Int32]) = ([], [])
        var pair = 0
        for row in 0..<Int32(changes.count) {
            let before = keptLeft.count
            while pair < left.count, left[pair] == row {
                if !truth.isNull(pair) && truth[pair] {
                    keptLeft.append(row)
                    keptRight.append(right[pair])
                }
                pair += 1
            }
            if keptLeft.count == before, spec.keepsUnmatched, frame.faults[row] == nil {
                keptLeft.append(row)
                keptRight.append(-1)
            }
        }
        return (keptLeft, keptRight)
    }

    private func join(_ changes: ChangeBatch, _ left: [Int32], _ right: [Int32], _ needed: ColumnSet) -> ChangeBatch {
        let streamWidth = changes.batch.columns.count
        let streamStart = spec.tableFirst ? table.batch.columns.count : 0
        let tableStart = spec.tableFirst ? 0 : streamWidth
        let each = left.count == changes.count && left.indices.allSatisfy { left[$0] == Int32($0) }
        let stream = ColumnSet(indices: needed.indices.map { Set($0.map { $0 - streamStart }) })
        let taken = each ? changes : changes.taking(left, needed: stream)
        let matches = table.batch.columns.enumerated().map { index, column in
            needed.contains(index + tableStart)
                ? Gather.take(column, right) : Placeholder.column(column.type, count: right.count)
        }
        let columns = spec.tableFirst ? matches + taken.batch.columns : taken.batch.columns + matches
        return taken.with(RecordBatch(schema: spec.schema, columns: columns, count: left.count))
    }
}
