internal import Columnar

extension RelationalPlan {
    public var lineage: ColumnLineage {
        var filters: Set<ColumnSource> = []
        let sources = sources(&filters)
        return ColumnLineage(
            columns: zip(schema.fields, sources).map { ColumnLineage.Column(name: $0.name, sources: $1) },
            filters: filters)
    }

    /// The sources of each output column; what decides about rows goes to `filters`.
    private func sources(_ filters: inout Set<ColumnSource>) -> [Sources] {
        switch self {
        case .scan(let scan):
            return scan.schema.fields.map { [ColumnSource(relation: scan.relation, column: $0.name): .direct] }
        case .filter(let input, let predicate):
            let below = input.sources(&filters)
            filters.formUnion(predicate.sources(over: below).keys)
            return below
        case .project(let input, let columns):
            let below = input.sources(&filters)
            return columns.map { $0.expression.sources(over: below) }
        case .window(let input, let window):
            let below = input.sources(&filters)
            filters.formUnion(below[window.timeColumn].keys)
            return below + [below[window.timeColumn].derived, below[window.timeColumn].derived]
        case .aggregate(let aggregate):
            let below = aggregate.input.sources(&filters)
            let keys = aggregate.keys.map { $0.expression.sources(over: below) }
            for key in keys { filters.formUnion(key.keys) }
            let calls = aggregate.aggregates.map { aggregate in
                (aggregate.call.arguments + (aggregate.call.filter.map { [$0] } ?? [])).reduce(into: Sources()) {
                    $0.add($1.sources(over: below).derived)
                }
            }
            return keys + calls
        case .join(let join):
            let (left, right) = (join.left.sources(&filters), join.right.sources(&filters))
            Self.add(join.keys, left, right, to: &filters)
            if let residual = join.residual { filters.formUnion(residual.sources(over: left + right).keys) }
            return left + right
        case .asOfJoin(let join):
            let (left, right) = (join.left.sources(&filters), join.right.sources(&filters))
            let time = JoinKey(left: join.leftTime, right: join.rightTime)
            Self.add(join.keys + [time], left, right, to: &filters)
            return left + right
        case .union(let inputs):
            let sides = inputs.map { $0.sources(&filters) }
            return sides[0].indices.map { index in
                sides.dropFirst().reduce(into: sides[0][index]) { $0.add($1[index]) }
            }
        }
    }

    private static func add(
        _ keys: [JoinKey], _ left: [Sources], _ right: [Sources], to filters: inout Set<ColumnSource>
    ) {
        for key in keys {
            filters.formUnion(key.left.sources(over: left).keys)
            filters.formUnion(key.right.sources(over: right).keys)
        }
    }
}

extension Expression {
    fileprivate func sources(over input: [Sources]) -> Sources {
        if case .column(let index) = node { return input[index] }
        return inputColumns.reduce(into: [:]) { $0.add(input[$1].derived) }
    }
}
