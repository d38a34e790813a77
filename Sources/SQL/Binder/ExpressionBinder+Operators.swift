internal import Columnar

extension ExpressionBinder {
    // MARK: Comparison

    func comparison(_ comparison: SyntaxExpression.Comparison, _ left: Bound, _ right: Bound, at position: Int?)
        throws(SQLProblem) -> Bound
    {
        guard let type = CommonType.of(left, right, in: .comparison) else {
            throw SQLProblem(
                .typeMismatch, "\(left.type) cannot be compared with \(right.type)",
                expected: "two values of types that mix", found: "\(left.type) \(comparison.rawValue) \(right.type)",
                hint: "Cast one side, for example CAST(... AS \(left.type)).", position: position)
        }
        let sides = [try cast(left, to: type), try cast(right, to: type)]
        let function: ScalarFunction =
            switch comparison {
            case .equal: .equal
            case .notEqual: .notEqual
            case .less: .less
            case .lessOrEqual: .lessOrEqual
            case .greater: .greater
            case .greaterOrEqual: .greaterOrEqual
            case .distinctFrom: .distinctFrom
            case .notDistinctFrom: .notDistinctFrom
            }
        let nullable = function != .distinctFrom && function != .notDistinctFrom && sides.contains(where: \.nullable)
        return Bound(Expression(.call(function, sides), type: .bool, nullable: nullable, position: position).folded)
    }

    func inList(_ all: [Bound], at position: Int?) throws(SQLProblem) -> Bound {
        var common = all[0]
        for value in all.dropFirst() {
            guard let type = CommonType.of(common, value, in: .comparison) else {
                throw SQLProblem(
                    .typeMismatch, "IN compares \(common.type) with \(value.type)", expected: "\(all[0].type)",
                    found: "\(value.type)", hint: "Make all values of one type.",
                    position: value.position ?? position)
            }
            common = Bound(.literal(.null), type, nullable: true, at: nil)
        }
        let values = try all.map { (value) throws(SQLProblem) in try cast(value, to: common.type) }
        return Bound(.call(.inList, values), .bool, nullable: values.contains(where: \.nullable), at: position)
    }

    func logical(_ function: ScalarFunction, _ all: [SyntaxExpression], at position: Int?) throws(SQLProblem) -> Bound {
        var parts: [Expression] = []
        var failure: SQLProblem?
        for part in all {
            do {
                parts.append(try condition(part).expression)
            } catch {
                if let failure { problems.add(failure) }
                failure = error
            }
        }
        if let failure { throw failure }
        let whole = Expression(
            .call(function, parts), type: .bool, nullable: parts.contains(where: \.nullable), position: position)
        return Bound(whole.folded)
    }

    // MARK: Results of several branches

    /// The values in one type.
    func unified(_ all: [Bound], _ what: String, at position: Int?) throws(SQLProblem) -> [Expression] {
        guard var common = all.first else { return [] }
        for value in all.dropFirst() {
            guard let type = CommonType.of(common, value, in: .results) else {
                throw SQLProblem(
                    .typeMismatch, "\(what) mixes \(common.type) and \(value.type)", expected: "\(common.type)",
                    found: "\(value.type)", hint: "Cast one of them, for example CAST(... AS \(common.type)).",
                    position: value.position ?? position)
            }
            // Two literals that agree stay literals: 1 and 2 still take on the type of the column that follows.
            let widest = [common, value].compactMap(\.integerLiteral).max { $0.magnitude < $1.magnitude }
            let bothLiteral = common.integerLiteral != nil && value.integerLiteral != nil
            let bothText = (common.isStringLiteral || common.isNull) && (value.isStringLiteral || value.isNull)
            common = Bound(
                Expression(.literal(.null), type: type), integerLiteral: bothLiteral ? widest : nil,
                isStringLiteral: bothText && type == .utf8)
        }
        let type = all.count == 1 ? all[0].type.computed : common.type
        return try all.map { (value) throws(SQLProblem) in try cast(value, to: type) }
    }

