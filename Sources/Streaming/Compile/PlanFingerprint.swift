internal import Columnar
internal import SQL

/// A digest of everything in a plan that its state depends on. Where the SQL text stood does not count.
enum PlanFingerprint {
    static func of(_ plan: RelationalPlan, emit: EmitMode) -> String {
        let text = Array("\(emit.rawValue) \(describe(plan))".utf8)
        let (first, second) = (Hashing.hash(text), Hashing.hash(Array(text.reversed())))
        return hex(first) + hex(second)
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func describe(_ plan: RelationalPlan) -> String {
        switch plan {
        case .scan(let scan): "scan(\(scan.relation),\(scan.kind),\(scan.schema),\(scan.eventTimeColumn ?? -1))"
        case .filter(let input, let predicate): "filter(\(describe(input)),\(describe(predicate)))"
        case .project(let input, let columns): "project(\(describe(input)),\(columns.map(describe)))"
        case .window(let input, let window): "window(\(describe(input)),\(window.kind),\(window.timeColumn))"
        case .aggregate(let aggregate):
            "aggregate(\(describe(aggregate.input)),\(aggregate.keys.map(describe)),\(aggregate.aggregates.map { "\($0.name):\(describe($0.call))" }))"
        case .join(let join):
            "join(\(join.kind),\(describe(join.left)),\(describe(join.right)),\(join.keys.map { describe($0.left) + "=" + describe($0.right) }),\(join.residual.map(describe) ?? ""))"
        case .asOfJoin(let join):
            "asof(\(join.kind),\(describe(join.left)),\(describe(join.right)),\(join.keys.map { describe($0.left) + "=" + describe($0.right) }),\(describe(join.leftTime)),\(describe(join.rightTime)),\(join.strict))"
        case .union(let inputs): "union(\(inputs.map { describe($0) }))"
        }
    }

    private static func describe(_ named: NamedExpression) -> String { "\(named.name):\(describe(named.expression))" }

    private static func describe(_ call: AggregateCall) -> String {
        "\(call.function)(\(call.arguments.map(describe)),\(call.filter.map(describe) ?? "")):\(call.type)"
    }

    private static func describe(_ expression: Expression) -> String {
        let text =
            switch expression.node {
            case .column(let index): "#\(index)"
            case .literal(let value): "\(value)"
            case .call(let function, let arguments): "\(function.rawValue)(\(arguments.map(describe)))"
            case .cast(let inner, let isTry): "\(isTry ? "try_cast" : "cast")(\(describe(inner)))"
            case .conditional(let branches, let otherwise):
                "case(\(branches.map { describe($0.condition) + ":" + describe($0.result) }),\(describe(otherwise)))"
            }
        return text + ":\(expression.type)"
    }
}
