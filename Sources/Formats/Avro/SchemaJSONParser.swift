/// Reads a JSON text (RFC 8259) into a tree. Refuses what the standard refuses, and names that stand twice in an object.
struct SchemaJSONParser {
    /// Deeper texts are refused, so that no text can exhaust the stack.
    static let depthMax = 128

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func parse(_ bytes: [UInt8]) throws(AvroError) -> SchemaJSON {
        guard UTF8Check.isValid(bytes) else {
            throw .schema(problem: "the text is not UTF-8", expected: "UTF-8", found: nil, line: 1, column: 1)
        }
        var parser = SchemaJSONParser(bytes)
        let tree = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.position < bytes.count { throw parser.failure("the end of the text") }
        return tree
    }

    private mutating func value(depth: Int) throws(AvroError) -> SchemaJSON {
        skipSpace()
        let start = position
        if depth > Self.depthMax { throw failure("at most \(Self.depthMax) levels") }
        switch peek {
        case UInt8(ascii: "{"): return SchemaJSON(.object(try members(depth: depth)), position: start)
        case UInt8(ascii: "["): return SchemaJSON(.array(try items(depth: depth)), position: start)
        case UInt8(ascii: "\""): return SchemaJSON(.string(try string()), position: start)
        case UInt8(ascii: "t"): return SchemaJSON(try word("true", .bool(true)), position: start)
        case UInt8(ascii: "f"): return SchemaJSON(try word("false", .bool(false)), position: start)
        case UInt8(ascii: "n"): return SchemaJSON(try word("null", .null), position: start)
        default: return SchemaJSON(.number(try number()), position: start)
        }
    }

    private mutating func members(depth: Int) throws(AvroError) -> [SchemaJSON.Member] {
        position += 1
        var found: [SchemaJSON.Member] = []
        var names: Set<String> = []
        if take("}") { return found }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw failure("a name in double quotes") }
            let start = position
            let name = try string()
            guard names.insert(name).inserted else {
                position = start
                throw failure("each name once", found: "\"\(name)\" again")
            }
            guard take(":") else { throw failure("':'") }
            found.append(SchemaJSON.Member(name, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw failure("',' or '}'") }
        return found
    }

    private mutating func items(depth: Int) throws(AvroError) -> [SchemaJSON] {
        position += 1
        var found: [SchemaJSON] = []
        if take("]") { return found }
        repeat { found.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw failure("',' or ']'") }
        return found
    }

    private mutating func string() throws(AvroError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += Array(String(try escaped()).utf8)
            case 0..<0x20:
                position -= 1
                throw failure("control characters escaped", found: "byte \(byte)")
            default: text.append(byte)
            }
        }
        throw failure("'\"'")
    }

    private mutating func escaped() throws(AvroError) -> Unicode.Scalar {
        let byte = peek
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let high = try hexadecimal()
            if let scalar = Unicode.Scalar(high) { return scalar }
            if high < 0xdc00, peek == UInt8(ascii: "\\") {
                position += 1
                if peek == UInt8(ascii: "u") {
                    position += 1
                    let low = try hexadecimal()
                    if (0xdc00...0xdfff).contains(low),
                        let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
                    {
                        return scalar
                    }
                }
            }
            throw failure("a pair of surrogates", found: "half of one")
        default:
            position -= 1
            throw failure("one of \" \\ / b f n r t u")
        }
    }

    private mutating func hexadecimal() throws(AvroError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func number() throws(AvroError) -> String {
        let start = position
        if peek == UInt8(ascii: "-") { position += 1 }
        let whole = digits()
        guard whole > 0 else { throw failure("a JSON value") }
        if whole > 1, bytes[position - whole] == UInt8(ascii: "0") {
            position -= whole
            throw failure("a number without leading zeros")
        }
        if peek == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw failure("a digit") }
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw failure("a digit") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func word(_ word: String, _ value: SchemaJSON.Value) throws(AvroError) -> SchemaJSON.Value {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("a JSON value") }
        position += word.utf8.count
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    private func failure(_ expected: String, found: String? = nil) -> AvroError {
        let here =
            found
            ?? (position < bytes.count
                ? "'\(String(decoding: bytes[position..<min(position + 12, bytes.count)], as: UTF8.self))'"
                : "the end of the text")
        let (line, column) = SchemaJSON.place(of: position, in: bytes)
        return .schema(problem: "not JSON", expected: expected, found: here, line: line, column: column)
    }
}

extension SchemaJSON {
    /// - Throws: `AvroError.schema`, with the line and column.
    public init(parsing text: String) throws(AvroError) { self = try SchemaJSONParser.parse(Array(text.utf8)) }

    /// - Throws: `AvroError.schema`, with the line and column.
    public init(parsing bytes: [UInt8]) throws(AvroError) { self = try SchemaJSONParser.parse(bytes) }

    /// Line and column, both from 1, of a byte; columns count Unicode scalars.
    static func place(of position: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for byte in bytes.prefix(position) {
            if byte == 0x0a { (line, column) = (line + 1, 1) } else if byte & 0xc0 != 0x80 { column += 1 }
        }
        return (line, column)
    }
}