    func coalesce(_ all: [Bound], at position: Int?) throws(SQLProblem) -> Bound {
        let values = try unified(all, "COALESCE", at: position)
        return Bound(
            .call(.coalesce, values), values[0].type, nullable: values.allSatisfy(\.nullable), at: position)
    }

    func conditional(_ branches: [SyntaxExpression.Branch], _ otherwise: SyntaxExpression, at position: Int?)
        throws(SQLProblem) -> Bound
    {
        let conditions = try branches.map { (branch) throws(SQLProblem) in try condition(branch.condition).expression }
        let results = try bindAll(branches.map(\.result) + [otherwise])
        return try conditional(conditions, results, at: position)
    }

    /// - Parameter results: one for each condition, then the one for none.
    func conditional(_ conditions: [Expression], _ results: [Bound], at position: Int?) throws(SQLProblem) -> Bound {
        let values = try unified(results, "CASE", at: position)
        let branches = zip(conditions, values).map { Expression.Branch(condition: $0, result: $1) }
        return Bound(
            .conditional(branches, otherwise: values[values.count - 1]), values[0].type,
            nullable: values.contains(where: \.nullable), at: position)
    }

    // MARK: Nested values

    func extract(_ base: Bound, _ key: Bound, at position: Int?) throws(SQLProblem) -> Bound {
        switch base.type.computed {
        case .structure(let fields):
            guard case .literal(.string(let name)) = key.expression.node,
                let field = fields.first(where: { $0.name.equalsIgnoringCase(name) })
            else {
                throw SQLProblem(
                    .unknownColumn, "the structure has no such field",
                    expected: "one of \(NearestName.list(fields.map(\.name)))",
                    found: "\(key.expression.explanation(over: []))",
                    hint: "Name one of its fields in single quotes.", position: position)
            }
            return Bound(
                .call(.structureField, [base.expression, text(field.name, at: key.position)]), field.type,
                nullable: base.nullable || field.nullable, at: position)
        case .list(let item) where key.type.isInteger:
            return Bound(
                .call(.listItem, [base.expression, try cast(key, to: .int64)]), item.type, nullable: true, at: position)
        default:
            throw SQLProblem(
                .typeMismatch, "nothing can be taken out of a value of type \(base.type) in this way",
                expected: "a STRUCT with a field's name, or a list with a number", found: "\(base.type)[\(key.type)]",
                hint: "For text use substring(text, from, length).", position: position)
        }
    }

    // MARK: Arithmetic

    func arithmetic(_ name: String, _ left: Bound, _ right: Bound, at position: Int?) throws(SQLProblem) -> Bound {
        if let bound = try temporal(name, left, right, at: position) { return bound }
        // NULL takes the other side's type; text that is written out is read as a DOUBLE beside one.
        func numeric(_ side: Bound, _ other: Bound) -> Bound? {
            if side.isNull {
                return Bound(.literal(.null), other.isNull ? .int64 : other.type, nullable: true, at: side.position)
            }
            if side.isStringLiteral, other.type.computed.isFloating { return side }
            return side.type.computed.isNumeric ? side : nil
        }
        guard let leftNumber = numeric(left, right), let rightNumber = numeric(right, left),
            let bound = try arithmetic(name, numbers: leftNumber, rightNumber, at: position)
        else { throw noOperator(name, [left, right], at: position) }
        return bound
    }

