internal import DuckDB

extension SyntaxExpression {
    /// The name of the column that the expression makes where it has no alias: close to DuckDB's.
    public var columnName: String {
        if let alias { return alias }
        if case .column(let path) = node { return path.last ?? "" }
        return text
    }

    /// The expression as text, in the form of DuckDB's column names.
    var text: String {
        switch node {
        case .column(let path): return path.joined(separator: ".")
        case .star(let star): return star.relation.map { "\($0).*" } ?? "*"
        case .literal(let literal): return literal.text
        case .cast(let inner, let type, _) where type.name == "INTERVAL" && inner.isLiteral:
            return "INTERVAL \(inner.text)"
        case .cast(let inner, let type, let isTry):
            return "\(isTry ? "TRY_CAST" : "CAST")(\(inner.text) AS \(type.name))"
        case .function(let call): return call.text
        case .comparison(let comparison, let left, let right):
            return "(\(left.text) \(comparison.rawValue) \(right.text))"
        case .and(let all): return "(\(all.map(\.text).joined(separator: " AND ")))"
        case .or(let all): return "(\(all.map(\.text).joined(separator: " OR ")))"
        case .not(let inner): return "(NOT \(inner.text))"
        case .isNull(let inner): return "(\(inner.text) IS NULL)"
        case .isNotNull(let inner): return "(\(inner.text) IS NOT NULL)"
        case .inList(let all):
            return "(\(all[0].text) IN (\(all.dropFirst().map(\.text).joined(separator: ", "))))"
        case .coalesce(let all): return "COALESCE(\(all.map(\.text).joined(separator: ", ")))"
        case .between(let input, let lower, let upper): return "(\(input.text) BETWEEN \(lower.text) AND \(upper.text))"
        case .conditional(let branches, let otherwise):
            let cases = branches.map { "WHEN (\($0.condition.text)) THEN (\($0.result.text))" }
            return "CASE  \(cases.joined(separator: " ")) ELSE \(otherwise.text) END"
        case .extract(let base, let key): return "\(base.text)[\(key.text)]"
        case .subquery: return "(subquery)"
        case .windowFunction(let name, _): return "\(name)() OVER (...)"
        case .parameter(let name): return "$\(name)"
        case .unsupported(let kind, _): return kind
        }
    }
}

extension SyntaxExpression {
    private var isLiteral: Bool { if case .literal = node { true } else { false } }
}

extension SyntaxExpression.Literal {
    var text: String {
        switch self {
        case .null: "NULL"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let text), .numeric(let text), .other(_, let text): text
        case .string(let text): SQLText.literal(text)
        }
    }
}

extension FunctionCall {
    var text: String {
        let inner = arguments.map(\.expression.text)
        if isOperator, inner.count == 2 { return "(\(inner[0]) \(name) \(inner[1]))" }
        if isOperator, inner.count == 1 { return "\(name)\(inner[0])" }
        let head = "\(name)(\(isDistinct ? "DISTINCT " : "")\(inner.joined(separator: ", ")))"
        return filter.map { "\(head) FILTER (WHERE \($0.text))" } ?? head
    }
}
