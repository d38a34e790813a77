/// A call or tuple: what stands before its parenthesis, and what between.
struct SwiftCall: Sendable {
    struct Argument: Sendable {
        let label: String?
        let value: Range<Int>
    }
    /// The name before the parenthesis; empty for a tuple.
    let callee: String
    let arguments: [Argument]

    func value(_ label: String) -> Range<Int>? { arguments.first { $0.label == label }?.value }
}

extension SwiftText {
    private static let openers: Set<UInt8> = [UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{")]
    private static let closers: Set<UInt8> = [UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}")]

    /// The innermost call or tuple around a position; nil where a brace or bracket is nearer.
    func call(around position: Int) -> SwiftCall? {
        var nesting = 0
        var open = position - 1
        while open >= 0 {
            if Self.closers.contains(code[open]) { nesting += 1 }
            if Self.openers.contains(code[open]) {
                if nesting == 0 { break }
                nesting -= 1
            }
            open -= 1
        }
        guard open >= 0, code[open] == UInt8(ascii: "(") else { return nil }
        var start = open
        while start > 0, Self.isWord(code[start - 1]) { start -= 1 }
        var end = open + 1
        nesting = 0
        while end < code.count {
            if Self.openers.contains(code[end]) { nesting += 1 }
            if Self.closers.contains(code[end]) {
                if nesting == 0 { break }
                nesting -= 1
            }
            end += 1
        }
        let arguments = split(open + 1..<end, by: ",").map(argument).filter { !$0.value.isEmpty }
        return SwiftCall(callee: code(start..<open), arguments: arguments)
    }

    static func isWord(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }

    private func argument(_ range: Range<Int>) -> SwiftCall.Argument {
        let trimmed = trimmed(range)
        var end = trimmed.lowerBound
        while end < trimmed.upperBound, Self.isWord(code[end]) { end += 1 }
        guard end > trimmed.lowerBound, end < trimmed.upperBound, code[end] == UInt8(ascii: ":") else {
            return .init(label: nil, value: trimmed)
        }
        return .init(label: code(trimmed.lowerBound..<end), value: self.trimmed(end + 1..<trimmed.upperBound))
    }

    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
        while lower < upper, isSpace(bytes[lower]) { lower += 1 }
        while lower < upper, isSpace(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// The parts between separators that stand in no bracket of their own and in no literal.
    func split(_ range: Range<Int>, by separator: String) -> [Range<Int>] {
        let wanted = Array(separator.utf8)
        var parts: [Range<Int>] = []
        var nesting = 0
        var start = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            if Self.openers.contains(code[position]) { nesting += 1 }
            if Self.closers.contains(code[position]) { nesting -= 1 }
            if nesting == 0, position + wanted.count <= range.upperBound,
                code[position..<position + wanted.count].elementsEqual(wanted)
            {
                parts.append(start..<position)
                position += wanted.count
                start = position
            } else {
                position += 1
            }
        }
        return parts + [start..<range.upperBound]
    }
}
