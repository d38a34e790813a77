/// A length of time as SQL's intervals keep it: months, days and the rest apart.
struct Interval: Hashable {
    var months: Int64 = 0
    var days: Int64 = 0
    var micros: Int64 = 0

    /// Reads `1 hour`, `90 minutes 30 seconds`, `2 days 01:30:00`, `1 hour ago`; nil for anything else.
    ///
    /// Source: DuckDB 2.0, interval literals; a number without a unit counts seconds.
    init?(_ text: String) {
        var rest = Substring(text.lowercased())
        var found = false
        var ago = false
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if rest.isEmpty { break }
            if rest == "ago" || rest.hasPrefix("ago "), found {
                ago = true
                rest = rest.dropFirst(3)
                guard rest.allSatisfy(\.isWhitespace) else { return nil }
                break
            }
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == ":") }
            guard !number.isEmpty else { return nil }
            rest = rest.dropFirst(number.count)
            if number.contains(":") {
                guard let clock = ClockText.micros(number) else { return nil }
                guard addMicros(Double(clock)) else { return nil }
            } else {
                rest = rest.drop(while: \.isWhitespace)
                let unit = rest.prefix(while: \.isLetter)
                rest = rest.dropFirst(unit.count)
                guard let value = Double(number), value.magnitude < 1e12, add(value, String(unit)) else { return nil }
            }
            found = true
        }
        guard found else { return nil }
        if ago { (months, days, micros) = (-months, -days, -micros) }
    }

    init?(_ value: Double, unit: String) {
        guard value.magnitude < 1e12, add(value, unit) else { return nil }
    }

    /// Fractions of months become days, and fractions of days become time, as in DuckDB.
    private mutating func add(_ value: Double, _ unit: String) -> Bool {
        guard let unit = Self.units[unit] else { return false }
        switch unit {
        case .months(let count):
            let total = value * Double(count)
            months += Int64(total.rounded(.towardZero))
            days += Int64(((total - total.rounded(.towardZero)) * 30).rounded())
        case .days(let count):
            let total = value * Double(count)
            days += Int64(total.rounded(.towardZero))
            return addMicros((total - total.rounded(.towardZero)) * 86_400_000_000)
        case .micros(let count): return addMicros(value * Double(count))
        }
        return true
    }

    /// False beyond 64 bits.
    private mutating func addMicros(_ value: Double) -> Bool {
        guard let whole = Int64(exactly: value.rounded()) else { return false }
        let (sum, overflow) = micros.addingReportingOverflow(whole)
        micros = sum
        return !overflow
    }

    private enum Unit { case months(Int64), days(Int64), micros(Int64) }

    private static let units: [String: Unit] = {
        let groups: [(Unit, String)] = [
            (.micros(1), "us usec usecs microsecond microseconds"),
            (.micros(1_000), "ms msec msecs millisecond milliseconds"),
            (.micros(1_000_000), "s sec secs second seconds"), (.micros(60_000_000), "m min mins minute minutes"),
            (.micros(3_600_000_000), "h hr hrs hour hours"), (.days(1), "d day days"), (.days(7), "w week weeks"),
            (.months(1), "mon mons month months"), (.months(3), "quarter quarters"),
            (.months(12), "y yr yrs year years"), (.months(120), "dec decs decade decades"),
            (.months(1_200), "c cent century centuries"),
        ]
        var units: [String: Unit] = ["": .micros(1_000_000)]
        for (unit, names) in groups { for name in names.split(separator: " ") { units[String(name)] = unit } }
        return units
    }()

    /// Its length where no calendar is needed; nil with months, or beyond 64 bits.
    var fixedMicros: Int64? {
        let (dayMicros, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
        let (total, tooFar) = dayMicros.addingReportingOverflow(micros)
        return months != 0 || overflow || tooFar ? nil : total
    }
}
