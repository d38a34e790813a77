/// An expression as it is written.
public struct SyntaxExpression: Sendable, Hashable {
    public indirect enum Node: Sendable, Hashable {
        /// `column`, `table.column`, `column.field` ...: the binder decides which.
        case column([String])
        case star(Star)
        case literal(Literal)
        case cast(SyntaxExpression, to: TypeName, isTry: Bool)
        case function(FunctionCall)
        case comparison(Comparison, SyntaxExpression, SyntaxExpression)
        case and([SyntaxExpression])
        case or([SyntaxExpression])
        case not(SyntaxExpression)
        case isNull(SyntaxExpression)
        case isNotNull(SyntaxExpression)
        /// The subject, then the values.
        case inList([SyntaxExpression])
        case coalesce([SyntaxExpression])
        case between(SyntaxExpression, lower: SyntaxExpression, upper: SyntaxExpression)
        case conditional([Branch], otherwise: SyntaxExpression)
        /// `list[item]`, `structure['field']`.
        case extract(SyntaxExpression, SyntaxExpression)
        /// A query inside an expression, with what it is compared to.
        case subquery(QueryExpression, SyntaxExpression?)
        /// `function() OVER (...)`, with every expression inside it.
        case windowFunction(name: String, [SyntaxExpression])
        case parameter(String)
        /// Something else, with what can be found inside it.
        case unsupported(kind: String, [SyntaxExpression])
    }

    public struct Branch: Sendable, Hashable {
        public let condition: SyntaxExpression
        public let result: SyntaxExpression
    }

    public enum Comparison: String, Sendable, Hashable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case distinctFrom = "IS DISTINCT FROM"
        case notDistinctFrom = "IS NOT DISTINCT FROM"
    }

    public enum Literal: Sendable, Hashable {
        case null
        case boolean(Bool)
        /// Digits, perhaps with a sign and underscores.
        case integer(String)
        /// With a point or an exponent.
        case numeric(String)
        case string(String)
        case other(kind: String, text: String)
    }

    /// `*`, `table.*`, with EXCLUDE, REPLACE and RENAME.
    public struct Star: Sendable, Hashable {
        public struct Replacement: Sendable, Hashable {
            public let column: String
            public let expression: SyntaxExpression
        }

        public struct Renaming: Sendable, Hashable {
            public let column: String
            public let name: String
        }

        public let relation: String?
        public let excluded: [String]
        public let replaced: [Replacement]
        public let renamed: [Renaming]
        /// `COLUMNS(...)`.
        public let isPattern: Bool
    }

    public let node: Node
    public let alias: String?
    public let position: Int?
}

public struct FunctionCall: Sendable, Hashable {
    public struct Argument: Sendable, Hashable {
        /// For `name := value`.
        public let name: String?
        public let expression: SyntaxExpression
    }

    /// In lower case.
    public let name: String
    public let arguments: [Argument]
    public let isDistinct: Bool
    public let filter: SyntaxExpression?
    /// ORDER BY inside the call, or WITHIN GROUP.
    public let orders: [Order]
    public let isOperator: Bool

    public struct Order: Sendable, Hashable {
        public let expression: SyntaxExpression
        public let isDescending: Bool
    }
}

/// A type as it is written: `DECIMAL(10, 2)`, `INTEGER[]`.
public struct TypeName: Sendable, Hashable {
    /// In upper case.
    public let name: String
    /// Numbers in parentheses.
    public let parameters: [Int]
    /// Types inside: a list's item, a structure's fields, a map's key and value.
    public let children: [Child]
    public let position: Int?

    public struct Child: Sendable, Hashable {
        public let name: String?
        public let type: TypeName
    }
}

extension SyntaxExpression {
    /// The expressions directly inside, without those of subqueries.
    public var children: [SyntaxExpression] {
        switch node {
        case .column, .literal, .parameter: []
        case .star(let star): star.replaced.map(\.expression)
        case .cast(let inner, _, _), .not(let inner), .isNull(let inner), .isNotNull(let inner): [inner]
        case .function(let call):
            call.arguments.map(\.expression) + call.orders.map(\.expression) + (call.filter.map { [$0] } ?? [])
        case .comparison(_, let left, let right), .extract(let left, let right): [left, right]
        case .and(let all), .or(let all), .inList(let all), .coalesce(let all): all
        case .between(let input, let lower, let upper): [input, lower, upper]
        case .conditional(let branches, let otherwise): branches.flatMap { [$0.condition, $0.result] } + [otherwise]
        case .subquery(_, let compared): compared.map { [$0] } ?? []
        case .windowFunction(_, let inner), .unsupported(_, let inner): inner
        }
    }
}
