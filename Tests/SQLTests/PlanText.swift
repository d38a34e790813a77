import Columnar
import DuckDB
import SQL

/// A plan as SQL that DuckDB runs, so that a test can ask whether it means what the query means. Columns are c0, c1 ...
enum PlanText {
    static func sql(_ plan: RelationalPlan) -> String {
        switch plan {
        case .scan(let scan):
            let columns = scan.schema.fields.enumerated().map { "\(SQLText.identifier($1.name)) as c\($0)" }
            return "select \(columns.joined(separator: ", ")) from \(scan.relation)"
        case .filter(let input, let predicate): return "select * from (\(sql(input))) where \(sql(predicate))"
        case .project(let input, let columns):
            return "select \(list(columns.map { sql($0.expression) })) from (\(sql(input)))"
        case .window(let input, let window):
            guard case .tumble(let size, let offset) = window.kind else { return "no tumble" }
            let start = "((epoch_us(c\(window.timeColumn)) - \(offset)) // \(size)) * \(size) + \(offset)"
            let count = input.schema.count
            return
                "select *, make_timestamp(\(start)) as c\(count), make_timestamp(\(start) + \(size)) as c\(count + 1) from (\(sql(input)))"
        case .aggregate(let aggregate):
            let keys = aggregate.keys.map { sql($0.expression) }
            let values = keys + aggregate.aggregates.map { sql($0.call) }
            let grouping = keys.isEmpty ? "" : " group by \(keys.joined(separator: ", "))"
            return "select \(list(values)) from (\(sql(aggregate.input)))\(grouping)"
        case .join(let join):
            let residual = join.residual.map { " and \(joined($0, join.left.schema.count))" } ?? ""
            return pair(
                join.left, join.right, "\(join.kind.rawValue) join", join.keys.map { condition($0) }, residual)
        case .asOfJoin(let join):
            let time = " and \(sql(join.leftTime, "l.")) \(join.strict ? ">" : ">=") \(sql(join.rightTime, "r."))"
            return pair(
                join.left, join.right, "asof \(join.kind.rawValue) join", join.keys.map { condition($0) }, time)
        case .union(let inputs): return inputs.map { "(\(sql($0)))" }.joined(separator: " union all ")
        }
    }

    private static func list(_ values: [String]) -> String {
        values.enumerated().map { "\($1) as c\($0)" }.joined(separator: ", ")
    }

    private static func condition(_ key: JoinKey) -> String { "\(sql(key.left, "l.")) = \(sql(key.right, "r."))" }

    private static func pair(
        _ left: RelationalPlan, _ right: RelationalPlan, _ join: String, _ keys: [String], _ rest: String
    ) -> String {
        let columns =
            (0..<left.schema.count).map { "l.c\($0)" } + (0..<right.schema.count).map { "r.c\($0)" }
        return
            "select \(list(columns)) from (\(sql(left))) l \(join) (\(sql(right))) r on \(keys.joined(separator: " and "))\(rest)"
    }

    /// An expression over both sides of a join.
    private static func joined(_ expression: Expression, _ leftCount: Int) -> String {
        sql(expression) { $0 < leftCount ? "l.c\($0)" : "r.c\($0 - leftCount)" }
    }

    private static func sql(_ expression: Expression, _ prefix: String = "") -> String {
        sql(expression) { "\(prefix)c\($0)" }
    }

    private static func sql(_ expression: Expression, _ column: (Int) -> String) -> String {
        switch expression.node {
        case .column(let index): return column(index)
        case .literal(let scalar): return literal(scalar, expression.type)
        case .cast(let inner, let isTry):
            return "\(isTry ? "try_cast" : "cast")(\(sql(inner, column)) as \(expression.type))"
        case .conditional(let branches, let otherwise):
            let cases = branches.map { "when \(sql($0.condition, column)) then \(sql($0.result, column))" }
            return "case \(cases.joined(separator: " ")) else \(sql(otherwise, column)) end"
        case .call(let function, let arguments): return call(function, arguments.map { sql($0, column) })
        }
    }

