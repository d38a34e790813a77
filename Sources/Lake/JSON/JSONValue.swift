/// A JSON document as a value. Members keep their order, and numbers that are not 64-bit integers keep their text.
enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number with a point or an exponent, or too large for 64 bits, as written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Sendable, Hashable {
        let name: String
        let value: JSONValue
        init(_ name: String, _ value: JSONValue) { (self.name, self.value) = (name, value) }
    }

    /// An object of the members that have a value.
    static func members(_ list: (String, JSONValue?)...) -> JSONValue {
        .object(list.compactMap { name, value in value.map { Member(name, $0) } })
    }

    static func strings(_ map: [String: String]) -> JSONValue {
        .object(map.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) })
    }

    static func optionalStrings(_ map: [String: String?]) -> JSONValue {
        .object(map.sorted { $0.key < $1.key }.map { Member($0.key, $0.value.map { .string($0) } ?? .null) })
    }

    /// The last member of that name; nil where there is none, or it is null.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members.last(where: { $0.name == name })?.value else {
            return nil
        }
        return value == .null ? nil : value
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var bool: Bool? { if case .bool(let truth) = self { truth } else { nil } }
    var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    var object: [Member]? { if case .object(let members) = self { members } else { nil } }

    var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let text): Double(text).flatMap { Int64(exactly: $0) }
        default: nil
        }
    }

    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let text): Double(text)
        default: nil
        }
    }

    /// A map of strings; null values are nil.
    var optionalStringMap: [String: String?]? {
        guard let object else { return nil }
        var map: [String: String?] = [:]
        for member in object {
            switch member.value {
            case .string(let text): map[member.name] = .some(text)
            case .null: map[member.name] = .some(nil)
            default: return nil
            }
        }
        return map
    }

    /// A map of strings; other values as their text, null values left out.
    var stringMap: [String: String]? {
        guard let object else { return nil }
        var map: [String: String] = [:]
        for member in object where member.value != .null { map[member.name] = member.value.string ?? member.value.text }
        return map
    }

    var stringList: [String]? {
        guard let array else { return nil }
        let strings = array.compactMap(\.string)
        return strings.count == array.count ? strings : nil
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.append(self, to: &bytes)
        return bytes
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}
