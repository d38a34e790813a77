/// Swift source taken apart as far as these checks need it: code, comments and string literals.
struct SwiftText: Sendable {
    struct Literal: Sendable {
        /// From the first quote or `#` to behind the last.
        let range: Range<Int>
        /// The text between the quotes.
        let content: Range<Int>
        /// What stands inside of `\(...)`, without the parentheses.
        var interpolations: [Range<Int>] = []
        /// How many literals it stands inside of, in their interpolations.
        let depth: Int
        let hashes: Int
    }

    let bytes: [UInt8]
    /// As long as `bytes`: comments and the texts of literals are blank, line ends and interpolated code are kept.
    private(set) var code: [UInt8]
    private(set) var literals: [Literal] = []

    private var cursor = 0
    private var depth = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        code = bytes
        while cursor < bytes.count { scanCode(insideInterpolation: false) }
        literals.sort { $0.range.lowerBound < $1.range.lowerBound }
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    func code(_ range: Range<Int>) -> String { String(decoding: code[range], as: UTF8.self) }
    /// The line that a position is on, from 1.
    func line(of position: Int) -> Int { 1 + bytes[..<position].count { $0 == UInt8(ascii: "\n") } }

    // MARK: Scanning

    private func at(_ offset: Int) -> UInt8 { cursor + offset < bytes.count ? bytes[cursor + offset] : 0 }
    private func matches(_ text: StaticString) -> Bool {
        let expected = Array("\(text)".utf8)
        return cursor + expected.count <= bytes.count && bytes[cursor..<cursor + expected.count].elementsEqual(expected)
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where cursor < bytes.count {
            if bytes[cursor] != UInt8(ascii: "\n") { code[cursor] = UInt8(ascii: " ") }
            cursor += 1
        }
    }

    /// Goes to the end, or before the `)` that closes an interpolation.
    private mutating func scanCode(insideInterpolation: Bool) {
        var open = 0
        while cursor < bytes.count {
            switch bytes[cursor] {
            case UInt8(ascii: "/") where at(1) == UInt8(ascii: "/"):
                while cursor < bytes.count, bytes[cursor] != UInt8(ascii: "\n") { blank(1) }
            case UInt8(ascii: "/") where at(1) == UInt8(ascii: "*"): scanBlockComment()
            case UInt8(ascii: "\""): scanLiteral(hashes: 0)
            case UInt8(ascii: "#"):
                var hashes = 0
                while at(hashes) == UInt8(ascii: "#") { hashes += 1 }
                if at(hashes) == UInt8(ascii: "\"") { scanLiteral(hashes: hashes) } else { cursor += hashes }
            case UInt8(ascii: "("):
                open += 1
                cursor += 1
            case UInt8(ascii: ")"):
                if insideInterpolation, open == 0 { return }
                open -= 1
                cursor += 1
            default: cursor += 1
            }
        }
    }

    private mutating func scanBlockComment() {
        var nesting = 0
        repeat {
            if matches("/*") {
                nesting += 1
                blank(2)
            } else if matches("*/") {
                nesting -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while nesting > 0 && cursor < bytes.count
    }

    private mutating func scanLiteral(hashes: Int) {
        let start = cursor
        cursor += hashes
        let quotes = matches("\"\"\"") ? 3 : 1
        cursor += quotes
        let first = cursor
        var interpolations: [Range<Int>] = []
        func isHashed(_ from: Int) -> Bool { (0..<hashes).allSatisfy { at(from + $0) == UInt8(ascii: "#") } }
        while cursor < bytes.count {
            if bytes[cursor] == UInt8(ascii: "\\"), isHashed(1) {
                if at(1 + hashes) == UInt8(ascii: "(") {
                    blank(1 + hashes)
                    cursor += 1
                    let inside = cursor
                    depth += 1
                    scanCode(insideInterpolation: true)
                    depth -= 1
                    interpolations.append(inside..<cursor)
                    cursor += 1
                } else {
                    blank(2 + hashes)
                }
            } else if (0..<quotes).allSatisfy({ at($0) == UInt8(ascii: "\"") }), isHashed(quotes) {
                break
            } else {
                blank(1)
            }
        }
        let last = min(cursor, bytes.count)
        cursor = min(cursor + quotes + hashes, bytes.count)
        literals.append(
            Literal(
                range: start..<cursor, content: first..<last, interpolations: interpolations, depth: depth,
                hashes: hashes))
    }
}
