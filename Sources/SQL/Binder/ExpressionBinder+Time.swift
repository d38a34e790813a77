internal import Columnar

extension ExpressionBinder {
    /// Arithmetic with dates, timestamps and intervals; nil where neither side is one.
    func temporal(_ name: String, _ left: Bound, _ right: Bound, at position: Int?) throws(SQLProblem) -> Bound? {
        let (leftType, rightType) = (left.type.computed, right.type.computed)
        let nullable = left.nullable || right.nullable
        if name == "+", rightType.isTimestamp || rightType.isDate,
            leftType == .intervalMonthDayNano || leftType.isInteger
        {
            return try temporal(name, right, left, at: position)
        }
        guard leftType.isTimestamp || leftType.isDate else {
            return try interval(name, left, right, at: position)
        }
        switch (name, rightType) {
        case ("+", .intervalMonthDayNano), ("-", .intervalMonthDayNano):
            let time = try cast(left, to: instant(leftType))
            return Bound(
                .call(name == "+" ? .timestampPlusInterval : .timestampMinusInterval, [time, right.expression]),
                time.type, nullable: nullable, at: position)
        case ("+", _) where leftType.isDate && rightType.isInteger,
            ("-", _) where leftType.isDate && rightType.isInteger:
            guard let days = right.integerLiteral.flatMap({ Int32(exactly: name == "+" ? $0 : -$0) }) else {
                throw SQLProblem(
                    .unsupported, "a stream adds to a date only days that are written out", expected: "date + 1",
                    found: "\(leftType) \(name) \(rightType)", hint: "Write the number of days as a literal.",
                    position: position)
            }
            let interval = Expression(
                .literal(.interval(months: 0, days: days, nanos: 0)), type: .intervalMonthDayNano, nullable: false,
                position: right.position)
            return Bound(.call(.dateAdd, [try computed(left), interval]), .date32, nullable: nullable, at: position)
        case ("-", _) where leftType.isDate && rightType.isDate:
            return try difference("day", right, left, at: position)
        case ("-", _) where rightType.isTimestamp || rightType.isDate:
            guard let type = CommonType.of(leftType, rightType) else { return nil }
            let sides = [try cast(left, to: instant(type)), try cast(right, to: instant(type))]
            return Bound(
                .call(.timestampMinusTimestamp, sides), .intervalMonthDayNano, nullable: nullable, at: position)
        case ("+", .null), ("-", .null): return Bound(try cast(right, to: leftType))
        default: return nil
        }
    }

    /// What calendar functions compute in: microseconds, with the zone if there is one.
    func instant(_ type: DataType) -> DataType {
        if case .timestamp(_, let zone) = type.computed { return .timestamp(.microsecond, zone: zone) }
        return .sqlTimestamp
    }

    /// Arithmetic of intervals that are written out; those of columns have no operator in a stream.
    private func interval(_ name: String, _ left: Bound, _ right: Bound, at position: Int?) throws(SQLProblem) -> Bound?
    {
        guard left.type == .intervalMonthDayNano || right.type == .intervalMonthDayNano else { return nil }
        if case .literal(.interval(let months, let days, let nanos)) = left.expression.node {
            if name == "+" || name == "-",
                case .literal(.interval(let otherMonths, let otherDays, let otherNanos)) = right.expression.node
            {
                let sign: Int64 = name == "+" ? 1 : -1
                return folded(
                    Int64(months) + sign * Int64(otherMonths), Int64(days) + sign * Int64(otherDays),
                    nanos.addingReportingOverflow(sign * otherNanos), at: position)
            }
            if name == "*", let factor = right.integerLiteral.flatMap({ Int32(exactly: $0) }) {
                return folded(
                    Int64(months) * Int64(factor), Int64(days) * Int64(factor),
                    nanos.multipliedReportingOverflow(by: Int64(factor)), at: position)
            }
        } else if name == "*", left.integerLiteral != nil {
            return try interval(name, right, left, at: position)
        }
        return nil
    }

    private func folded(
        _ months: Int64, _ days: Int64, _ nanos: (partialValue: Int64, overflow: Bool), at position: Int?
    ) -> Bound? {
        guard let months = Int32(exactly: months), let days = Int32(exactly: days), !nanos.overflow else { return nil }
        return Bound(
            .literal(.interval(months: months, days: days, nanos: nanos.partialValue)), .intervalMonthDayNano,
            nullable: false, at: position)
    }

    /// `date_diff(part, from, to)`.
    func difference(_ part: String, _ from: Bound, _ to: Bound, at position: Int?)
        throws(SQLProblem) -> Bound
    {
        guard let common = CommonType.of(from, to, in: .comparison), common.isDate || common.isTimestamp else {
            throw SQLProblem(
                .typeMismatch, "the difference needs two dates or timestamps", expected: "DATE or TIMESTAMP",
                found: "\(from.type), \(to.type)", hint: "Cast both to TIMESTAMP.", position: position)
        }
        let type = instant(common)
        let arguments = [text(part, at: nil), try cast(from, to: type), try cast(to, to: type)]
        return Bound(.call(.dateDifference, arguments), .int64, nullable: from.nullable || to.nullable, at: position)
    }

    /// `interval 5 minutes` comes as `to_minutes(CAST(trunc(CAST(5 AS DOUBLE)) AS BIGINT))`.
    func writtenInterval(_ call: FunctionCall, unit: String, at position: Int?) throws(SQLProblem) -> Bound {
        var argument = call.arguments.first?.expression
        while let inner = argument {
            switch inner.node {
            case .cast(let next, _, _): argument = next
            case .function(let function) where function.name == "trunc": argument = function.arguments.first?.expression
            case .literal(.integer(let digits)), .literal(.numeric(let digits)):
                guard call.arguments.count == 1, let value = Double(digits.filter { $0 != "_" }),
                    let interval = Interval(unit == "seconds" ? value : value.rounded(.towardZero), unit: unit),
                    let scalar = interval.scalar
                else {
                    throw SQLProblem(
                        .literal, "the interval cannot be read", expected: "interval '1 hour'", found: digits,
                        hint: "Write the interval as text.", position: position)
                }
                return Bound(.literal(scalar), .intervalMonthDayNano, nullable: false, at: position)
            default: argument = nil
            }
        }
        throw SQLProblem(
            .unsupported, "a stream needs intervals that are written out", expected: "interval '1 hour'",
            found: call.text, hint: "Write the length as a literal.", position: position)
    }
}

/// The names of parts of dates, and what else they may be called. Source: DuckDB 2.0, "Date Part Functions".
enum DatePart {
    static func canonical(_ name: String) -> String? { names[name.lowercased()] }

    private static let names: [String: String] = {
        let groups = [
            "year yr y years yrs", "month mon months mons", "day days d dayofmonth", "decade dec decades decs",
            "century cent centuries c", "millennium mil millenniums millenia mils millennia millenium",
            "microsecond microseconds us usec usecs", "millisecond milliseconds ms msec msecs",
            "second sec seconds secs s",
            "minute min minutes mins m", "hour hr hours hrs h", "epoch", "dow dayofweek weekday", "isodow",
            "week weeks w weekofyear", "doy dayofyear", "yearweek", "quarter quarters", "isoyear", "era",
        ]
        var names: [String: String] = [:]
        for group in groups {
            let words = group.split(separator: " ").map(String.init)
            for word in words { names[word] = words[0] }
        }
        return names
    }()

    static let list = "year, quarter, month, week, day, hour, minute, second ..."
}
