/// A named, typed place in a schema or a nested type.
public struct Field: Sendable, Hashable {
    public var name: String
    public var type: DataType
    public var nullable: Bool
    /// Free-form notes that travel with the field, as Arrow and Parquet keep them.
    public var metadata: [String: String]

    public init(_ name: String, _ type: DataType, nullable: Bool = true, metadata: [String: String] = [:]) {
        self.name = name
        self.type = type
        self.nullable = nullable
        self.metadata = metadata
    }
}

/// The fields of a record batch, in the order of its columns.
public struct Schema: Sendable, Hashable, CustomStringConvertible {
    public var fields: [Field]
    public var metadata: [String: String]

    public init(_ fields: [Field], metadata: [String: String] = [:]) {
        self.fields = fields
        self.metadata = metadata
    }

    public var count: Int { fields.count }
    public subscript(index: Int) -> Field { fields[index] }
    public func index(of name: String) -> Int? { fields.firstIndex { $0.name == name } }
    public func field(named name: String) -> Field? { fields.first { $0.name == name } }

    public var description: String {
        "(" + fields.map { "\($0.name) \($0.type)\($0.nullable ? "" : " NOT NULL")" }.joined(separator: ", ") + ")"
    }
}
