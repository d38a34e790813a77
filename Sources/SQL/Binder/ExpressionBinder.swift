internal import Columnar
internal import DuckDB

/// Binds one clause's expressions over a scope.
final class ExpressionBinder {
    let scope: Scope
    let problems: ProblemList
    /// What the clause is called in messages.
    let clause: String
    /// Where aggregate calls go; nil where none may stand.
    let aggregates: AggregateList?
    /// Names of select items, which other clauses may use where no column has the name.
    var aliases: [SyntaxExpression]
    private var expanding: Set<String> = []
    var isInsideAggregate = false

    init(
        scope: Scope, problems: ProblemList, clause: String, aggregates: AggregateList? = nil,
        aliases: [SyntaxExpression] = []
    ) {
        (self.scope, self.problems, self.clause) = (scope, problems, clause)
        (self.aggregates, self.aliases) = (aggregates, aliases)
    }

    func bind(_ expression: SyntaxExpression) throws(SQLProblem) -> Bound {
        let position = expression.position
        switch expression.node {
        case .column(let path): return try column(path, at: position)
        case .literal(let literal): return try self.literal(literal, at: position)
        case .cast(let inner, let type, let isTry):
            return Bound(try explicitCast(bind(inner), to: type.dataType(), isTry: isTry, at: position))
        case .function(let call): return try function(call, at: position)
        case .comparison(let comparison, let left, let right):
            let sides = try bindAll([left, right])
            return try self.comparison(comparison, sides[0], sides[1], at: position)
        case .and(let all): return try logical(.and, all, at: position)
        case .or(let all): return try logical(.or, all, at: position)
        case .not(let inner):
            let value = try condition(inner)
            return Bound(.call(.not, [value.expression]), .bool, nullable: value.nullable, at: position)
        case .isNull(let inner):
            return Bound(.call(.isNull, [try bind(inner).expression]), .bool, nullable: false, at: position)
        case .isNotNull(let inner):
            return Bound(.call(.isNotNull, [try bind(inner).expression]), .bool, nullable: false, at: position)
        case .inList(let all): return try inList(bindAll(all), at: position)
        case .coalesce(let all): return try coalesce(bindAll(all), at: position)
        case .between(let input, let lower, let upper):
            let all = try bindAll([input, lower, upper])
            let above = try comparison(.greaterOrEqual, all[0], all[1], at: position).expression
            let below = try comparison(.lessOrEqual, all[0], all[2], at: position).expression
            return Bound(
                .call(.and, [above, below]), .bool, nullable: above.nullable || below.nullable, at: position)
        case .conditional(let branches, let otherwise):
            return try conditional(branches, otherwise, at: position)
        case .extract(let base, let key):
            let parts = try bindAll([base, key])
            return try extract(parts[0], parts[1], at: position)
        case .star:
            throw SQLProblem(
                .unsupported, "* can only stand alone in SELECT or in count(*)", found: expression.text,
                hint: "Name the columns.", position: position)
        default: throw refusal(expression)
        }
    }

    private func refusal(_ expression: SyntaxExpression) -> SQLProblem {
        let (message, found, hint): (String, String, String) =
            switch expression.node {
            case .subquery:
                (
                    "a stream cannot run a subquery inside an expression", "(SELECT ...)",
                    "Put the subquery in WITH or FROM, and join it."
                )
            case .windowFunction(let name, _):
                (
                    "a stream cannot run a function OVER a window of rows", "\(name)() OVER (...)",
                    "Group by a time window instead: FROM tumble(...) with GROUP BY window_start, window_end."
                )
            case .parameter(let name):
                ("a model has no parameters", "$\(name)", "Use {{ var('\(name)') }} in the template.")
            case .unsupported("LAMBDA", _):
                ("a stream cannot run a lambda", "->", "Make this a table model, which DuckDB runs.")
            default:
                (
                    "a stream cannot run this expression", expression.text.replacingUnderscores,
                    "Write it in another way, or make this a table model, which DuckDB runs."
                )
            }
        return SQLProblem(.unsupported, message, found: found, hint: hint, position: expression.position)
    }

