internal import Columnar
internal import SQL

/// Where a column's values come from unchanged.
enum ColumnOrigin: Hashable {
    case scanColumn(relation: String, index: Int)
    /// Sizes are in the unit of the column.
    case windowStart(size: Int64, unit: TimeUnit)
    case windowEnd(size: Int64, unit: TimeUnit)

    /// nil where the column is computed.
    static func of(_ plan: RelationalPlan, _ column: Int) -> ColumnOrigin? {
        switch plan {
        case .scan(let scan): return .scanColumn(relation: scan.relation, index: column)
        case .filter(let input, _): return of(input, column)
        case .project(let input, let columns):
            guard case .column(let index) = columns[column].expression.node else { return nil }
            return of(input, index)
        case .window(let input, let window):
            let width = input.schema.count
            if column < width { return of(input, column) }
            guard case .timestamp(let unit, _) = input.schema[window.timeColumn].type else { return nil }
            let micros: Int64
            switch window.kind {
            case .tumble(let sizeMicros, _): micros = sizeMicros
            case .hop(_, let sizeMicros): micros = sizeMicros
            case .session: return nil
            }
            let size = unit == .nanosecond ? micros * 1_000 : micros / (1_000_000 / unit.perSecond)
            return column == width ? .windowStart(size: size, unit: unit) : .windowEnd(size: size, unit: unit)
        case .aggregate(let aggregate):
            guard column < aggregate.keys.count, case .column(let index) = aggregate.keys[column].expression.node else {
                return nil
            }
            return of(aggregate.input, index)
        case .join(let join): return side(join.left, join.right, column)
        case .asOfJoin(let join): return side(join.left, join.right, column)
        case .union(let inputs):
            let origins = Set(inputs.map { of($0, column) })
            return origins.count == 1 ? origins.first ?? nil : nil
        }
    }

    private static func side(_ left: RelationalPlan, _ right: RelationalPlan, _ column: Int) -> ColumnOrigin? {
        let width = left.schema.count
        return column < width ? of(left, column) : of(right, column - width)
    }
}
