/// Finds in the text of an EXPLAIN the statement that it explains.
enum ExplainedText {
    /// - Returns: nil where `sql` does not begin with EXPLAIN. `EXPLAIN ANALYZE x`, `EXPLAIN (FORMAT json) x` and
    ///   `EXPLAIN x` all explain `x`.
    static func explained(by sql: String) -> String? {
        var rest = Array(sql.utf8)[...]
        guard word("explain", &rest) else { return nil }
        _ = word("analyze", &rest) || word("analyse", &rest)
        skipBlank(&rest)
        if rest.first == UInt8(ascii: "("), !isQuery(inParenthesis: rest) {
            // Options. With more than words in them, such as a string, their end would be a guess.
            guard let end = rest.dropFirst().firstIndex(where: { !isPartOfName($0) && $0 > 0x20 && $0 != 0x2c }),
                rest[end] == UInt8(ascii: ")")
            else { return nil }
            rest = rest[(end + 1)...]
        }
        return String(decoding: rest, as: UTF8.self)
    }

    private static func isQuery(inParenthesis text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        while rest.first == UInt8(ascii: "(") {
            rest.removeFirst()
            skipBlank(&rest)
        }
        return ["select", "from", "with", "values", "table"].contains { name in
            var copy = rest
            return word(name, &copy)
        }
    }

    /// Takes a word, whatever its case, if it is the next.
    private static func word(_ name: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        var copy = rest
        skipBlank(&copy)
        guard copy.count >= name.utf8.count, zip(copy, name.utf8).allSatisfy({ $0 | 0x20 == $1 }) else { return false }
        copy = copy.dropFirst(name.utf8.count)
        if let next = copy.first, isPartOfName(next) { return false }
        rest = copy
        return true
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...,
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default: false
        }
    }

    /// Skips spaces and comments.
    private static func skipBlank(_ rest: inout ArraySlice<UInt8>) {
        while let byte = rest.first {
            if byte <= 0x20 {
                rest.removeFirst()
            } else if rest.starts(with: "--".utf8) {
                rest = rest.firstIndex(of: 0x0a).map { rest[$0...] } ?? []
            } else if rest.starts(with: "/*".utf8) {
                var depth = 0
                repeat {
                    if rest.starts(with: "/*".utf8) {
                        (depth, rest) = (depth + 1, rest.dropFirst(2))
                    } else if rest.starts(with: "*/".utf8) {
                        (depth, rest) = (depth - 1, rest.dropFirst(2))
                    } else {
                        rest = rest.dropFirst()
                    }
                } while depth > 0 && !rest.isEmpty
            } else {
                return
            }
        }
    }
}