    private func arithmetic(_ name: String, numbers left: Bound, _ right: Bound, at position: Int?) throws(SQLProblem)
        -> Bound?
    {
        func type(_ side: Bound, _ other: Bound) -> DataType {
            if side.isStringLiteral { return other.type.computed }
            if let value = side.integerLiteral, other.integerLiteral == nil, NumericTypes.holds(other.type, value) {
                return other.type
            }
            return side.type.computed
        }
        let (leftType, rightType) = (type(left, right), type(right, left))
        guard let common = NumericTypes.operands(leftType, rightType) else { return nil }
        // Two integers may meet in a HUGEINT, which stays one.
        let isDecimal = common.isDecimal && !(leftType.isInteger && rightType.isInteger)
        func result(_ function: ScalarFunction, _ operands: DataType, _ result: DataType, mayBeNull: Bool = false)
            throws(SQLProblem) -> Bound
        {
            let sides = [try cast(left, to: operands), try cast(right, to: operands)]
            return Bound(
                Expression(
                    .call(function, sides), type: result, nullable: mayBeNull || sides.contains(where: \.nullable),
                    position: position
                ).folded)
        }
        switch name {
        case "+", "-":
            let function: ScalarFunction = name == "+" ? .add : .subtract
            guard isDecimal, let sum = NumericTypes.decimalSum(leftType, rightType) else {
                return try result(function, common, common)
            }
            return try result(function, sum, sum)
        case "*":
            guard isDecimal else { return try result(.multiply, common, common) }
            guard let product = NumericTypes.decimalProduct(leftType, rightType) else {
                throw SQLProblem(
                    .typeMismatch, "the product would have more than 38 digits behind the point",
                    expected: "scales that add up to at most 38", found: "\(leftType) * \(rightType)",
                    hint: "Cast one side to DOUBLE or to a smaller scale.", position: position)
            }
            // Both sides keep their own scales, which add up to the product's.
            let sides = [try cast(left, to: decimal(leftType)), try cast(right, to: decimal(rightType))]
            return Bound(.call(.multiply, sides), product, nullable: left.nullable || right.nullable, at: position)
        case "/":
            let quotient = try result(.divide, .float64, .float64, mayBeNull: true)
            return common == .float32 ? Bound(try cast(quotient, to: .float32)) : quotient
        case "//":
            let type = common.isDecimal ? .float64 : common
            return try result(.integerDivide, type, type, mayBeNull: true)
        case "%": return try result(.modulo, common, common, mayBeNull: true)
        case "**", "^": return try result(.power, .float64, .float64)
        default: return nil
        }
    }

    private func decimal(_ type: DataType) -> DataType {
        guard !type.isDecimal, let (precision, scale) = type.decimalDigits else { return type }
        return .decimal128(precision: precision, scale: scale)
    }

    func negated(_ value: Bound, at position: Int?) throws(SQLProblem) -> Bound {
        if let literal = value.integerLiteral, let type = NumericTypes.integerLiteral(-literal) {
            return Bound(integer(-literal, type, at: position), integerLiteral: -literal)
        }
        if value.isNull { return Bound(.literal(.null), .int64, nullable: true, at: position) }
        if value.type == .intervalMonthDayNano {
            let minusOne = Bound(integer(-1, .int32, at: nil), integerLiteral: -1)
            return try arithmetic("*", value, minusOne, at: position)
        }
        guard value.type.computed.isNumeric else { throw noOperator("-", [value], at: position) }
        let operand = try computed(value)
        return Bound(.call(.negate, [operand]), operand.type, nullable: operand.nullable, at: position)
    }

    private func noOperator(_ name: String, _ sides: [Bound], at position: Int?) -> SQLProblem {
        let types = sides.map { "\($0.type)" }
        let hint =
            sides.contains { $0.type.isText && !$0.isStringLiteral }
            ? "Cast the text to a number first: CAST(... AS DOUBLE)."
            : sides.contains { $0.isStringLiteral }
                ? "Write the text as what it means, such as DATE '2013-01-31'."
                : "Cast one side so that the types go together."
        return SQLProblem(
            .typeMismatch, "the operator \(name) does not take these types",
            expected: "two numbers, or a time and an interval",
            found: types.count == 1 ? "\(name)\(types[0])" : types.joined(separator: " \(name) "), hint: hint,
            position: position)
    }
}
