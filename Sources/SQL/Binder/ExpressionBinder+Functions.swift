internal import Columnar

extension ExpressionBinder {
    func function(_ call: FunctionCall, at position: Int?) throws(SQLProblem) -> Bound {
        if AggregateFunctions.isAggregate(call.name) { return try aggregate(call, at: position) }
        if ScalarFunctions.clocks.contains(call.name) { throw ScalarFunctions.clockProblem(call.name, at: position) }
        guard call.filter == nil, !call.isDistinct, call.orders.isEmpty else {
            throw SQLProblem(
                .aggregation, "\(call.name) is no aggregate, so it takes no FILTER, DISTINCT or ORDER BY",
                found: call.text, hint: "Use CASE WHEN ... THEN ... END instead.", position: position)
        }
        if let unit = ScalarFunctions.intervals[call.name] {
            return try writtenInterval(call, unit: unit, at: position)
        }
        if let positive = ScalarFunctions.negated[call.name], let text = ScalarFunctions.text[positive] {
            let inner = try textFunction(text, call, at: position)
            return Bound(.call(.not, [inner.expression]), .bool, nullable: inner.nullable, at: position)
        }
        if let text = ScalarFunctions.text[call.name] { return try textFunction(text, call, at: position) }
        let known =
            ScalarFunctions.names.contains(call.name) || ScalarFunctions.arithmetic[call.name] != nil
            || call.name == "||"
        guard known else { throw ScalarFunctions.unknown(call, at: position) }
        let arguments = try bindAll(call.arguments.map(\.expression))
        if let name = ScalarFunctions.arithmetic[call.name] {
            switch arguments.count {
            case 2: return try arithmetic(name, arguments[0], arguments[1], at: position)
            case 1 where name == "-": return try negated(arguments[0], at: position)
            case 1 where name == "+" && arguments[0].type.computed.isNumeric: return arguments[0]
            default: throw wrongArguments(call, arguments, expected: "two values", at: position)
            }
        }
        if let bound = try number(call, arguments, at: position) { return bound }
        if let bound = try time(call, arguments, at: position) { return bound }
        if let bound = try general(call, arguments, at: position) { return bound }
        throw wrongArguments(call, arguments, expected: nil, at: position)
    }

    func wrongArguments(_ call: FunctionCall, _ arguments: [Bound], expected: String?, at position: Int?) -> SQLProblem
    {
        let types = arguments.map { "\($0.type)" }.joined(separator: ", ")
        return SQLProblem(
            .typeMismatch, "\(call.name) does not take these arguments",
            expected: expected ?? Self.forms[call.name], found: "\(call.name)(\(types))",
            hint: "Cast the arguments, or give as many as the function takes.", position: position)
    }

    private static let forms = [
        "abs": "abs(number)", "round": "round(number [, digits written out])", "floor": "floor(number)",
        "ceil": "ceil(number)", "ceiling": "ceiling(number)", "sign": "sign(number)", "nullif": "nullif(value, value)",
        "if": "if(condition, value, value)", "date_trunc": "date_trunc('part', timestamp)",
        "date_part": "date_part('part', timestamp)", "date_diff": "date_diff('part', from, to)",
        "date_add": "date_add(timestamp, interval)",
        "epoch_ms": "epoch_ms(timestamp)", "epoch_us": "epoch_us(timestamp)", "md5": "md5(text)",
        "make_timestamp": "make_timestamp(microseconds)",
    ]

    // MARK: Text

    private func textFunction(_ function: ScalarFunctions.TextFunction, _ call: FunctionCall, at position: Int?)
        throws(SQLProblem) -> Bound
    {
        let arguments = try bindAll(call.arguments.map(\.expression))
        let kinds = Array(function.arguments)
        let names = kinds.map { $0 == "t" ? "VARCHAR" : "BIGINT" }.joined(separator: ", ")
        guard (kinds.count - function.optional...kinds.count).contains(arguments.count) else {
            throw wrongArguments(call, arguments, expected: "\(call.name)(\(names))", at: position)
        }
        let values = try zip(kinds, arguments).map { (kind, argument) throws(SQLProblem) in
            let type: DataType = kind == "t" ? .utf8 : kind == "i" ? .int64 : .int32
            let found = argument.type.computed
            let fits =
                kind == "t"
                ? found.isText
                : found.isInteger && (NumericTypes.common(found, type) == type || argument.integerLiteral != nil)
            guard fits || argument.isNull else {
                throw wrongArguments(call, arguments, expected: "\(call.name)(\(names))", at: position)
            }
            return try cast(argument, to: type)
        }
        let result: DataType =
            switch function.gives {
            case .text: .utf8
            case .flag: .bool
            case .count: .int64
            }
        return Bound(
            .call(function.function, values), result, nullable: values.contains(where: \.nullable), at: position)
    }