    /// Every expression is bound, so that each one's mistake is found.
    func bindAll(_ expressions: [SyntaxExpression]) throws(SQLProblem) -> [Bound] {
        var bound: [Bound] = []
        var failure: SQLProblem?
        for expression in expressions {
            do {
                bound.append(try bind(expression))
            } catch {
                if let failure { problems.add(failure) }
                failure = error
            }
        }
        if let failure { throw failure }
        return bound
    }

    /// A value that decides: BOOLEAN, or a number as DuckDB reads it.
    func condition(_ expression: SyntaxExpression) throws(SQLProblem) -> Bound {
        let bound = try bind(expression)
        guard bound.type == .bool || bound.isNull || bound.type.computed.isNumeric || bound.isStringLiteral else {
            throw SQLProblem(
                .typeMismatch, "\(clause) needs a condition here", expected: "BOOLEAN",
                found: "\(expression.text) \(bound.type)", hint: "Compare it with something, for example IS NOT NULL.",
                position: bound.position)
        }
        return Bound(try cast(bound, to: .bool))
    }

    // MARK: Columns

    private func column(_ path: [String], at position: Int?) throws(SQLProblem) -> Bound {
        // schema.table.column, table.column, column; what follows the column are fields of a structure.
        for qualifiers in stride(from: min(3, path.count - 1), through: 0, by: -1) {
            let qualifier = Array(path.prefix(qualifiers))
            let name = path[qualifiers]
            switch qualifiers == 0 ? scope.column(name) : scope.column(name, of: qualifier) {
            case .one(let expression):
                var bound = Bound(expression.node, expression.type, nullable: expression.nullable, at: position)
                for field in path[(qualifiers + 1)...] {
                    bound = try extract(bound, Bound(text(field, at: position), isStringLiteral: true), at: position)
                }
                return bound
            case .many(let names):
                throw SQLProblem(
                    .ambiguousColumn, "\(path.joined(separator: ".")) is more than one column",
                    expected: "one of \(names.joined(separator: ", "))", found: name,
                    hint: "Put the relation's name before it, such as \(names[0]).", position: position)
            case .none: continue
            }
        }
        if path.count == 1, let item = aliases.last(where: { $0.alias?.equalsIgnoringCase(path[0]) ?? false }),
            expanding.insert(path[0].lowercased()).inserted
        {
            defer { expanding.remove(path[0].lowercased()) }
            return try bind(item)
        }
        throw unknownColumn(path, at: position)
    }

    private func unknownColumn(_ path: [String], at position: Int?) -> SQLProblem {
        let written = path.joined(separator: ".")
        if path.count == 1, ScalarFunctions.clocks.contains(path[0].lowercased()) {
            return ScalarFunctions.clockProblem(path[0], at: position)
        }
        let qualifier = Array(path.dropLast())
        if !qualifier.isEmpty, scope.hasRelation(qualifier) {
            let names = scope.columnNames(of: qualifier)
            let question = NearestName.question(for: path.last ?? "", among: names)
            return SQLProblem(
                .unknownColumn, "\(qualifier.joined(separator: ".")) has no column \(path.last ?? "")",
                expected: "one of \(NearestName.list(names))", found: written,
                hint: question ?? "Correct the name, or select the column below.", position: position)
        }
        if !qualifier.isEmpty {
            let relations = scope.relations.map(\.name)
            return SQLProblem(
                .unknownRelation, "there is no relation \(qualifier.joined(separator: ".")) in FROM",
                expected: relations.isEmpty ? nil : "one of \(NearestName.list(relations))", found: written,
                hint: NearestName.question(for: qualifier.joined(separator: "."), among: relations)
                    ?? "Use the alias that FROM gives the relation.", position: position)
        }
        let names = scope.columnNames + aliases.compactMap(\.alias)
        let isText = NearestName.candidates(for: written, among: names).isEmpty
        return SQLProblem(
            .unknownColumn, "there is no column \(written)",
            expected: names.isEmpty ? "no column can stand here" : "one of \(NearestName.list(names))", found: written,
            hint: NearestName.question(for: written, among: names)
                ?? (isText && clause != "USING"
                    ? "Correct the name; text stands in single quotes: '\(written)'." : "Correct the name."),
            position: position)
    }

