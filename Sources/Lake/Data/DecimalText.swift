/// Decimals as text: the unscaled integer with a point `scale` digits from its end.
enum DecimalText {
    static func format(_ unscaled: Int128, scale: Int) -> String {
        guard scale > 0 else { return String(unscaled) }
        let isNegative = unscaled < 0
        var digits = String(unscaled.magnitude)
        if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
        return (isNegative ? "-" : "") + digits.dropLast(scale) + "." + digits.suffix(scale)
    }

    /// The unscaled integer; nil where the text is no number, or has digits that the scale would drop.
    static func parse(_ text: String, scale: Int) -> Int128? {
        var body = Substring(text)
        var exponent = 0
        if let mark = body.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let power = Int(body[body.index(after: mark)...]), abs(power) < 80 else { return nil }
            exponent = power
            body = body[..<mark]
        }
        let halves = body.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, let whole = halves.first else { return nil }
        let fraction = halves.count == 2 ? halves[1] : ""
        guard fraction.allSatisfy({ $0.isASCII && $0.isNumber }), !(whole + fraction).isEmpty else { return nil }
        var digits = String(whole) + fraction
        var places = scale + exponent - fraction.utf8.count
        while places < 0 {
            guard digits.last == "0", digits.utf8.count > 1 else { return nil }
            digits.removeLast()
            places += 1
        }
        return Int128(digits + String(repeating: "0", count: places))
    }
}
