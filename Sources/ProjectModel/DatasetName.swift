/// The name of a dataset: `namespace.name` for tables of a source, a bare name for models and seeds.
public struct DatasetName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let namespace: String?
    public let name: String
    public init(_ name: String, in namespace: String? = nil) {
        self.namespace = namespace
        self.name = name
    }

    public var description: String { namespace.map { "\($0).\(name)" } ?? name }

    /// As SQL text names it: each part quoted.
    public var sql: String {
        func quoted(_ part: String) -> String {
            "\"" + part.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        return namespace.map { quoted($0) + "." + quoted(name) } ?? quoted(name)
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace ?? "", left.name) < (right.namespace ?? "", right.name)
    }
}
