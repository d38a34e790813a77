internal import Columnar

/// A value as callers write it, read by the type of its column, so that the engine's casts find nothing to refuse.
enum RestValue {
    /// How well a text is known to be a value of a type.
    enum Reading: Equatable {
        /// It is one; `sql` is the text to cast.
        case value(sql: String)
        /// Only the engine knows.
        case unknown
        case wrong(expected: String)
    }

    static func read(_ text: String, as type: DataType) -> Reading {
        switch type {
        case .utf8: .value(sql: text)
        case .bool: text == "true" || text == "false" ? .value(sql: text) : .wrong(expected: "true or false")
        case .int8: integer(text, Int8.self)
        case .int16: integer(text, Int16.self)
        case .int32: integer(text, Int32.self)
        case .int64: integer(text, Int64.self)
        case .uint8: integer(text, UInt8.self)
        case .uint16: integer(text, UInt16.self)
        case .uint32: integer(text, UInt32.self)
        case .uint64: integer(text, UInt64.self)
        case .float16, .float32: floating(text, largest: "3.4028235e38") { Float($0).map { Double($0) } }
        case .float64: floating(text, largest: "1.7976931348623157e308") { Double($0) }
        case .decimal128(let precision, let scale): decimal(text, precision: precision, scale: scale)
        case .date32, .date64: date(text)
        case .time32(let unit), .time64(let unit): time(text, unit)
        case .timestamp(let unit, let zone): timestamp(text, unit, isZoned: zone != nil)
        case .dictionary(_, let value, _): read(text, as: value)
        default: .unknown
        }
    }

    // MARK: Numbers

    private static func integer<Value: FixedWidthInteger>(_ text: String, _: Value.Type) -> Reading {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard ISO8601.isDigits(digits), let value = Value(text) else {
            return .wrong(expected: "a whole number from \(Value.min) to \(Value.max)")
        }
        return .value(sql: "\(value)")
    }

    private static func floating(_ text: String, largest: String, _ parse: (String) -> Double?) -> Reading {
        if ["NaN", "Infinity", "-Infinity"].contains(text) { return .value(sql: text) }
        // How the engine itself writes them, in cursors.
        if ["nan", "inf", "-inf"].contains(text) { return .value(sql: text) }
        guard isDecimalText(text), let value = parse(text), value.isFinite else {
            return .wrong(expected: "a number from -\(largest) to \(largest), like 12.5 or 1.25e1")
        }
        return .value(sql: text)
    }

    /// `[+-]digits[.digits][e[+-]digits]`, which leaves out the hexadecimal numbers that Swift reads.
    private static func isDecimalText(_ text: String) -> Bool {
        var rest = text[...]
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        let sides = rest.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        if sides.count == 2 {
            let power = sides[1].first == "-" || sides[1].first == "+" ? sides[1].dropFirst() : sides[1]
            guard ISO8601.isDigits(power) else { return false }
        }
        let halves = (sides.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        let filled = halves.filter { !$0.isEmpty }
        return sides.count <= 2 && halves.count <= 2 && !filled.isEmpty && filled.allSatisfy { ISO8601.isDigits($0) }
    }

    /// Exact: what the type would have to round is not a value of it.
    private static func decimal(_ text: String, precision: Int, scale: Int) -> Reading {
        let wrong = Reading.wrong(
            expected: "a number of at most \(precision - scale) digits before the point and \(scale) behind it")
        let unsigned = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let halves = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.allSatisfy({ ISO8601.isDigits($0) }) else { return wrong }
        let whole = halves[0].drop { $0 == "0" }
        var fraction = halves.count == 2 ? halves[1] : ""
        while fraction.last == "0" { fraction.removeLast() }
        guard whole.count <= precision - scale, fraction.count <= scale else { return wrong }
        return .value(sql: text)
    }

    // MARK: Times

    private static func date(_ text: String) -> Reading {
        guard ISO8601.days(text[...]) != nil else {
            return .wrong(expected: "a date that the calendar has, like 2013-12-24")
        }
        return .value(sql: text)
    }

    private static func time(_ text: String, _ unit: TimeUnit) -> Reading {
        guard let nanos = ISO8601.nanosOfDay(text[...]), nanos % (1_000_000_000 / Int(unit.perSecond)) == 0 else {
            return .wrong(expected: "a time of day, like 06:30:00" + digits(unit))
        }
        return .value(sql: text)
    }

    /// A time that says its offset is converted to UTC, which is also what columns without a zone hold.
    private static func timestamp(_ text: String, _ unit: TimeUnit, isZoned: Bool) -> Reading {
        guard let time = ISO8601.timestamp(text), time.nanos % (1_000_000_000 / Int(unit.perSecond)) == 0 else {
            return .wrong(
                expected: "a time that the calendar has, like 2013-12-24T12:00:00, 2013-12-24T12:00:00Z or "
                    + "2013-12-24T12:00:00%2B02:00" + digits(unit))
        }
        return .value(sql: time.text + (isZoned ? "+00" : ""))
    }

    private static func digits(_ unit: TimeUnit) -> String {
        ", with \(["no digits", "at most 3 digits", "at most 6 digits", "at most 9 digits"][unit.rawValue]) behind the "
            + "seconds"
    }
}

/// Dates and times as ISO 8601 writes them, years 1 to 9999.
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
enum ISO8601 {
    /// UTC, or wall time where the text says no offset.
    struct Timestamp: Equatable {
        var days: Int
        /// Of the day.
        var nanos: Int

