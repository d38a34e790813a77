/// Dates and times as the log writes them. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
enum CivilTime {
    static let microsPerDay: Int64 = 86_400_000_000

    /// `1970-01-01` for 0.
    static func date(days: Int64) -> String {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let yearText = year < 0 ? "-" + LogNames.padded(-year, width: 4) : LogNames.padded(year, width: 4)
        return "\(yearText)-\(LogNames.padded(month, width: 2))-\(LogNames.padded(day, width: 2))"
    }

    static func days(_ text: some StringProtocol) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let pieces = text.dropFirst(isNegative ? 1 : 0).split(separator: "-", omittingEmptySubsequences: false)
        guard pieces.count == 3, let year = Int64(pieces[0]), let month = Int64(pieces[1]), let day = Int64(pieces[2]),
            (1...12).contains(month), (1...31).contains(day), year < 1_000_000
        else { return nil }
        let shiftedYear = (isNegative ? -year : year) - (month <= 2 ? 1 : 0)
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        // The 31st of February comes back as a day in March.
        let canonical = [
            LogNames.padded(year, width: 4), LogNames.padded(month, width: 2), LogNames.padded(day, width: 2),
        ]
        return date(days: days) == (isNegative ? "-" : "") + canonical.joined(separator: "-") ? days : nil
    }

    /// `1970-01-01 00:00:00.123456`, with `T` and `Z` around the time where it is UTC.
    static func timestamp(micros: Int64, isUTC: Bool) -> String {
        let (days, rest) = floorDivide(micros, microsPerDay)
        let seconds = rest / 1_000_000
        func two(_ number: Int64) -> String { LogNames.padded(number, width: 2) }
        let time = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        let fraction = LogNames.padded(rest % 1_000_000, width: 6)
        return "\(date(days: days))\(isUTC ? "T" : " ")\(time).\(fraction)\(isUTC ? "Z" : "")"
    }

    /// Microseconds since 1970, and how many digits stood behind the seconds.
    ///
    /// Takes a space or a `T` before the time; at the end nothing, a `Z`, or a distance from UTC.
    static func micros(_ text: String) -> (micros: Int64, fractionDigits: Int)? {
        guard let gap = text.firstIndex(where: { $0 == " " || $0 == "T" }), let days = days(text[..<gap]) else {
            return days(text).map { ($0 * microsPerDay, 0) }
        }
        var rest = text[text.index(after: gap)...]
        var shift: Int64 = 0
        if rest.hasSuffix("Z") {
            rest = rest.dropLast()
        } else if let sign = rest.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            let zone = rest[rest.index(after: sign)...].filter { $0 != ":" }
            guard zone.count == 4 || zone.count == 2, let hours = Int64(zone.prefix(2)),
                let minutes = zone.count == 4 ? Int64(zone.suffix(2)) : 0
            else { return nil }
            shift = (hours * 3600 + minutes * 60) * 1_000_000 * (rest[sign] == "-" ? -1 : 1)
            rest = rest[..<sign]
        }
        let halves = rest.split(separator: ".", omittingEmptySubsequences: false)
        let clock = halves[0].split(separator: ":").map { Int64($0) }
        guard halves.count <= 2, clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<61).contains(second)
        else { return nil }
        var fraction: Int64 = 0
        let digits = halves.count == 2 ? halves[1].prefix(6) : ""
        if !digits.isEmpty {
            guard let number = Int64(digits), number >= 0 else { return nil }
            fraction = number
            for _ in digits.count..<6 { fraction *= 10 }
        }
        let micros = (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
        let (dayMicros, overflow) = days.multipliedReportingOverflow(by: microsPerDay)
        return overflow ? nil : (dayMicros &+ micros &- shift, digits.count)
    }

    static func floorDivide(_ number: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
