internal import Columnar

/// The proleptic Gregorian calendar over days and microseconds since 1970-01-01 00:00.
///
/// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
enum Calendar {
    static let dayMicros: Int64 = 86_400_000_000

    /// The instants that a TIMESTAMP can be, in microseconds: from 290309-12-22 (BC) to the last but one of `Int64`,
    /// which is DuckDB's infinity. Inside it the start of a day never overflows.
    static let instants: ClosedRange<Int64> = -106_751_991 * dayMicros...Int64.max - 1

    @inline(__always)
    static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }

    @inline(__always)
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func daysInMonth(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    @inline(__always)
    static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// A timestamp in microseconds; rounds nanoseconds down. nil where it is none of `instants`.
    @inline(__always)
    static func micros(_ value: Int64, _ unit: TimeUnit) -> Int64? {
        let (micros, overflow): (Int64, Bool)
        switch unit {
        case .second: (micros, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
        case .millisecond: (micros, overflow) = value.multipliedReportingOverflow(by: 1_000)
        case .microsecond: (micros, overflow) = (value, false)
        case .nanosecond: (micros, overflow) = (floorDivide(value, 1_000), false)
        }
        return overflow || !instants.contains(micros) ? nil : micros
    }

    /// Adds months (the day is cut to the month's last), then days, then microseconds; nil where the result is none of
    /// `instants`, or `micros` is not.
    static func adding(_ micros: Int64, months: Int64, days: Int64, micros more: Int64) -> Int64? {
        guard instants.contains(micros) else { return nil }
        var dayNumber = floorDivide(micros, dayMicros)
        let timeOfDay = micros - dayNumber * dayMicros
        if months != 0 {
            let date = civil(days: dayNumber)
            let total = date.year * 12 + date.month - 1 + months
            let (year, month) = (floorDivide(total, 12), total - floorDivide(total, 12) * 12 + 1)
            dayNumber = self.days(year: year, month: month, day: min(date.day, daysInMonth(year: year, month: month)))
        }
        let (whole, overDays) = (dayNumber + days).multipliedReportingOverflow(by: dayMicros)
        let (first, overTime) = whole.addingReportingOverflow(timeOfDay)
        let (second, overMore) = first.addingReportingOverflow(more)
        return overDays || overTime || overMore || !instants.contains(second) ? nil : second
    }

    /// Monday is 1.
    static func isoWeekday(days: Int64) -> Int64 { days + 3 - floorDivide(days + 3, 7) * 7 + 1 }

    /// The ISO 8601 week and the year that it belongs to.
    static func isoWeek(days: Int64) -> (year: Int64, week: Int64) {
        let thursday = days - isoWeekday(days: days) + 4
        let year = civil(days: thursday).year
        return (year, (thursday - self.days(year: year, month: 1, day: 1)) / 7 + 1)
    }
}

/// The parts of a date or time that SQL names.
enum DatePart: String, CaseIterable {
    case microsecond, millisecond, second, minute, hour, day, week, month, quarter, year, decade, century, millennium
    case dayOfWeek, isoDayOfWeek, dayOfYear, isoYear, yearWeek, epoch

    init?(name: String) {
        let spellings: [String: DatePart] = [
            "us": .microsecond, "usec": .microsecond, "microseconds": .microsecond, "ms": .millisecond,
            "msec": .millisecond, "milliseconds": .millisecond, "s": .second, "sec": .second, "seconds": .second,
            "m": .minute, "min": .minute, "minutes": .minute, "h": .hour, "hr": .hour, "hours": .hour, "d": .day,
            "days": .day, "dayofmonth": .day, "w": .week, "weeks": .week, "weekofyear": .week, "mon": .month,
            "months": .month, "quarters": .quarter, "y": .year, "yr": .year, "years": .year, "decades": .decade,
            "c": .century, "centuries": .century, "mil": .millennium, "millenniums": .millennium,
            "millennia": .millennium,
            "dow": .dayOfWeek, "dayofweek": .dayOfWeek, "weekday": .dayOfWeek, "isodow": .isoDayOfWeek,
            "doy": .dayOfYear, "dayofyear": .dayOfYear, "isoyear": .isoYear, "yearweek": .yearWeek, "epoch": .epoch,
        ]
        guard let part = spellings[name.lowercased()] ?? DatePart(rawValue: name.lowercased()) else { return nil }
        self = part
    }

    /// The part's length where it never varies, in microseconds.
    var fixedMicros: Int64? {
        switch self {
        case .microsecond: 1
        case .millisecond: 1_000
        case .second: 1_000_000
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        case .day: Calendar.dayMicros
        default: nil
        }
    }

    /// The greatest instant at or before `micros`, one of `Calendar.instants`, where the part begins; nil for parts that
    /// nothing can be cut to, and where that instant is too long ago.
    func truncate(_ micros: Int64) -> Int64? {
        if let length = fixedMicros { return Calendar.floorDivide(micros, length) * length }
        let days = Calendar.floorDivide(micros, Calendar.dayMicros)
        let date = Calendar.civil(days: days)
        let first: Int64
        switch self {
        case .week: first = days - Calendar.isoWeekday(days: days) + 1
        case .month: first = Calendar.days(year: date.year, month: date.month, day: 1)
        case .quarter: first = Calendar.days(year: date.year, month: (date.month - 1) / 3 * 3 + 1, day: 1)
        case .year: first = Calendar.days(year: date.year, month: 1, day: 1)
        case .decade: first = Calendar.days(year: date.year / 10 * 10, month: 1, day: 1)
        case .century: first = Calendar.days(year: date.year / 100 * 100, month: 1, day: 1)
        case .millennium: first = Calendar.days(year: date.year / 1000 * 1000, month: 1, day: 1)
        case .isoYear:
            let year = Calendar.isoWeek(days: days).year
            let january4 = Calendar.days(year: year, month: 1, day: 4)
            first = january4 - Calendar.isoWeekday(days: january4) + 1
        default: return nil
        }
        let (start, overflow) = first.multipliedReportingOverflow(by: Calendar.dayMicros)
        return overflow || !Calendar.instants.contains(start) ? nil : start
    }

    /// The part of one of `Calendar.instants` as a number. `epoch` is not here: it is a DOUBLE.
    func extract(_ micros: Int64) -> Int64 {
        let days = Calendar.floorDivide(micros, Calendar.dayMicros)
        let time = micros - days * Calendar.dayMicros
        switch self {
        case .microsecond: return time % 60_000_000
        case .millisecond: return time % 60_000_000 / 1_000
        case .second: return time % 60_000_000 / 1_000_000
        case .minute: return time % 3_600_000_000 / 60_000_000
        case .hour: return time / 3_600_000_000
        case .dayOfWeek: return Calendar.isoWeekday(days: days) % 7
        case .isoDayOfWeek: return Calendar.isoWeekday(days: days)
        case .week: return Calendar.isoWeek(days: days).week
        case .isoYear: return Calendar.isoWeek(days: days).year
        case .yearWeek:
            let iso = Calendar.isoWeek(days: days)
            return iso.year * 100 + (iso.year > 0 ? iso.week : -iso.week)
        case .epoch: return Calendar.floorDivide(micros, 1_000_000)
        default: break
        }
        let date = Calendar.civil(days: days)
        switch self {
        case .day: return date.day
        case .month: return date.month
        case .quarter: return (date.month - 1) / 3 + 1
        case .year: return date.year
        case .decade: return date.year / 10
        case .century: return date.year > 0 ? (date.year - 1) / 100 + 1 : date.year / 100 - 1
        case .millennium: return date.year > 0 ? (date.year - 1) / 1000 + 1 : date.year / 1000 - 1
        default: return days - Calendar.days(year: date.year, month: 1, day: 1) + 1
        }
    }

    /// How many boundaries of the part lie between two of `Calendar.instants`; nil for parts without boundaries, and
    /// where they are too many for an integer.
    func boundaries(_ start: Int64, _ end: Int64) -> Int64? {
        if let length = fixedMicros {
            let (count, overflow) = Calendar.floorDivide(end, length).subtractingReportingOverflow(
                Calendar.floorDivide(start, length))
            return overflow ? nil : count
        }
        func months(_ micros: Int64) -> Int64 {
            let date = Calendar.civil(days: Calendar.floorDivide(micros, Calendar.dayMicros))
            return date.year * 12 + date.month - 1
        }
        switch self {
        case .week:
            // DuckDB 2.0 counts whole weeks between the two days, wherever in the week they lie.
            return (Calendar.floorDivide(end, Calendar.dayMicros) - Calendar.floorDivide(start, Calendar.dayMicros)) / 7
        case .month: return months(end) - months(start)
        case .quarter: return months(end) / 3 - months(start) / 3
        case .year: return months(end) / 12 - months(start) / 12
        case .decade: return months(end) / 120 - months(start) / 120
        case .century: return months(end) / 1200 - months(start) / 1200
        case .millennium: return months(end) / 12000 - months(start) / 12000
        case .isoYear: return extract(end) - extract(start)
        default: return nil
        }
    }
}
