import Foundation

extension SwiftText {
    /// An expression of text as a reader of documents wants it: `{name}` where a value comes in, ` / ` between
    /// alternatives.
    func message(_ range: Range<Int>) -> String {
        let range = trimmed(range)
        guard !range.isEmpty, code(range) != "nil" else { return "" }
        for separator in [" ?? ", " ? "] {
            let parts = split(range, by: separator)
            guard parts.count > 1 else { continue }
            let sides = separator == " ? " ? parts.dropFirst().flatMap { split($0, by: " : ") } : parts
            return Self.alternatives(sides.map(message), keepingNames: separator == " ? ")
        }
        let joined = split(range, by: "+")
        if joined.count > 1 { return joined.map(message).joined() }
        let inside = literals.filter { range.contains($0.range.lowerBound) && $0.range.upperBound <= range.upperBound }
        let outermost = inside.map(\.depth).min()
        // Texts in an index (`fields["title"]`) and separators say nothing to a reader.
        let texts = inside.filter { literal in
            literal.depth == outermost
                && (literal.range == range || code[max(0, literal.range.lowerBound - 1)] != UInt8(ascii: "["))
        }.map(message(of:)).filter { $0.contains(where: \.isLetter) || range.count < 6 }
        return texts.isEmpty ? placeholder(range) : Self.alternatives(texts)
    }

    private static func alternatives(_ texts: [String], keepingNames: Bool = false) -> String {
        var seen: [String] = []
        for text in texts where !text.isEmpty && !seen.contains(text) { seen.append(text) }
        if keepingNames { return seen.joined(separator: " / ") }
        // A text that says something is better than the mere name of a value.
        let saying = seen.filter { !($0.hasPrefix("{") && $0.hasSuffix("}")) }
        return (saying.isEmpty ? seen : saying).joined(separator: " / ")
    }

    private func message(of literal: Literal) -> String {
        var text = ""
        var position = literal.content.lowerBound
        for interpolation in literal.interpolations {
            let opening = interpolation.lowerBound - 2 - literal.hashes
            text += Self.unescaped(self.text(position..<opening))
            text += message(interpolation).replacingOccurrences(of: " / ", with: "/")
            position = interpolation.upperBound + 1
        }
        text += Self.unescaped(self.text(position..<literal.content.upperBound))
        guard text.contains("\n") else { return text }
        return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    }

    private static func unescaped(_ text: String) -> String {
        text.replacingOccurrences(of: "\\\"", with: "\"").replacingOccurrences(of: "\\n", with: " ")
            .replacingOccurrences(of: "\\\\", with: "\\")
    }

    /// `{name}` for `name`, `inner.name` and `name.joined(...)`; `{...}` for what has no name of its own.
    private func placeholder(_ range: Range<Int>) -> String {
        var parts: [String] = []
        var word: [UInt8] = []
        var position = range.lowerBound
        while position < range.upperBound, Self.isWord(code[position]) || code[position] == UInt8(ascii: ".") {
            if code[position] == UInt8(ascii: ".") {
                parts.append(String(decoding: word, as: UTF8.self))
                word = []
            } else {
                word.append(code[position])
            }
            position += 1
        }
        let isCalled =
            position < range.upperBound && (code[position] == UInt8(ascii: "(") || code[position] == UInt8(ascii: " "))
        if !isCalled { parts.append(String(decoding: word, as: UTF8.self)) }
        let names = parts.filter { !$0.isEmpty && $0.first?.isLowercase == true && $0 != "self" }
        let shown = names.last { !["description", "rawValue", "name", "value"].contains($0) } ?? names.last
        return shown.map { "{\($0)}" } ?? "{...}"
    }
}
