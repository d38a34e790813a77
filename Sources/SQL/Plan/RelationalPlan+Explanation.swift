internal import Columnar

extension RelationalPlan {
    /// The plan as an indented tree, the last step first. Columns stand as `name#number` of the input.
    public var explanation: String { lines.joined(separator: "\n") }

    private var lines: [String] {
        [title] + inputs.flatMap(\.lines).map { "  " + $0 }
    }

    private var title: String {
        let names = inputs.flatMap { $0.schema.fields.map(\.name) }
        func keys(_ keys: [JoinKey], _ left: RelationalPlan, _ right: RelationalPlan) -> String {
            let (leftNames, rightNames) = (left.schema.fields.map(\.name), right.schema.fields.map(\.name))
            return keys.map {
                "\($0.left.explanation(over: leftNames)) = \($0.right.explanation(over: rightNames))"
            }.joined(separator: ", ")
        }
        switch self {
        case .scan(let scan):
            let time = scan.eventTimeColumn.map { " time \(scan.schema[$0].name)" } ?? ""
            return "Scan \(scan.relation) (\(scan.kind)\(time)): "
                + scan.schema.fields.map(\.name).joined(separator: ", ")
        case .filter(_, let predicate): return "Filter " + predicate.explanation(over: names)
        case .project(_, let columns): return "Project " + list(columns, names)
        case .window(_, let window):
            return "Window \(window.kind.explanation) over \(names[window.timeColumn])#\(window.timeColumn)"
        case .aggregate(let aggregate):
            let calls = aggregate.aggregates.map { "\($0.name) = \($0.call.explanation(over: names))" }
            return "Aggregate by [\(list(aggregate.keys, names))]: " + calls.joined(separator: ", ")
        case .join(let join):
            let residual = join.residual.map { " and \($0.explanation(over: names))" } ?? ""
            return "Join \(join.kind.rawValue) on " + keys(join.keys, join.left, join.right) + residual
        case .asOfJoin(let join):
            let leftTime = join.leftTime.explanation(over: join.left.schema.fields.map(\.name))
            let rightTime = join.rightTime.explanation(over: join.right.schema.fields.map(\.name))
            return "AsOfJoin \(join.kind.rawValue) on " + keys(join.keys, join.left, join.right)
                + " and \(leftTime) \(join.strict ? ">" : ">=") \(rightTime)"
        case .union(let inputs): return "Union of \(inputs.count)"
        }
    }

    private func list(_ columns: [NamedExpression], _ names: [String]) -> String {
        columns.map { column in
            if case .column(let index) = column.expression.node, names[index] == column.name {
                return "\(column.name)#\(index)"
            }
            return "\(column.name) = \(column.expression.explanation(over: names))"
        }.joined(separator: ", ")
    }
}

extension WindowAssignment.Kind {
    fileprivate var explanation: String {
        switch self {
        case .tumble(let size, let offset):
            "tumble \(Self.length(size))" + (offset == 0 ? "" : " offset \(Self.length(offset))")
        case .hop(let slide, let size): "hop \(Self.length(size)) every \(Self.length(slide))"
        case .session(let gap): "session gap \(Self.length(gap))"
        }
    }

    private static func length(_ micros: Int64) -> String {
        for (unit, size) in [("h", Int64(3_600_000_000)), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000)]
        where micros % size == 0 {
            return "\(micros / size) \(unit)"
        }
        return "\(micros) us"
    }
}

extension AggregateCall {
    func explanation(over names: [String]) -> String {
        let arguments = arguments.map { $0.explanation(over: names) }.joined(separator: ", ")
        let condition = filter.map { " filter \($0.explanation(over: names))" } ?? ""
        return "\(function)(\(arguments))\(condition)"
    }
}
