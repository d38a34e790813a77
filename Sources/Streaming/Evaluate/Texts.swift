internal import Columnar

/// Timestamps and dates as text, as DuckDB writes and reads them.
enum TimestampText {
    static func formatDate(days: Int32) -> String {
        let date = Calendar.civil(days: Int64(days))
        let year = date.year > 0 ? date.year : 1 - date.year
        return pad(year, 4) + "-" + pad(date.month, 2) + "-" + pad(date.day, 2) + (date.year > 0 ? "" : " (BC)")
    }

    /// - Parameter micros: one of `Calendar.instants`.
    static func format(micros: Int64) -> String {
        let days = Calendar.floorDivide(micros, Calendar.dayMicros)
        let time = micros - days * Calendar.dayMicros
        var text = formatDate(days: Int32(truncatingIfNeeded: days)) + " " + formatTime(micros: time)
        let fraction = time % 1_000_000
        if fraction > 0 {
            var digits = pad(fraction, 6)
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text
    }

    private static func formatTime(micros: Int64) -> String {
        pad(micros / 3_600_000_000, 2) + ":" + pad(micros / 60_000_000 % 60, 2) + ":" + pad(micros / 1_000_000 % 60, 2)
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// `YYYY-MM-DD`, with one-digit months and days allowed; nil where the text is not a date.
    static func parseDate(_ text: String) -> Int64? {
        var scanner = DigitScanner(text)
        guard let days = scanDate(&scanner), scanner.isAtEnd else { return nil }
        return days
    }

    /// A date, then optionally `T` or a space, a time and `Z` or an offset from UTC; nil where it is none of
    /// `Calendar.instants`.
    static func parse(_ text: String) -> Int64? {
        var scanner = DigitScanner(text)
        guard let days = scanDate(&scanner), let time = scanTime(&scanner) else { return nil }
        let (start, overflow) = days.multipliedReportingOverflow(by: Calendar.dayMicros)
        let (micros, carry) = start.addingReportingOverflow(time)
        return overflow || carry || !Calendar.instants.contains(micros) ? nil : micros
    }

    /// What stands behind the date, in microseconds since the day began in UTC.
    private static func scanTime(_ scanner: inout DigitScanner) -> Int64? {
        if scanner.isAtEnd { return 0 }
        guard scanner.take(UInt8(ascii: "T")) || scanner.take(UInt8(ascii: " ")) else { return nil }
        guard let hour = scanner.number(1...2), hour < 24, scanner.take(UInt8(ascii: ":")),
            let minute = scanner.number(2...2), minute < 60
        else { return nil }
        var micros = (hour * 60 + minute) * 60_000_000
        if scanner.take(UInt8(ascii: ":")) {
            guard let second = scanner.number(2...2), second < 60 else { return nil }
            micros += second * 1_000_000
            if scanner.take(UInt8(ascii: ".")) {
                guard let fraction = scanner.fraction() else { return nil }
                micros += fraction
            }
        }
        if scanner.isAtEnd || (scanner.take(UInt8(ascii: "Z")) && scanner.isAtEnd) { return micros }
        let west = scanner.take(UInt8(ascii: "-"))
        guard west || scanner.take(UInt8(ascii: "+")), let hours = scanner.number(2...2) else { return nil }
        var offset = hours * 60
        if scanner.take(UInt8(ascii: ":")) || !scanner.isAtEnd {
            guard let minutes = scanner.number(2...2) else { return nil }
            offset += minutes
        }
        return scanner.isAtEnd ? micros - (west ? -offset : offset) * 60_000_000 : nil
    }

    private static func scanDate(_ scanner: inout DigitScanner) -> Int64? {
        guard let year = scanner.number(1...6), scanner.take(UInt8(ascii: "-")), let month = scanner.number(1...2),
            (1...12).contains(month), scanner.take(UInt8(ascii: "-")), let day = scanner.number(1...2), day >= 1,
            day <= Calendar.daysInMonth(year: year, month: month)
        else { return nil }
        return Calendar.days(year: year, month: month, day: day)
    }
}

/// Reads digits and separators; spaces at both ends do not count.
private struct DigitScanner {
    private let bytes: [UInt8]
    private var position = 0
    private let end: Int

    init(_ text: String) {
        bytes = Array(text.utf8)
        var last = bytes.count
        while last > 0, bytes[last - 1] == UInt8(ascii: " ") { last -= 1 }
        end = last
        while position < end, bytes[position] == UInt8(ascii: " ") { position += 1 }
    }

    var isAtEnd: Bool { position == end }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func number(_ digits: ClosedRange<Int>) -> Int64? {
        var (value, count) = (Int64(0), 0)
        while position < end, count < digits.upperBound, (48...57).contains(bytes[position]) {
            value = value * 10 + Int64(bytes[position] - 48)
            position += 1
            count += 1
        }
        return count >= digits.lowerBound ? value : nil
    }

    /// Digits behind a point as microseconds; digits after the sixth are dropped.
    mutating func fraction() -> Int64? {
        var (value, count) = (Int64(0), 0)
        while position < end, (48...57).contains(bytes[position]) {
            if count < 6 { value = value * 10 + Int64(bytes[position] - 48) }
            position += 1
            count += 1
        }
        for _ in min(count, 6)..<6 { value *= 10 }
        return count > 0 ? value : nil
    }
}

enum DecimalText {
    static func format(_ value: Int128, scale: Int) -> String {
        guard scale > 0 else { return String(value) }
        var digits = String(value.magnitude)
        if digits.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.count) + digits }
        let point = digits.index(digits.endIndex, offsetBy: -scale)
        return (value < 0 ? "-" : "") + digits[..<point] + "." + digits[point...]
    }

