/// One SELECT as it is written; no name is resolved.
///
/// Positions count UTF-8 bytes of the text from 0; nil where the parser made the node up.
public struct SelectStatement: Sendable, Hashable {
    public let text: String
    public let query: QueryExpression
}

/// A query with what stands before it (WITH) and behind it (DISTINCT, ORDER BY, LIMIT).
public struct QueryExpression: Sendable, Hashable {
    public indirect enum Body: Sendable, Hashable {
        case select(SelectNode)
        case setOperation(SetOperation)
        case unsupported(kind: String, position: Int?)
    }

    public enum Modifier: Sendable, Hashable {
        case distinct
        case distinctOn([SyntaxExpression])
        case orderBy([SyntaxExpression])
        case limit(position: Int?)
        case unsupported(kind: String)
    }

    public let commonTables: [CommonTableExpression]
    public let body: Body
    public let modifiers: [Modifier]
}

public struct CommonTableExpression: Sendable, Hashable {
    public let name: String
    public let columnAliases: [String]
    public let query: QueryExpression
}

public struct SetOperation: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case union, unionByName, except, intersect }
    public let kind: Kind
    public let isAll: Bool
    public let inputs: [QueryExpression]
}

public struct SelectNode: Sendable, Hashable {
    public let items: [SyntaxExpression]
    /// Nil for a SELECT without FROM.
    public let from: TableReference?
    public let filter: SyntaxExpression?
    public let grouping: Grouping
    public let having: SyntaxExpression?
    public let qualify: SyntaxExpression?
    public let isSampled: Bool
}

/// GROUP BY.
public enum Grouping: Sendable, Hashable {
    case none
    /// GROUP BY ALL: by every item that has no aggregate.
    case all
    case keys([SyntaxExpression])
    /// GROUPING SETS, ROLLUP and CUBE.
    case sets(position: Int?)
}

/// What FROM names.
public indirect enum TableReference: Sendable, Hashable {
    case table(path: [String], alias: TableAlias?, position: Int?)
    case subquery(QueryExpression, alias: TableAlias?, position: Int?)
    case join(JoinClause)
    case function(FunctionCall, alias: TableAlias?, position: Int?)
    case unsupported(kind: String, position: Int?)
}

/// `AS name (column, ...)`.
public struct TableAlias: Sendable, Hashable {
    public let name: String?
    public let columns: [String]
}

public struct JoinClause: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable { case inner, left, right, full, semi, anti, other }
    public enum Condition: Sendable, Hashable {
        case on(SyntaxExpression)
        case using([String])
        case natural
        /// CROSS JOIN, or a comma.
        case none
    }

    public let kind: Kind
    public let isAsOf: Bool
    public let left: TableReference
    public let right: TableReference
    public let condition: Condition
    public let position: Int?
}
