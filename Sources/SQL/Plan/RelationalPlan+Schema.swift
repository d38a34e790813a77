public import Columnar

extension RelationalPlan {
    /// The columns that the node gives.
    public var schema: Schema {
        switch self {
        case .scan(let scan): return scan.schema
        case .filter(let input, _): return input.schema
        case .project(_, let columns): return Schema(columns.map(\.field))
        case .window(let input, let window):
            let inputSchema = input.schema
            let time = inputSchema[window.timeColumn].type
            return Schema(
                inputSchema.fields + [
                    Field("window_start", time, nullable: false), Field("window_end", time, nullable: false),
                ])
        case .aggregate(let aggregate):
            return Schema(
                aggregate.keys.map(\.field)
                    + aggregate.aggregates.map { Field($0.name, $0.call.type, nullable: $0.call.mayBeNull) })
        case .join(let join):
            return RelationalPlan.joined(
                join.left.schema, nullableLeft: join.kind == .right || join.kind == .full, join.right.schema,
                nullableRight: join.kind == .left || join.kind == .full)
        case .asOfJoin(let join):
            return RelationalPlan.joined(
                join.left.schema, nullableLeft: false, join.right.schema, nullableRight: join.kind == .left)
        case .union(let inputs): return inputs[0].schema
        }
    }

    /// The nodes directly below.
    public var inputs: [RelationalPlan] {
        switch self {
        case .scan: []
        case .filter(let input, _), .project(let input, _), .window(let input, _): [input]
        case .aggregate(let aggregate): [aggregate.input]
        case .join(let join): [join.left, join.right]
        case .asOfJoin(let join): [join.left, join.right]
        case .union(let inputs): inputs
        }
    }

    /// Every dataset that the plan reads, in the order of their first mention.
    public var scans: [Scan] {
        if case .scan(let scan) = self { return [scan] }
        return inputs.flatMap(\.scans).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func joined(_ left: Schema, nullableLeft: Bool, _ right: Schema, nullableRight: Bool) -> Schema {
        func nullable(_ fields: [Field], _ always: Bool) -> [Field] {
            fields.map { Field($0.name, $0.type, nullable: $0.nullable || always, metadata: $0.metadata) }
        }
        return Schema(nullable(left.fields, nullableLeft) + nullable(right.fields, nullableRight))
    }
}

extension NamedExpression {
    public var field: Field { Field(name, expression.type, nullable: expression.nullable) }
}

extension AggregateCall {
    /// Counts are never null; everything else is null over no values.
    public var mayBeNull: Bool {
        switch function {
        case .countRows, .count, .countDistinct: false
        default: true
        }
    }
}