    // MARK: Numbers

    private func number(_ call: FunctionCall, _ arguments: [Bound], at position: Int?) throws(SQLProblem) -> Bound? {
        guard let first = arguments.first else { return nil }
        let type = first.isNull ? .int64 : first.type.computed
        func result(_ function: ScalarFunction, _ operand: DataType, _ result: DataType) throws(SQLProblem) -> Bound {
            let value = try cast(first, to: operand)
            return Bound(.call(function, [value]), result, nullable: value.nullable, at: position)
        }
        if let function = ScalarFunctions.floating[call.name], arguments.count == 1 {
            guard type.isNumeric || first.isStringLiteral else { return nil }
            return try result(function, .float64, .float64)
        }
        guard type.isNumeric else { return nil }
        switch (call.name, arguments.count) {
        case ("abs", 1): return try result(.abs, type, type)
        case ("sign", 1): return try result(.sign, type, .int8)
        case ("floor", 1), ("ceil", 1), ("ceiling", 1):
            let function: ScalarFunction = call.name == "floor" ? .floor : .ceiling
            if case .decimal128(let precision, _) = type {
                return try result(function, type, .decimal128(precision: precision, scale: 0))
            }
            let operand: DataType = type.isInteger ? .float64 : type
            return try result(function, operand, operand)
        case ("round", 1...2): return try round(call, first, type, arguments, at: position)
        default: return nil
        }
    }

    private func round(_ call: FunctionCall, _ value: Bound, _ type: DataType, _ arguments: [Bound], at position: Int?)
        throws(SQLProblem) -> Bound
    {
        let operand: DataType = type.isInteger && !type.isSigned ? .int64 : type
        var result = operand
        var values = [try cast(value, to: operand)]
        if arguments.count == 2 {
            guard arguments[1].type.isInteger || arguments[1].isNull else {
                throw wrongArguments(call, arguments, expected: nil, at: position)
            }
            values.append(try cast(arguments[1], to: .int32))
        }
        if case .decimal128(let precision, let scale) = operand {
            guard arguments.count == 1 || arguments[1].integerLiteral != nil else {
                throw SQLProblem(
                    .typeMismatch, "the digits that round keeps of a decimal must be written out",
                    expected: "round(decimal, 2)", found: call.text,
                    hint: "Write a number, or cast the value to DOUBLE.", position: position)
            }
            let digits = arguments.count == 1 ? 0 : arguments[1].integerLiteral ?? 0
            result = .decimal128(precision: precision, scale: Int(min(max(digits, 0), Int128(scale))))
        }
        return Bound(.call(.round, values), result, nullable: values.contains(where: \.nullable), at: position)
    }

    // MARK: Time

    private func time(_ call: FunctionCall, _ arguments: [Bound], at position: Int?) throws(SQLProblem) -> Bound? {
        if let part = ScalarFunctions.parts[call.name], arguments.count == 1 {
            return try datePart(part, arguments[0], at: position)
        }
        switch (call.name, arguments.count) {
        case ("date_trunc", 2), ("datetrunc", 2):
            let part = try part(arguments[0], call)
            let type = arguments[1].type.computed
            guard type.isTimestamp || type.isDate else { return nil }
            let value = try cast(arguments[1], to: instant(type))
            // A day of the week or of the year begins where the day does.
            let unit = ["dow", "isodow", "doy"].contains(part) ? "day" : part
            return Bound(
                .call(.dateTrunc, [text(unit, at: arguments[0].position), value]), value.type,
                nullable: value.nullable, at: position)
        case ("date_part", 2), ("datepart", 2):
            return try datePart(try part(arguments[0], call), arguments[1], at: position)
        case ("date_diff", 3), ("datediff", 3):
            return try difference(
                try part(arguments[0], call), arguments[1], arguments[2], at: position)
        case ("date_add", 2): return try temporal("+", arguments[0], arguments[1], at: position)
        case ("epoch_ms", 1), ("epoch_us", 1):
            let type = arguments[0].type.computed
            guard type.isTimestamp || type.isDate else {
                guard call.name == "epoch_ms", type.isInteger else { return nil }
                let thousand = Bound(integer(1_000, .int64, at: nil), integerLiteral: 1_000)
                let micros = try arithmetic("*", Bound(try cast(arguments[0], to: .int64)), thousand, at: position)
                return Bound(
                    .call(.makeTimestamp, [micros.expression]), .sqlTimestamp, nullable: micros.nullable, at: position)
            }
            let value = try cast(arguments[0], to: instant(type))
            return Bound(
                .call(call.name == "epoch_ms" ? .epochMillis : .epochMicros, [value]), .int64, nullable: value.nullable,
                at: position)
        case ("make_timestamp", 1) where arguments[0].type.isInteger:
            let micros = try cast(arguments[0], to: .int64)
            return Bound(.call(.makeTimestamp, [micros]), .sqlTimestamp, nullable: micros.nullable, at: position)
        default: return nil
        }
    }

