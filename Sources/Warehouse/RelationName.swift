internal import DuckDB

/// The name of a table or view in the warehouse.
public struct RelationName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let schema: String
    public let name: String

    public init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// The name as SQL writes it, quoted.
    public var sql: String { SQLText.identifier(schema) + "." + SQLText.identifier(name) }
    public var description: String { "\(schema).\(name)" }

    public static func < (left: Self, right: Self) -> Bool { (left.schema, left.name) < (right.schema, right.name) }
}