    private static func call(_ function: ScalarFunction, _ arguments: [String]) -> String {
        let operators: [ScalarFunction: String] = [
            .add: "+", .subtract: "-", .multiply: "*", .divide: "/", .integerDivide: "//", .modulo: "%", .equal: "=",
            .notEqual: "<>", .less: "<", .lessOrEqual: "<=", .greater: ">", .greaterOrEqual: ">=", .and: "and",
            .or: "or", .concatOperator: "||", .timestampPlusInterval: "+", .timestampMinusInterval: "-",
            .timestampMinusTimestamp: "-", .distinctFrom: "is distinct from", .notDistinctFrom: "is not distinct from",
            .like: "like",
        ]
        if let symbol = operators[function] { return "(\(arguments.joined(separator: " \(symbol) ")))" }
        switch function {
        case .not: return "(not \(arguments[0]))"
        case .isNull: return "(\(arguments[0]) is null)"
        case .isNotNull: return "(\(arguments[0]) is not null)"
        case .inList: return "(\(arguments[0]) in (\(arguments.dropFirst().joined(separator: ", "))))"
        case .negate: return "(-\(arguments[0]))"
        case .dateAdd: return "cast(\(arguments[0]) + \(arguments[1]) as date)"
        case .structureField: return "struct_extract(\(arguments[0]), \(arguments[1]))"
        case .listItem: return "list_extract(\(arguments[0]), \(arguments[1]))"
        default: break
        }
        let names: [ScalarFunction: String] = [
            .dateTrunc: "date_trunc", .datePart: "date_part", .dateDifference: "date_diff", .ceiling: "ceil",
            .nullIf: "nullif", .startsWith: "starts_with", .endsWith: "ends_with", .epochMillis: "epoch_ms",
            .makeTimestamp: "make_timestamp", .splitPart: "split_part", .leftPad: "lpad", .rightPad: "rpad",
        ]
        return "\(names[function] ?? function.rawValue)(\(arguments.joined(separator: ", ")))"
    }

    private static func literal(_ scalar: Scalar, _ type: DataType) -> String {
        switch scalar {
        case .null: return type == .null ? "null" : "cast(null as \(type))"
        case .bool(let value): return "\(value)"
        case .int(let value) where type == .date32: return "(date '1970-01-01' + \(value)::integer)"
        case .int(let value):
            if case .timestamp = type { return "make_timestamp(\(value))" }
            return "cast(\(value) as \(type))"
        case .uint(let value): return "cast(\(value) as \(type))"
        case .double(let value): return "cast('\(value)' as double)"
        case .decimal: return "cast('\(Expression(.literal(scalar), type: type).explanation(over: []))' as \(type))"
        case .string(let text): return SQLText.literal(text)
        case .interval(let months, let days, let nanos):
            return "(to_months(\(months)) + to_days(\(days)) + to_microseconds(\(nanos / 1_000)))"
        default: return "no literal"
        }
    }

    private static func sql(_ call: AggregateCall) -> String {
        let arguments = call.arguments.map { sql($0) }
        let all = arguments.joined(separator: ", ")
        let text =
            switch call.function {
            case .countRows: "count(*)"
            case .count: "count(\(all))"
            case .sum: "sum(\(all))"
            case .average: "avg(\(all))"
            case .minimum: "min(\(all))"
            case .maximum: "max(\(all))"
            case .countDistinct: "count(distinct \(all))"
            case .sumDistinct: "sum(distinct \(all))"
            case .anyTrue: "bool_or(\(all))"
            case .allTrue: "bool_and(\(all))"
            case .quantileContinuous(let fraction): "quantile_cont(\(all), \(fraction))"
            case .quantileDiscrete(let fraction): "quantile_disc(\(all), \(fraction))"
            case .argumentOfMaximum: "arg_max(\(all))"
            case .argumentOfMinimum: "arg_min(\(all))"
            case .varianceSample: "var_samp(\(all))"
            case .variancePopulation: "var_pop(\(all))"
            case .deviationSample: "stddev_samp(\(all))"
            case .deviationPopulation: "stddev_pop(\(all))"
            case .anyValue: "first(\(all))"
            }
        return text + (call.filter.map { " filter (where \(sql($0)))" } ?? "")
    }
}
