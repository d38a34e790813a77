/// Python's operations on text, on Unicode scalars as Python counts them.
enum TextMethods {
    static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst().lowercased()
    }

    static func titled(_ text: String) -> String {
        var result = ""
        var startsWord = true
        for character in text {
            result += startsWord ? character.uppercased() : character.lowercased()
            startsWord = !character.isLetter && !character.isNumber && character != "'"
        }
        return result
    }

    static func stripped(_ text: String, _ characters: String?, left: Bool = true, right: Bool = true) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func isStripped(_ scalar: UnicodeScalar) -> Bool {
            set?.contains(scalar) ?? scalar.properties.isWhitespace
        }
        var scalars = text.unicodeScalars[...]
        if left { while let first = scalars.first, isStripped(first) { scalars.removeFirst() } }
        if right { while let last = scalars.last, isStripped(last) { scalars.removeLast() } }
        return String(scalars)
    }

    static func replaced(_ text: String, _ old: String, by new: String, count: Int?) -> String {
        var left = count.flatMap { $0 < 0 ? nil : $0 } ?? Int.max
        if old.isEmpty {
            var result = ""
            for character in text.unicodeScalars {
                if left > 0 { result += new }
                left -= 1
                result.unicodeScalars.append(character)
            }
            return left > 0 ? result + new : result
        }
        let pieces = split(text, by: old, max: left)
        return pieces.joined(separator: new)
    }

    /// Splits at every occurrence, at most `max` times.
    static func split(_ text: String, by separator: String, max: Int = Int.max) -> [String] {
        let (bytes, pattern) = (Array(text.utf8), Array(separator.utf8))
        var pieces: [String] = []
        var (start, position) = (0, 0)
        while position + pattern.count <= bytes.count, pieces.count < max {
            if bytes[position] == pattern[0], bytes[position..<(position + pattern.count)].elementsEqual(pattern) {
                pieces.append(String(decoding: bytes[start..<position], as: UTF8.self))
                position += pattern.count
                start = position
            } else {
                position += 1
            }
        }
        return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// Python's `split()` without a separator: at white space, empty pieces left out.
    static func splitAtSpace(_ text: String, max: Int) -> [String] {
        var pieces: [String] = []
        var rest = stripped(text, nil, right: false).unicodeScalars[...]
        while !rest.isEmpty {
            if pieces.count == max {
                pieces.append(stripped(String(rest), nil, left: false))
                break
            }
            let word = rest.prefix { !$0.properties.isWhitespace }
            pieces.append(String(word))
            rest = rest.dropFirst(word.count).drop { $0.properties.isWhitespace }
        }
        return pieces
    }

    static func int(_ value: TemplateValue) -> Int? {
        switch value {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        case .double(let value): value.isFinite ? Int(exactly: value.rounded(.towardZero)) : nil
        case .string(let text):
            Int(stripped(text, nil)) ?? Double(stripped(text, nil)).flatMap { Int(exactly: $0.rounded(.towardZero)) }
        default: nil
        }
    }

    static func double(_ value: TemplateValue) -> Double? {
        if case .string(let text) = value { return Double(stripped(text, nil)) }
        return value.number
    }
}