    private func part(_ argument: Bound, _ call: FunctionCall) throws(SQLProblem) -> String {
        if case .literal(.string(let name)) = argument.expression.node, let part = DatePart.canonical(name) {
            return part
        }
        throw SQLProblem(
            .typeMismatch, "\(call.name) needs the part's name written out", expected: "one of \(DatePart.list)",
            found: argument.expression.explanation(over: []), hint: "Write it as text, such as 'hour'.",
            position: argument.position)
    }

    private func datePart(_ part: String, _ value: Bound, at position: Int?) throws(SQLProblem) -> Bound? {
        let type = value.type.computed
        guard type.isTimestamp || type.isDate else { return nil }
        let time = try cast(value, to: instant(type))
        return Bound(
            .call(.datePart, [text(part, at: nil), time]), part == "epoch" ? .float64 : .int64, nullable: time.nullable,
            at: position)
    }

    // MARK: Any type

    private func general(_ call: FunctionCall, _ arguments: [Bound], at position: Int?) throws(SQLProblem) -> Bound? {
        switch (call.name, arguments.count) {
        case ("||", 2), ("concat", 1...): return try concatenation(call, arguments, at: position)
        case ("coalesce", 1...), ("ifnull", 2): return try coalesce(arguments, at: position)
        case ("if", 3):
            let condition = try condition(call.arguments[0].expression).expression
            return try conditional([condition], [arguments[1], arguments[2]], at: position)
        case ("nullif", 2):
            let equal = try comparison(.equal, arguments[0], arguments[1], at: position).expression
            let value = try computed(arguments[0])
            if case .call(.equal, let sides) = equal.node, sides[0].type == value.type {
                return Bound(.call(.nullIf, sides), value.type, nullable: true, at: position)
            }
            let null = Expression(.literal(.null), type: value.type)
            return Bound(
                .conditional([Expression.Branch(condition: equal, result: null)], otherwise: value), value.type,
                nullable: true, at: position)
        case ("greatest", 1...), ("least", 1...):
            let values = try unified(arguments, call.name, at: position)
            return Bound(
                .call(call.name == "greatest" ? .greatest : .least, values), values[0].type,
                nullable: values.allSatisfy(\.nullable), at: position)
        case ("hash", 1...):
            let values = try arguments.map { (value) throws(SQLProblem) in try computed(value) }
            return Bound(.call(.hash, values), .uint64, nullable: false, at: position)
        case ("md5", 1):
            guard arguments[0].type.computed.isText || arguments[0].type.computed == .binary || arguments[0].isNull
            else {
                return nil
            }
            let value = arguments[0].isNull ? try cast(arguments[0], to: .utf8) : try computed(arguments[0])
            return Bound(.call(.md5, [value]), .utf8, nullable: value.nullable, at: position)
        case ("struct_extract", 2), ("list_extract", 2), ("list_element", 2), ("array_extract", 2):
            return try extract(arguments[0], arguments[1], at: position)
        default: return nil
        }
    }

    private func concatenation(_ call: FunctionCall, _ arguments: [Bound], at position: Int?) throws(SQLProblem)
        -> Bound
    {
        let isOperator = call.name == "||"
        if isOperator, arguments.allSatisfy({ $0.type.computed == .binary }) {
            return Bound(
                .call(.concatOperator, arguments.map(\.expression)), .binary,
                nullable: arguments.contains(where: \.nullable), at: position)
        }
        let values = try arguments.map { (value) throws(SQLProblem) in
            guard value.type.isCastable(to: .utf8), value.type.computed != .binary else {
                throw wrongArguments(call, arguments, expected: "texts", at: position)
            }
            return try cast(value, to: .utf8)
        }
        return Bound(
            .call(isOperator ? .concatOperator : .concat, values), .utf8,
            nullable: isOperator && values.contains(where: \.nullable), at: position)
    }
}
