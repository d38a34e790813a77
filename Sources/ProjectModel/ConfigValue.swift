/// A free value of a project file: a variable, an entry of `meta`, an argument of `config(...)`.
public indirect enum ConfigValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case list([ConfigValue])
    /// Keys in the order written.
    case mapping([Entry])

    public struct Entry: Sendable, Hashable {
        public let key: String
        public let value: ConfigValue
        public init(_ key: String, _ value: ConfigValue) {
            self.key = key
            self.value = value
        }
    }

    /// What a person would call this kind of value.
    var kind: String {
        switch self {
        case .null: "nothing"
        case .bool(let value): "\(value)"
        case .int(let value): "the number \(value)"
        case .double(let value): "the number \(value)"
        case .string(let text): "the text '\(text)'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    public subscript(key: String) -> ConfigValue? {
        guard case .mapping(let entries) = self else { return nil }
        return entries.last { $0.key == key }?.value
    }
}
