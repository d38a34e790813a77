/// One word of an expression or a statement tag.
struct TemplateToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case name(String)
        case string(String)
        case int(Int)
        case double(Double)
        /// An operator or bracket, as written.
        case symbol(String)
        /// `}}` or `%}`; `trims` when written with a minus.
        case end(trims: Bool)
    }
    let kind: Kind
    let offset: Int

    /// For messages: what a person would call this token.
    var description: String {
        switch kind {
        case .name(let name): "`\(name)`"
        case .string(let text): "the string '\(text)'"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .symbol(let text): "`\(text)`"
        case .end: "the end of the tag"
        }
    }
}

/// Splits what stands between `{{` and `}}` (or `{%` and `%}`) into tokens.
struct TemplateLexer {
    let source: TemplateSource
    private(set) var offset: Int
    private var brackets: [UInt8] = []
    /// After a point, `0.1` is two indices and not a number.
    private var isAfterPoint = false
    /// `}}` or `%}`.
    private let terminator: [UInt8]

    init(source: TemplateSource, offset: Int, terminator: StaticString) {
        self.source = source
        self.offset = offset
        self.terminator = Array("\(terminator)".utf8)
    }

    private static let symbols = [
        "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ":", "|", ",", ";", "(",
        ")", "[", "]", "{", "}",
    ].map { (text: $0, bytes: Array($0.utf8)) }

    private func byte(_ position: Int) -> UInt8? { position < source.bytes.count ? source.bytes[position] : nil }

    private func starts(with bytes: [UInt8], at position: Int) -> Bool {
        position + bytes.count <= source.bytes.count
            && source.bytes[position..<(position + bytes.count)].elementsEqual(bytes)
    }

    /// The next token; the tag must be closed before the file ends.
    mutating func next() throws -> TemplateToken {
        while let space = byte(offset), [0x20, 0x09, 0x0a, 0x0d, 0x0b, 0x0c].contains(space) { offset += 1 }
        let start = offset
        guard let first = byte(start) else {
            throw ProjectError.templateSyntax(
                source.location(at: start), message: "the tag is never closed",
                expected: "`\(String(decoding: terminator, as: UTF8.self))`", found: "the end of the file",
                hint: "Close the tag.")
        }
        let followsPoint = isAfterPoint
        isAfterPoint = first == UInt8(ascii: ".")
        if brackets.isEmpty {
            if starts(with: terminator, at: start) {
                offset += terminator.count
                return TemplateToken(kind: .end(trims: false), offset: start)
            }
            if first == UInt8(ascii: "-") || first == UInt8(ascii: "+"), starts(with: terminator, at: start + 1) {
                offset += terminator.count + 1
                return TemplateToken(kind: .end(trims: first == UInt8(ascii: "-")), offset: start)
            }
        }
        if isNameStart(first) { return lexName(from: start) }
        if first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") {
            return try lexNumber(from: start, wholeOnly: followsPoint)
        }
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") { return try lexString(from: start, quote: first) }
        for symbol in Self.symbols where starts(with: symbol.bytes, at: start) {
            offset += symbol.bytes.count
            try balance(first, isSingle: symbol.bytes.count == 1, at: start)
            return TemplateToken(kind: .symbol(symbol.text), offset: start)
        }
        let character = source.text(start..<source.bytes.count).first.map(String.init) ?? ""
        throw ProjectError.templateSyntax(
            source.location(at: start), message: "unexpected character", expected: "an expression",
            found: "`\(character)`", hint: "Quote text, or remove the character.")
    }

