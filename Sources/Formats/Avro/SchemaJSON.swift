/// A JSON text as a tree that keeps the order of members and where each value stood.
///
/// For schemas and what is said about them: small texts, written by people. Two trees are equal when their values are,
/// wherever they stood.
public struct SchemaJSON: Sendable, Hashable {
    public enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        /// The digits as written: whoever reads them knows how wide the number may be.
        case number(String)
        case string(String)
        case array([SchemaJSON])
        case object([Member])
    }

    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: SchemaJSON
        public init(_ name: String, _ value: SchemaJSON) { (self.name, self.value) = (name, value) }
    }

    public let value: Value
    /// Bytes before this value in the text.
    public let position: Int

    public init(_ value: Value, position: Int = 0) { (self.value, self.position) = (value, position) }

    public static func == (left: Self, right: Self) -> Bool { left.value == right.value }
    public func hash(into hasher: inout Hasher) { hasher.combine(value) }

    public static let null = SchemaJSON(.null)
    public static func bool(_ value: Bool) -> SchemaJSON { SchemaJSON(.bool(value)) }
    public static func number(_ value: some BinaryInteger) -> SchemaJSON { SchemaJSON(.number(String(value))) }
    public static func string(_ value: String) -> SchemaJSON { SchemaJSON(.string(value)) }
    public static func array(_ values: [SchemaJSON]) -> SchemaJSON { SchemaJSON(.array(values)) }
    public static func object(_ members: [(String, SchemaJSON)]) -> SchemaJSON {
        SchemaJSON(.object(members.map { Member($0.0, $0.1) }))
    }
}

extension SchemaJSON {
    /// The member of that name; nil where there is none, or this is not an object.
    public subscript(name: String) -> SchemaJSON? {
        guard case .object(let members) = value else { return nil }
        return members.last { $0.name == name }?.value
    }

    public var string: String? {
        guard case .string(let text) = value else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let truth) = value else { return nil }
        return truth
    }

    public var array: [SchemaJSON]? {
        guard case .array(let items) = value else { return nil }
        return items
    }

    public var members: [Member]? {
        guard case .object(let members) = value else { return nil }
        return members
    }

    /// A whole number; nil for anything else or what 64 bits cannot hold.
    public var integer: Int64? {
        guard case .number(let digits) = value else { return nil }
        return Int64(digits)
    }

    public var double: Double? {
        guard case .number(let digits) = value else { return nil }
        return Double(digits)
    }

    /// What kind of value this is, for messages.
    public var kind: String {
        switch value {
        case .null: "null"
        case .bool(let truth): "\(truth)"
        case .number(let digits): "the number \(digits)"
        case .string(let text): "\"\(text.prefix(60))\""
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The text without any white space.
    public var text: String {
        var out = ""
        write(into: &out, sorted: false)
        return out
    }

    /// The text without white space, and with the members of every object in order of their names.
    public var sortedText: String {
        var out = ""
        write(into: &out, sorted: true)
        return out
    }

    private func write(into out: inout String, sorted: Bool) {
        switch value {
        case .null: out += "null"
        case .bool(let truth): out += truth ? "true" : "false"
        case .number(let digits): out += digits
        case .string(let text): Self.quote(text, into: &out)
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                item.write(into: &out, sorted: sorted)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in (sorted ? members.sorted { $0.name < $1.name } : members).enumerated() {
                if index > 0 { out += "," }
                Self.quote(member.name, into: &out)
                out += ":"
                member.value.write(into: &out, sorted: sorted)
            }
            out += "}"
        }
    }

    static func quote(_ text: String, into out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{0}"..<" ":
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
