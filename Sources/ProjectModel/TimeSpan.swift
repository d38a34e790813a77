internal import Base

/// A length of time, as people write it: `6 hours`, `10s`, `500ms`, `1 day 12 hours`.
public struct TimeSpan: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let micros: Int64
    public init(micros: Int64) { self.micros = micros }

    private static let units: [(names: [String], micros: Int64)] = [
        (["us", "microsecond", "microseconds"], 1), (["ms", "millisecond", "milliseconds"], 1_000),
        (["s", "sec", "secs", "second", "seconds"], 1_000_000),
        (["m", "min", "mins", "minute", "minutes"], 60_000_000),
        (["h", "hour", "hours"], 3_600_000_000), (["d", "day", "days"], 86_400_000_000),
        (["w", "week", "weeks"], 604_800_000_000),
    ]

    /// Nil when the text is not numbers each followed by a unit, or is longer than 290,000 years.
    public init?(_ text: String) {
        var rest = text.lowercased()[...]
        var total: Int64 = 0
        var parts = 0
        while true {
            rest = rest.drop { $0 == " " }
            if rest.isEmpty { break }
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let scale = Self.units.first(where: { $0.names.contains(String(unit)) }),
                number * Double(scale.micros) < 9e18
            else { return nil }
            let micros = (number * Double(scale.micros)).rounded()
            let (sum, overflow) = total.addingReportingOverflow(Int64(micros))
            guard !overflow else { return nil }
            total = sum
            parts += 1
        }
        guard parts > 0 else { return nil }
        micros = total
    }

    static func error(_ text: Located<String>, what: String) -> ProjectError {
        .badValue(
            text.location, what: what, expected: "a number and a unit: ms, s, minutes, hours, days, weeks",
            found: text.value, hint: "Write it like `10s`, `5 minutes` or `6 hours`.")
    }

    public var description: String {
        for unit in Self.units.reversed() where micros != 0 && micros.isMultiple(of: unit.micros) {
            return
                "\(micros / unit.micros) \(micros / unit.micros == 1 ? unit.names[unit.names.count - 2] : unit.names.last ?? "")"
        }
        return "0 seconds"
    }

    public static func < (left: Self, right: Self) -> Bool { left.micros < right.micros }
}

/// Sizes as people write them: `512MB`, `2 GiB`, `100000`.
enum ByteSize {
    /// In bytes. As DuckDB reads them: KB is 1000 bytes, KiB is 1024.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).filter { $0 != " " }.lowercased()
        let scales: [String: Double] = [
            "": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
            "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776,
        ]
        guard let number = Double(digits), let scale = scales[unit], number * scale < 9e18, number * scale >= 1 else {
            return nil
        }
        return Int(number * scale)
    }
}
