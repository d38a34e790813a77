internal import Columnar

extension ExpressionBinder {
    /// An aggregate call: the call goes to the list, and a placeholder column stands for its value.
    func aggregate(_ call: FunctionCall, at position: Int?) throws(SQLProblem) -> Bound {
        guard let aggregates, !isInsideAggregate else {
            let nested = aggregates != nil
            throw SQLProblem(
                .aggregation,
                nested ? "an aggregate cannot stand inside another" : "\(clause) cannot hold an aggregate",
                expected: nested ? "an expression of single rows" : nil, found: call.text,
                hint: nested
                    ? "Compute the inner one in a common table expression."
                    : clause == "WHERE" ? "Put the condition into HAVING." : "Compute it in a common table expression.",
                position: position)
        }
        isInsideAggregate = true
        defer { isInsideAggregate = false }
        let bound = try aggregateCall(call, at: position)
        return Bound(aggregates.placeholder(for: bound, name: call.text, at: position))
    }

    private func aggregateCall(_ call: FunctionCall, at position: Int?) throws(SQLProblem) -> AggregateCall {
        let name = AggregateFunctions.aliases[call.name] ?? call.name
        if let hint = AggregateFunctions.others[name] {
            throw SQLProblem(
                .unknownFunction, "a stream does not keep the aggregate \(call.name)", found: call.text, hint: hint,
                position: position)
        }
        var expressions = call.arguments.map(\.expression)
        if name == "count", expressions.count == 1, case .star = expressions[0].node { expressions = [] }
        if name.hasPrefix("quantile"), !call.orders.isEmpty {
            expressions = try withinGroup(call, expressions, at: position)
        } else if !call.orders.isEmpty {
            throw SQLProblem(
                .unsupported, "a stream cannot order the rows of an aggregate", found: call.text,
                hint: "Use arg_max(value, time) or arg_min(value, time).", position: position)
        }
        let arguments = try bindAll(expressions)
        var filter: Expression?
        if let condition = call.filter { filter = try self.condition(condition).expression }
        let draft = try draft(name, call, arguments, at: position)
        if let extra = draft.filter { filter = Expression.conjunction([filter, extra].compactMap { $0 }) }
        return AggregateCall(draft.function, arguments: draft.arguments, filter: filter, type: draft.type)
    }

    private struct Draft {
        var function: AggregateCall.Function
        var arguments: [Expression]
        var type: DataType
        var filter: Expression?
    }

    private func draft(_ name: String, _ call: FunctionCall, _ arguments: [Bound], at position: Int?) throws(SQLProblem)
        -> Draft
    {
        if name == "count", arguments.isEmpty, !call.isDistinct {
            return Draft(function: .countRows, arguments: [], type: .int64)
        }
        let wanted = ["arg_max", "arg_min", "quantile_cont", "quantile_disc"].contains(name) ? 2 : 1
        guard arguments.count == wanted else {
            throw wrongArguments(
                call, arguments, expected: "\(name) with \(wanted) argument\(wanted == 1 ? "" : "s")", at: position)
        }
        if call.isDistinct, !["count", "sum", "min", "max", "bool_and", "bool_or"].contains(name) {
            throw SQLProblem(
                .unsupported, "a stream does not keep \(call.name)(DISTINCT ...)", expected: "count, sum, min or max",
                found: call.text,
                hint: name == "avg"
                    ? "Use sum(DISTINCT value) / count(DISTINCT value)."
                    : "Select the distinct rows in a common table expression first.", position: position)
        }
        let value = try computed(arguments[0])
        let type = value.type
        func refused(_ expected: String) -> SQLProblem {
            wrongArguments(call, arguments, expected: "\(call.name)(\(expected))", at: position)
        }
        func double(_ function: AggregateCall.Function) throws(SQLProblem) -> Draft {
            guard type.isNumeric || arguments[0].isNull else { throw refused("number") }
            return Draft(function: function, arguments: [try cast(Bound(value), to: .float64)], type: .float64)
        }
        switch name {
        case "count":
            return Draft(function: call.isDistinct ? .countDistinct : .count, arguments: [value], type: .int64)
        case "sum":
            return try sum(arguments[0], value, isDistinct: call.isDistinct, refused)
        case "avg":
            guard type.isNumeric || arguments[0].isNull else { throw refused("number") }
            let number = arguments[0].isNull ? try cast(arguments[0], to: .float64) : value
            return Draft(function: .average, arguments: [number], type: .float64)
        case "min": return Draft(function: .minimum, arguments: [value], type: type)
        case "max": return Draft(function: .maximum, arguments: [value], type: type)
        case "bool_and", "bool_or":
            guard type == .bool || arguments[0].isNull else { throw refused("BOOLEAN") }
            return Draft(
                function: name == "bool_and" ? .allTrue : .anyTrue, arguments: [try cast(arguments[0], to: .bool)],
                type: .bool)
        case "first": return Draft(function: .anyValue, arguments: [value], type: type)
        case "any_value":
            // DuckDB's any_value passes over nulls.
            let filter = value.nullable ? Expression(.call(.isNotNull, [value]), type: .bool, nullable: false) : nil
            return Draft(function: .anyValue, arguments: [value], type: type, filter: filter)
        case "arg_max", "arg_min":
            return Draft(
                function: name == "arg_max" ? .argumentOfMaximum : .argumentOfMinimum,
                arguments: [value, try computed(arguments[1])], type: type)
        case "stddev_samp": return try double(.deviationSample)
        case "stddev_pop": return try double(.deviationPopulation)
        case "var_samp": return try double(.varianceSample)
        case "var_pop": return try double(.variancePopulation)
        case "median":
            return type.isText || type == .bool
                ? Draft(function: .quantileDiscrete(0.5), arguments: [value], type: type)
                : try continuous(0.5, value, refused)
        case "quantile_cont": return try continuous(try fraction(arguments[1], call), value, refused)
        default:
            return Draft(
                function: .quantileDiscrete(try fraction(arguments[1], call)), arguments: [value], type: type)
        }
    }