    /// Reads a number with an optional point and exponent as an unscaled integer of `scale`, rounding half away from
    /// zero; nil where the text is no number or does not fit 38 digits.
    static func parse(_ text: String, scale: Int) -> Int128? {
        var bytes = Array(text.utf8.drop { $0 == 32 })
        while bytes.last == 32 { bytes.removeLast() }
        var index = 0
        let negative = bytes.first == UInt8(ascii: "-")
        if negative || bytes.first == UInt8(ascii: "+") { index = 1 }
        var (value, digits, behindPoint) = (Int128(0), 0, 0)
        var seenPoint = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
            } else if (48...57).contains(byte) {
                let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
                let (next, carry) = tenfold.addingReportingOverflow(Int128(byte - 48))
                if over || carry {
                    guard seenPoint else { return nil }
                } else {
                    value = next
                    if seenPoint { behindPoint += 1 }
                }
                digits += 1
            } else if byte == UInt8(ascii: "_"), digits > 0, index + 1 < bytes.count,
                (48...57).contains(bytes[index + 1])
            {
                // DuckDB reads 1_000 as 1000.
            } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
                guard digits > 0, let exponent = Int(String(decoding: bytes[(index + 1)...], as: UTF8.self)),
                    exponent.magnitude < 400
                else { return nil }
                behindPoint -= exponent
                index = bytes.count
                break
            } else {
                return nil
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        let shift = scale - behindPoint
        if shift >= 0 {
            guard value != 0 else { return 0 }
            guard shift <= 38 else { return nil }
            let (scaled, over) = value.multipliedReportingOverflow(by: DecimalArithmetic.power(shift))
            if over { return nil }
            value = scaled
        } else {
            value = -shift > 38 ? 0 : DecimalArithmetic.dividing(value, by: DecimalArithmetic.power(-shift))
        }
        return negative ? -value : value
    }
}

enum DoubleText {
    /// The shortest text that reads back as the same number, in DuckDB's form: `1.0`, `1e+20`, `nan`, `inf`.
    static func format<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ value: Number) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
        let (digits, exponent) = parts("\(value.magnitude)")
        let sign = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= 16 {
            let rest = digits.dropFirst()
            let size = String(exponent.magnitude)
            return sign + String(digits.prefix(1)) + (rest.isEmpty ? "" : "." + rest) + (exponent < 0 ? "e-" : "e+")
                + (size.count < 2 ? "0" : "") + size
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
        }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }

    /// Significant digits, and the power of ten of the first.
    private static func parts(_ text: String) -> (digits: String, exponent: Int) {
        let pieces = text.split(separator: "e")
        var exponent = pieces.count > 1 ? Int(pieces[1]) ?? 0 : 0
        let halves = pieces[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = String(halves[0]) + (halves.count > 1 ? String(halves[1]) : "")
        exponent += halves[0].count - 1
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, exponent)
    }

    static func parse(_ text: String) -> Double? {
        var trimmed = Substring(text)
        while trimmed.first == " " { trimmed.removeFirst() }
        while trimmed.last == " " { trimmed.removeLast() }
        switch trimmed.lowercased() {
        case "nan", "-nan": return .nan
        case "inf", "infinity", "+inf", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: break
        }
        guard let first = trimmed.utf8.first, first != UInt8(ascii: "n"), first != UInt8(ascii: "i"),
            !trimmed.contains("x"), !trimmed.contains("X")
        else { return nil }
        return Double(trimmed.filter { $0 != "_" })
    }
}