    private mutating func balance(_ byte: UInt8, isSingle: Bool, at position: Int) throws {
        guard isSingle else { return }
        let pairs: [UInt8: UInt8] = [
            UInt8(ascii: ")"): UInt8(ascii: "("), UInt8(ascii: "]"): UInt8(ascii: "["),
            UInt8(ascii: "}"): UInt8(ascii: "{"),
        ]
        if pairs.values.contains(byte) { brackets.append(byte) }
        guard let opening = pairs[byte] else { return }
        let last = brackets.popLast()
        guard last != opening else { return }
        let closing = last.flatMap { last in pairs.first { $0.value == last }?.key }
        throw ProjectError.templateSyntax(
            source.location(at: position),
            message: last == nil ? "a bracket closes that was not opened" : "a bracket is not closed",
            expected: closing.map { "`\(Character(UnicodeScalar($0)))`" },
            found: "`\(Character(UnicodeScalar(byte)))`", hint: "Balance the brackets of this tag.")
    }

    private func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }

    private mutating func lexName(from start: Int) -> TemplateToken {
        while let next = byte(offset),
            isNameStart(next) || (next >= UInt8(ascii: "0") && next <= UInt8(ascii: "9"))
        { offset += 1 }
        return TemplateToken(kind: .name(source.text(start..<offset)), offset: start)
    }

    private mutating func lexNumber(from start: Int, wholeOnly: Bool) throws -> TemplateToken {
        func isDigit(_ byte: UInt8?) -> Bool {
            byte.map { ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: "_") } ?? false
        }
        while isDigit(byte(offset)) { offset += 1 }
        var isDouble = false
        if !wholeOnly, byte(offset) == UInt8(ascii: "."), isDigit(byte(offset + 1)) {
            isDouble = true
            offset += 1
            while isDigit(byte(offset)) { offset += 1 }
        }
        if let exponent = byte(offset), exponent | 0x20 == UInt8(ascii: "e") {
            let signed = byte(offset + 1) == UInt8(ascii: "-") || byte(offset + 1) == UInt8(ascii: "+")
            if isDigit(byte(offset + (signed ? 2 : 1))) {
                isDouble = true
                offset += signed ? 2 : 1
                while isDigit(byte(offset)) { offset += 1 }
            }
        }
        let digits = source.text(start..<offset).filter { $0 != "_" }
        if !isDouble, let value = Int(digits) { return TemplateToken(kind: .int(value), offset: start) }
        if isDouble, let value = Double(digits) { return TemplateToken(kind: .double(value), offset: start) }
        throw ProjectError.templateSyntax(
            source.location(at: start), message: "the number is too large", expected: "a number of at most 64 bits",
            found: digits, hint: "Write a smaller number, or quote it.")
    }

    private mutating func lexString(from start: Int, quote: UInt8) throws -> TemplateToken {
        offset += 1
        var bytes: [UInt8] = []
        while let next = byte(offset) {
            offset += 1
            if next == quote {
                return TemplateToken(kind: .string(String(decoding: bytes, as: UTF8.self)), offset: start)
            }
            guard next == UInt8(ascii: "\\"), let escaped = byte(offset) else {
                bytes.append(next)
                continue
            }
            offset += 1
            appendEscape(escaped, to: &bytes)
        }
        throw ProjectError.templateSyntax(
            source.location(at: start), message: "the string is never closed",
            expected: "`\(Character(UnicodeScalar(quote)))`", found: "the end of the file", hint: "Close the string.")
    }

    /// Python's escapes; one that it does not know keeps its backslash.
    private mutating func appendEscape(_ escaped: UInt8, to bytes: inout [UInt8]) {
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 0x0a, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "0"): 0,
            UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "'"): UInt8(ascii: "'"),
            UInt8(ascii: "\""): UInt8(ascii: "\""),
        ]
        if let byte = simple[escaped] { return bytes.append(byte) }
        let digits = escaped == UInt8(ascii: "x") ? 2 : escaped == UInt8(ascii: "u") ? 4 : 0
        if digits > 0, offset + digits <= source.bytes.count,
            let code = UInt32(source.text(offset..<(offset + digits)), radix: 16), let scalar = UnicodeScalar(code)
        {
            offset += digits
            return bytes.append(contentsOf: Array(String(Character(scalar)).utf8))
        }
        if escaped == 0x0a { return }
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(escaped)
    }
}