    func text(_ text: String, at position: Int?) -> Expression {
        Expression(.literal(.string(text)), type: .utf8, nullable: false, position: position)
    }

    // MARK: Literals

    private func literal(_ literal: SyntaxExpression.Literal, at position: Int?) throws(SQLProblem) -> Bound {
        switch literal {
        case .null: return Bound(.literal(.null), .null, nullable: true, at: position)
        case .boolean(let value): return Bound(.literal(.bool(value)), .bool, nullable: false, at: position)
        case .string(let value): return Bound(text(value, at: position), isStringLiteral: true)
        case .integer(let digits):
            guard let value = Int128(digits.filter { $0 != "_" }), let type = NumericTypes.integerLiteral(value) else {
                throw SQLProblem(
                    .literal, "the number is too large", expected: "at most 38 digits", found: digits,
                    hint: "Write it as a DOUBLE, such as 1e40.", position: position)
            }
            return Bound(integer(value, type, at: position), integerLiteral: value)
        case .numeric(let digits): return try numeric(digits.filter { $0 != "_" }, at: position)
        case .other(let kind, let text):
            throw SQLProblem(
                .literal, "a stream knows no \(kind.replacingUnderscores) literals", found: text,
                hint: "Write the value as text and cast it.", position: position)
        }
    }

    func integer(_ value: Int128, _ type: DataType, at position: Int?) -> Expression {
        let scalar = type.isDecimal ? Scalar.decimal(value) : LiteralCast.integer(value, type)
        return Expression(.literal(scalar), type: type, nullable: false, position: position)
    }

    private func numeric(_ text: String, at position: Int?) throws(SQLProblem) -> Bound {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let digits = text.utf8.filter { (0x30...0x39).contains($0) }.count
        if !text.lowercased().contains("e"), digits <= 38, parts.count <= 2,
            let unscaled = Int128(parts.joined())
        {
            let type = DataType.decimal128(precision: max(digits, 1), scale: parts.count == 2 ? parts[1].utf8.count : 0)
            return Bound(.literal(.decimal(unscaled)), type, nullable: false, at: position)
        }
        guard let value = Double(text) else {
            throw SQLProblem(
                .literal, "the number cannot be read", expected: "digits", found: text, hint: "Correct the number.",
                position: position)
        }
        return Bound(.literal(.double(value)), .float64, nullable: false, at: position)
    }

    // MARK: Casts

    /// The value as `type`; literals are cast now.
    func cast(_ bound: Bound, to type: DataType, isTry: Bool = false) throws(SQLProblem) -> Expression {
        let expression = bound.expression
        guard expression.type != type else { return expression }
        if case .literal(let value) = expression.node {
            switch LiteralCast.cast(value, from: expression.type, to: type) {
            case .value(let scalar):
                return Expression(
                    .literal(scalar), type: type, nullable: scalar.isNull, position: expression.position)
            case .impossible(let expected) where !isTry:
                throw SQLProblem(
                    .literal, "the value is no \(type)", expected: expected, found: describe(value),
                    hint: "Correct the value, or compare with another type.", position: expression.position)
            default: break
            }
        }
        return Expression(
            .cast(expression, isTry: isTry), type: type, nullable: expression.nullable || isTry,
            position: expression.position)
    }

    private func explicitCast(_ bound: Bound, to type: DataType, isTry: Bool, at position: Int?) throws(SQLProblem)
        -> Expression
    {
        guard bound.type.isCastable(to: type) else {
            throw SQLProblem(
                .typeMismatch, "\(bound.type) cannot be cast to \(type)", found: "\(bound.type)",
                hint: "Cast by way of a type that both can be cast to, such as VARCHAR or TIMESTAMP.",
                position: position)
        }
        let value = try cast(bound, to: type, isTry: isTry)
        return Expression(value.node, type: value.type, nullable: value.nullable, position: position)
    }

    private func describe(_ value: Scalar) -> String {
        switch value {
        case .string(let text): SQLText.literal(text)
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)"
        case .decimal(let value): "\(value)"
        default: "\(value)"
        }
    }

    /// The value in the type that expressions compute with.
    func computed(_ bound: Bound) throws(SQLProblem) -> Expression { try cast(bound, to: bound.type.computed) }
}
