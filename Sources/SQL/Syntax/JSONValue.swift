/// A JSON document in memory, as the parser's answer comes.
///
/// Numbers keep their text: positions are unsigned 64-bit, which a floating value would bend.
enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// How deep a document may nest: one level of an expression takes three.
    static let depthMax = 1_200

    init(parsing text: String) throws(SQLError) {
        var parser = JSONParser(bytes: Array(text.utf8))
        self = try parser.document()
    }

    subscript(key: String) -> JSONValue {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    /// The text, if there is one and it is not empty: the parser writes absent names as "".
    var name: String? { string.flatMap { $0.isEmpty ? nil : $0 } }
    var array: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    var isTrue: Bool { self == .bool(true) }
    var isNull: Bool { self == .null }
    var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }
}

private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(SQLError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("text after the document") }
        return value
    }

    private mutating func value(depth: Int) throws(SQLError) -> JSONValue {
        guard depth < JSONValue.depthMax else {
            throw .problems(
                [
                    SQLProblem(
                        .nesting, "the query nests too deep", expected: "at most \(JSONValue.depthMax / 3) levels",
                        hint: "Split it into several common table expressions, or shorten long chains of operators.")
                ], text: "")
        }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(SQLError) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure("no colon after a member's name") }
            members[key] = try value(depth: depth + 1)
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure("an object without its end") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(SQLError) -> JSONValue {
        position += 1
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(items) }
        repeat {
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure("an array without its end") }
        return .array(items)
    }

    private mutating func string() throws(SQLError) -> String {
        guard take("\"") else { throw failure("no string where one must stand") }
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw failure("text is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            default: text.append(byte)
            }
        }
        throw failure("a string without its end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(SQLError) {
        guard position < bytes.count else { throw failure("a string without its end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if unit & 0xfc00 == 0xd800 {
                guard take("\\"), take("u") else { throw failure("half a surrogate pair") }
                let low = try hexadecimal()
                guard low & 0xfc00 == 0xdc00 else { throw failure("half a surrogate pair") }
                unit = 0x10000 + (unit & 0x3ff) << 10 + (low & 0x3ff)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw failure("an escape that is no character") }
            text.append(contentsOf: String(scalar).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(SQLError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("an escape without four digits") }
        position += 4
        return unit
    }

    private mutating func number() throws(SQLError) -> JSONValue {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
        guard position > start else { throw failure("no value where one must stand") }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(SQLError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("an unknown word") }
        position += word.utf8.count
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private func failure(_ what: String) -> SQLError { .unreadableTree(detail: "\(what), at byte \(position)") }
}
