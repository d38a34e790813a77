internal import Columnar

/// Writes values the way people and other programs read them: ISO 8601 times, decimals with their point.
enum TextValue {
    /// `value` with `scale` digits behind the point.
    static func decimal(_ value: Int128, scale: Int, into bytes: inout [UInt8]) {
        if scale <= 0 {
            integer(value, into: &bytes)
            if scale < 0, value != 0 { bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -scale)) }
            return
        }
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var digits: [UInt8] = []
        integer(value.magnitude, into: &digits)
        if digits.count <= scale {
            bytes.append(contentsOf: [UInt8(ascii: "0"), UInt8(ascii: ".")])
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: scale - digits.count))
            bytes.append(contentsOf: digits)
        } else {
            bytes.append(contentsOf: digits[..<(digits.count - scale)])
            bytes.append(UInt8(ascii: "."))
            bytes.append(contentsOf: digits[(digits.count - scale)...])
        }
    }

    /// Digits, without the allocation of a `String`.
    @inline(__always)
    static func integer<Value: FixedWidthInteger>(_ value: Value, into bytes: inout [UInt8]) {
        var rest = value.magnitude
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        repeat {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder))
            rest = quotient
        } while rest != 0
        bytes[start...].reverse()
    }

    /// `number` in at least `width` digits.
    static func padded(_ number: Int64, _ width: Int, into bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = number
        for _ in 0..<width {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    /// `YYYY-MM-DD`; years outside 0 to 9999 get a sign, as ISO 8601 asks for.
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    static func date(days: Int64, into bytes: inout [UInt8]) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        if year < 0 { bytes.append(UInt8(ascii: "-")) } else if year > 9999 { bytes.append(UInt8(ascii: "+")) }
        padded(year.magnitude > 9999 ? Int64(year.magnitude) : abs(year), 4, into: &bytes)
        bytes.append(UInt8(ascii: "-"))
        padded(month, 2, into: &bytes)
        bytes.append(UInt8(ascii: "-"))
        padded(day, 2, into: &bytes)
    }

    /// `HH:MM:SS`, with as many digits of a second as `unit` has unless they are all zero.
    static func time(_ value: Int64, _ unit: TimeUnit, into bytes: inout [UInt8]) {
        let seconds = value / unit.perSecond
        padded(seconds / 3600, 2, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        padded(seconds / 60 % 60, 2, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        padded(seconds % 60, 2, into: &bytes)
        let fraction = value % unit.perSecond
        guard fraction != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        padded(fraction, unit.rawValue * 3, into: &bytes)
    }

    /// `YYYY-MM-DDTHH:MM:SS`, in UTC with a Z where there is a zone.
    static func timestamp(_ value: Int64, _ unit: TimeUnit, zoned: Bool, into bytes: inout [UInt8]) {
        let perDay = unit.perSecond * 86_400
        var (days, rest) = value.quotientAndRemainder(dividingBy: perDay)
        if rest < 0 { (days, rest) = (days - 1, rest + perDay) }
        date(days: days, into: &bytes)
        bytes.append(UInt8(ascii: "T"))
        time(rest, unit, into: &bytes)
        if zoned { bytes.append(UInt8(ascii: "Z")) }
    }

    /// `PT1.5S`: seconds as ISO 8601 has them.
    static func duration(_ value: Int64, _ unit: TimeUnit, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: "PT".utf8)
        decimal(Int128(value), scale: unit.rawValue * 3, into: &bytes)
        bytes.append(UInt8(ascii: "S"))
    }

    /// `P1M2DT0.000000003S`.
    static func interval(_ value: MonthDayNano, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "P"))
        integer(value.months, into: &bytes)
        bytes.append(UInt8(ascii: "M"))
        integer(value.days, into: &bytes)
        bytes.append(contentsOf: "DT".utf8)
        decimal(Int128(value.nanos), scale: 9, into: &bytes)
        bytes.append(UInt8(ascii: "S"))
    }

    /// The shortest digits that read back as the same number.
    static func floating(_ value: Double, into bytes: inout [UInt8]) { append("\(value)", into: &bytes) }
    static func floating(_ value: Float, into bytes: inout [UInt8]) { append("\(value)", into: &bytes) }

    private static func append(_ text: String, into bytes: inout [UInt8]) {
        // 12.0 is 12 to everyone who reads JSON or CSV.
        let utf8 = text.utf8
        bytes.append(contentsOf: text.hasSuffix(".0") ? utf8.dropLast(2) : utf8[...])
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Source: RFC 4648, section 4.
    static func base64(_ source: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        var index = 0
        while index < source.count {
            let left = source.count - index
            let first = unsafe UInt32(source[index])
            let second = left > 1 ? unsafe UInt32(source[index + 1]) : 0
            let third = left > 2 ? unsafe UInt32(source[index + 2]) : 0
            let group = first << 16 | second << 8 | third
            bytes.append(alphabet[Int(group >> 18)])
            bytes.append(alphabet[Int(group >> 12) & 63])
            bytes.append(left > 1 ? alphabet[Int(group >> 6) & 63] : UInt8(ascii: "="))
            bytes.append(left > 2 ? alphabet[Int(group) & 63] : UInt8(ascii: "="))
            index += 3
        }
    }
}
