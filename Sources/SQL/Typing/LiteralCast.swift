internal import Columnar

/// Casts literals while the query is bound, so that a bad one is an error at its place and not at run time.
enum LiteralCast {
    enum Outcome {
        case value(Scalar)
        /// No value of the type; `expected` says what would be one.
        case impossible(expected: String)
        /// Left to run time.
        case unknown
    }

    static func cast(_ value: Scalar, from: DataType, to type: DataType) -> Outcome {
        if value.isNull { return .value(.null) }
        if from == type { return .value(value) }
        switch value {
        case .string(let text): return parse(text, as: type)
        case .int(let integer) where from.isInteger: return convert(Int128(integer), scale: 0, to: type)
        case .uint(let integer) where from.isInteger: return convert(Int128(integer), scale: 0, to: type)
        case .decimal(let unscaled): return convert(unscaled, scale: from.decimalDigits?.scale ?? 0, to: type)
        case .int(let days) where from == .date32:
            if case .timestamp(.microsecond, _) = type { return .value(.int(days * 86_400_000_000)) }
            return .unknown
        default: return .unknown
        }
    }

    private static func convert(_ unscaled: Int128, scale: Int, to type: DataType) -> Outcome {
        if type.isInteger, scale == 0 {
            guard NumericTypes.holds(type, unscaled) else {
                return .impossible(expected: "a number that \(type) holds")
            }
            return .value(integer(unscaled, type))
        }
        if type == .float64 {
            let digits = unscaled.description
            return Double(scale == 0 ? digits : "\(digits)e-\(scale)").map { .value(.double($0)) } ?? .unknown
        }
        if case .decimal128(let precision, let newScale) = type, newScale >= scale {
            let (scaled, overflow) = unscaled.multipliedReportingOverflow(by: NumericTypes.powerOfTen(newScale - scale))
            guard !overflow, scaled.magnitude < NumericTypes.powerOfTen(precision).magnitude else {
                return .impossible(expected: "a number that \(type) holds")
            }
            return .value(.decimal(scaled))
        }
        return .unknown
    }

    static func integer(_ value: Int128, _ type: DataType) -> Scalar {
        type.isSigned ? .int(Int64(value)) : .uint(UInt64(value))
    }

    private static func parse(_ text: String, as type: DataType) -> Outcome {
        switch type {
        case .utf8: return .value(.string(text))
        case .bool:
            switch text.lowercased() {
            case "true", "t", "1": return .value(.bool(true))
            case "false", "f", "0": return .value(.bool(false))
            default: return .unknown
            }
        case .date32:
            guard let days = CalendarText.days(String(text.trimmingSpaces)) else {
                return .impossible(expected: "a date such as 2013-01-31")
            }
            return .value(.int(days))
        case .timestamp(let unit, let zone):
            guard let (micros, saysOffset) = CalendarText.timestamp(text) else {
                return .impossible(expected: "a timestamp such as 2013-01-31 23:59:59")
            }
            guard zone != nil || !saysOffset, unit == .microsecond else { return .unknown }
            return .value(.int(micros))
        case .time64(.microsecond):
            guard let micros = ClockText.micros(text.trimmingSpaces) else {
                return .impossible(expected: "a time such as 23:59:59")
            }
            return .value(.int(micros))
        case .intervalMonthDayNano:
            guard let interval = Interval(text), let scalar = interval.scalar else {
                return .impossible(expected: "an interval such as 1 hour")
            }
            return .value(scalar)
        case .float64:
            guard let value = Double(String(text.trimmingSpaces)) else { return .impossible(expected: "a number") }
            return .value(.double(value))
        default:
            guard type.isInteger else { return .unknown }
            guard let value = Int128(String(text.trimmingSpaces)) else {
                return Double(String(text.trimmingSpaces)) == nil ? .impossible(expected: "a whole number") : .unknown
            }
            return convert(value, scale: 0, to: type)
        }
    }
}

extension Interval {
    /// Nil beyond the ranges of Arrow's interval.
    var scalar: Scalar? {
        let (nanos, overflow) = micros.multipliedReportingOverflow(by: 1_000)
        guard let months = Int32(exactly: months), let days = Int32(exactly: days), !overflow else { return nil }
        return .interval(months: months, days: days, nanos: nanos)
    }
}