        /// `2013-12-24 12:00:00.5`, as SQL casts it.
        var text: String {
            let seconds = nanos / 1_000_000_000
            var text = "\(ISO8601.date(days)) \(ISO8601.padded(seconds / 3600, 2)):"
            text += "\(ISO8601.padded(seconds / 60 % 60, 2)):\(ISO8601.padded(seconds % 60, 2))"
            let fraction = nanos % 1_000_000_000
            guard fraction > 0 else { return text }
            var digits = ISO8601.padded(fraction, 9)
            while digits.last == "0" { digits.removeLast() }
            return text + "." + digits
        }
    }

    static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func number(_ text: Substring, _ count: Int) -> Int? {
        text.utf8.count == count && isDigits(text) ? Int(text) : nil
    }

    /// Days since 1970-01-01 of `YYYY-MM-DD`.
    static func days(_ text: Substring) -> Int? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], 4), let month = number(parts[1], 2),
            let day = number(parts[2], 2), year >= 1, (1...12).contains(month), day >= 1
        else { return nil }
        let marchYear = month > 2 ? year : year - 1
        let era = marchYear / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        // The 31st of February comes back as a day in March.
        return date(days) == text ? days : nil
    }

    static func date(_ days: Int) -> String {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return "\(padded(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Nanoseconds since midnight of `HH:MM[:SS[.fraction]]`, the fraction of at most nine digits.
    static func nanosOfDay(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = number(parts[0], 2), let minute = number(parts[1], 2),
            hour < 24, minute < 60
        else { return nil }
        var nanos = (hour * 60 + minute) * 60_000_000_000
        guard parts.count == 3 else { return nanos }
        let halves = parts[2].split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, let second = number(halves[0], 2), second < 60 else { return nil }
        nanos += second * 1_000_000_000
        guard halves.count == 2 else { return nanos }
        guard isDigits(halves[1]), halves[1].utf8.count <= 9, var fraction = Int(halves[1]) else { return nil }
        for _ in halves[1].utf8.count..<9 { fraction *= 10 }
        return nanos + fraction
    }

    /// `YYYY-MM-DD`, or that, a `T` or a space, a time of day, and perhaps `Z` or an offset: `+02:00`, `+0200`, `+02`.
    /// A space before an offset stands for the plus that somebody did not percent-encode.
    static func timestamp(_ text: String) -> Timestamp? {
        let dayText = text.prefix { $0 != "T" && $0 != " " }
        guard let days = days(dayText) else { return nil }
        guard dayText.endIndex < text.endIndex else { return Timestamp(days: days, nanos: 0) }
        var clock = text[dayText.endIndex...].dropFirst()
        var minutesAhead = 0
        if clock.hasSuffix("Z") {
            clock = clock.dropLast()
        } else if let sign = clock.lastIndex(where: { "+- ".contains($0) }) {
            guard let minutes = offset(clock[clock.index(after: sign)...]) else { return nil }
            minutesAhead = clock[sign] == "-" ? -minutes : minutes
            clock = clock[..<sign]
        }
        guard let nanos = nanosOfDay(clock) else { return nil }
        let day = 86_400_000_000_000
        let shifted = nanos - minutesAhead * 60_000_000_000
        // An offset is less than a day.
        let (otherDay, rest) = shifted < 0 ? (-1, shifted + day) : shifted >= day ? (1, shifted - day) : (0, shifted)
        let time = Timestamp(days: days + otherDay, nanos: rest)
        return Self.days(date(time.days)[...]) == nil ? nil : time
    }

    private static func offset(_ text: Substring) -> Int? {
        let digits = text.count == 5 && text.dropFirst(2).first == ":" ? text.prefix(2) + text.suffix(2) : text[...]
        guard let hours = number(Substring(digits.prefix(2)), 2) else { return nil }
        let minutes = digits.count == 2 ? 0 : number(Substring(digits.dropFirst(2)), 2)
        guard let minutes, hours < 24, minutes < 60 else { return nil }
        return hours * 60 + minutes
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