    private func sum(_ argument: Bound, _ value: Expression, isDistinct: Bool, _ refused: (String) -> SQLProblem)
        throws(SQLProblem) -> Draft
    {
        var (value, type) = (value, value.type)
        if type == .bool || argument.isNull { (value, type) = (try cast(argument, to: .int32), .int32) }
        let result: DataType
        switch type {
        case .decimal128(_, let scale): result = .decimal128(precision: 38, scale: scale)
        case _ where type.isFloating: result = .float64
        case _ where type.isInteger: result = NumericTypes.hugeint
        default: throw refused("number")
        }
        return Draft(function: isDistinct ? .sumDistinct : .sum, arguments: [value], type: result)
    }

    private func continuous(_ fraction: Double, _ value: Expression, _ refused: (String) -> SQLProblem)
        throws(SQLProblem) -> Draft
    {
        let function = AggregateCall.Function.quantileContinuous(fraction)
        switch value.type {
        case let type where type.isInteger: return Draft(function: function, arguments: [value], type: .float64)
        case let type where type.isNumeric: return Draft(function: function, arguments: [value], type: type)
        case let type where type.isTimestamp || type.isDate:
            let time = try cast(Bound(value), to: instant(type))
            return Draft(function: function, arguments: [time], type: time.type)
        default: throw refused("number or timestamp")
        }
    }

    private func fraction(_ argument: Bound, _ call: FunctionCall) throws(SQLProblem) -> Double {
        let value = try cast(argument, to: .float64)
        if case .literal(.double(let fraction)) = value.node, (0...1).contains(fraction) { return fraction }
        throw SQLProblem(
            .typeMismatch, "\(call.name) needs a fraction that is written out", expected: "a number from 0 to 1",
            found: argument.expression.explanation(over: []), hint: "Write a number such as 0.9.",
            position: argument.position)
    }

    /// `percentile_cont(0.9) WITHIN GROUP (ORDER BY value)`.
    private func withinGroup(_ call: FunctionCall, _ arguments: [SyntaxExpression], at position: Int?)
        throws(SQLProblem)
        -> [SyntaxExpression]
    {
        guard call.orders.count == 1, arguments.count == 1, !call.orders[0].isDescending else {
            throw SQLProblem(
                .unsupported, "WITHIN GROUP takes one value in ascending order",
                expected: "percentile_cont(0.9) WITHIN GROUP (ORDER BY value)", found: call.text,
                hint: "For a descending order take 1 minus the fraction.", position: position)
        }
        return [call.orders[0].expression] + arguments
    }
}
