/// Times of day as text.
enum ClockText {
    /// `[-]HH:MM[:SS[.ffffff]]` in microseconds; nil for anything else.
    static func micros(_ text: some StringProtocol) -> Int64? {
        let negative = text.hasPrefix("-")
        let parts = text.dropFirst(negative ? 1 : 0).split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hours = digits(parts[0], 1...2), let minutes = digits(parts[1], 1...2),
            minutes < 60
        else { return nil }
        var micros = (hours * 60 + minutes) * 60_000_000
        if parts.count == 3 {
            let seconds = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let whole = digits(seconds[0], 1...2), whole < 60 else { return nil }
            micros += whole * 1_000_000
            if seconds.count == 2 {
                guard let fraction = digits(seconds[1], 1...6) else { return nil }
                micros += (seconds[1].count..<6).reduce(fraction) { value, _ in value * 10 }
            }
        }
        return negative ? -micros : micros
    }

    static func digits(_ text: some StringProtocol, _ count: ClosedRange<Int>) -> Int64? {
        guard count.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}

/// Dates and timestamps as text.
enum CalendarText {
    /// `YYYY-MM-DD` in days since 1970-01-01; nil for anything else.
    static func days(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = ClockText.digits(parts[0], 4...4),
            let month = ClockText.digits(parts[1], 1...2),
            let day = ClockText.digits(parts[2], 1...2), (1...12).contains(month),
            (1...daysOfMonth(Int(month), year)).contains(Int(day))
        else { return nil }
        return days(year: year, month: month, day: day)
    }

    /// `YYYY-MM-DD[ HH:MM[:SS[.ffffff]]][Z|+HH[:MM]]` in microseconds since 1970-01-01 00:00, in UTC where it says its
    /// offset; nil for anything else.
    static func timestamp(_ text: String) -> (micros: Int64, saysOffset: Bool)? {
        let trimmed = text.trimmingSpaces
        let date = trimmed.prefix(while: { $0 != " " && $0 != "T" })
        guard let days = days(date) else { return nil }
        var clock = trimmed.dropFirst(date.count).dropFirst()
        guard !clock.isEmpty else { return (days * 86_400_000_000, false) }
        var offset: Int64?
        if clock.hasSuffix("Z") {
            (offset, clock) = (0, clock.dropLast())
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            let written = clock[clock.index(after: sign)...]
            let full = written.contains(":") ? String(written) : "\(written):00"
            guard let micros = ClockText.micros(full) else { return nil }
            offset = clock[sign] == "-" ? -micros : micros
            clock = clock[..<sign]
        }
        guard let micros = ClockText.micros(clock), micros < 86_400_000_000 else { return nil }
        return (days * 86_400_000_000 + micros - (offset ?? 0), offset != nil)
    }

    /// Days since 1970-01-01 in the Gregorian calendar, which is carried back before its time.
    ///
    /// Source: Richards, "Mapping Time", 1998; years are counted from March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func daysOfMonth(_ month: Int, _ year: Int64) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}

extension StringProtocol {
    var trimmingSpaces: SubSequence {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? start
        return self[start..<end]
    }
}
