internal import Columnar
internal import SQL

/// Kernels over dates, timestamps and intervals.
enum TimeFunctions {
    /// - Parameter literals: the arguments that are literals, by number.
    static func kernel(
        _ function: ScalarFunction, _ arguments: [DataType], _ literals: [Int: Scalar], _ type: DataType
    ) -> Kernel? {
        switch function {
        case .dateTrunc, .datePart, .dateDifference:
            guard case .string(let name)? = literals[0], let part = DatePart(name: name) else { return nil }
            guard arguments.dropFirst().allSatisfy({ micros($0) != nil }) else { return nil }
            switch function {
            case .dateTrunc: return arguments.count == 2 ? truncate(part, arguments[1], type) : nil
            case .datePart: return arguments.count == 2 ? extract(part, arguments[1], type) : nil
            default: return arguments.count == 3 ? difference(part, arguments, type) : nil
            }
        case .timestampPlusInterval, .dateAdd: return shift(arguments, type, sign: 1)
        case .timestampMinusInterval, .dateSubtract: return shift(arguments, type, sign: -1)
        case .timestampMinusTimestamp:
            guard arguments.count == 2, type == .intervalMonthDayNano, let left = micros(arguments[0]),
                let right = micros(arguments[1])
            else { return nil }
            return { args, frame in
                Map.rows(args, frame, type) { row, builder, fault in
                    guard let from = right(args[1], row), let to = left(args[0], row) else {
                        fault = .timeRange
                        return
                    }
                    let (distance, overflow) = to.subtractingReportingOverflow(from)
                    guard !overflow else {
                        fault = .overflow
                        return
                    }
                    let days = distance / Calendar.dayMicros
                    append(
                        builder,
                        MonthDayNano(
                            months: 0, days: Int32(truncatingIfNeeded: days),
                            nanos: (distance - days * Calendar.dayMicros) * 1_000))
                }
            }
        case .epochMillis, .epochMicros:
            guard arguments.count == 1, let read = micros(arguments[0]), type == .int64 else { return nil }
            let divisor: Int64 = function == .epochMillis ? 1_000 : 1
            return { args, frame in
                instants(args, frame, type) { row, fault in
                    guard let micros = read(args[0], row) else {
                        fault = .timeRange
                        return 0
                    }
                    return Calendar.floorDivide(micros, divisor)
                }
            }
        case .makeTimestamp:
            guard arguments == [.int64], case .timestamp(.microsecond, _) = type else { return nil }
            return { args, _ in retyped(args[0], type) }
        default: return nil
        }
    }

    /// Reads a row of a date or timestamp column as microseconds, nil where it is none of `Calendar.instants`. nil for
    /// other types, and for timestamps of a zone whose calendar is not UTC's.
    private static func micros(_ type: DataType) -> ((Column, Int) -> Int64?)? {
        switch type {
        case .date32:
            { column, row in
                let (micros, overflow) = Int64(PrimitiveView<Int32>(column)[row]).multipliedReportingOverflow(
                    by: Calendar.dayMicros)
                return overflow || !Calendar.instants.contains(micros) ? nil : micros
            }
        case .timestamp(let unit, let zone):
            zone == nil || ["UTC", "Etc/UTC", "Z", "+00:00"].contains(zone)
                ? { column, row in Calendar.micros(PrimitiveView<Int64>(column)[row], unit) } : nil
        default: nil
        }
    }

    static func retyped(_ column: Column, _ type: DataType) -> Column {
        Column(
            type: type, count: column.count, offset: column.offset, nullCount: column.nullCount,
            validity: column.validity, values: column.values)
    }

    /// Writes microseconds as a date or timestamp of `type`; nil where they do not fit it.
    private static func writer(_ type: DataType) -> ((Int64) -> Int64?)? {
        switch type {
        case .date32: { Calendar.floorDivide($0, Calendar.dayMicros) }
        case .timestamp(.second, _): { Calendar.floorDivide($0, 1_000_000) }
        case .timestamp(.millisecond, _): { Calendar.floorDivide($0, 1_000) }
        case .timestamp(.microsecond, _): { $0 }
        case .timestamp(.nanosecond, _):
            {
                let (nanos, overflow) = $0.multipliedReportingOverflow(by: 1_000)
                return overflow ? nil : nanos
            }
        default: nil
        }
    }

    private static func instants(
        _ args: [Column], _ frame: Frame, _ type: DataType, _ body: (Int, inout RowFault) -> Int64
    ) -> Column {
        var faults = FaultCollector()
        guard type == .date32 else {
            let output = FixedOutput<Int64>(count: frame.count)
            for row in 0..<frame.count {
                output[row] = body(row, &faults.current)
                if faults.current != .none { faults.note(row) }
            }
            return Column(type: type, count: frame.count, validity: faults.settle(args, frame), values: output.finish())
        }
        let output = FixedOutput<Int32>(count: frame.count)
        for row in 0..<frame.count {
            output[row] = Int32(truncatingIfNeeded: body(row, &faults.current))
            if faults.current != .none { faults.note(row) }
        }
        return Column(type: type, count: frame.count, validity: faults.settle(args, frame), values: output.finish())
    }

    private static func truncate(_ part: DatePart, _ argument: DataType, _ type: DataType) -> Kernel? {
        guard let read = micros(argument), let write = writer(type), part.truncate(0) != nil else { return nil }
        return { args, frame in
            instants(args, frame, type) { row, fault in
                guard let value = read(args[1], row).flatMap(part.truncate).flatMap(write) else {
                    fault = .timeRange
                    return 0
                }
                return value
            }
        }
    }

    private static func extract(_ part: DatePart, _ argument: DataType, _ type: DataType) -> Kernel? {
        guard let read = micros(argument) else { return nil }
        if part == .epoch {
            guard type == .float64 else { return nil }
            return { args, frame in
                let output = FixedOutput<Double>(count: frame.count)
                var faults = FaultCollector()
                for row in 0..<frame.count {
                    let micros = read(args[1], row)
                    if micros == nil { faults.fail(row, .timeRange) }
                    output[row] = Double(micros ?? 0) / 1_000_000
                }
                return Column(
                    type: type, count: frame.count, validity: faults.settle([args[1]], frame), values: output.finish())
            }
        }
        guard type == .int64 else { return nil }
        return { args, frame in
            instants([args[1]], frame, type) { row, fault in
                guard let micros = read(args[1], row) else {
                    fault = .timeRange
                    return 0
                }
                return part.extract(micros)
            }
        }
    }

    private static func difference(_ part: DatePart, _ arguments: [DataType], _ type: DataType) -> Kernel? {
        guard type == .int64, let left = micros(arguments[1]), let right = micros(arguments[2]),
            part.boundaries(0, 0) != nil
        else { return nil }
        return { args, frame in
            instants(args, frame, type) { row, fault in
                guard let from = left(args[1], row), let to = right(args[2], row) else {
                    fault = .timeRange
                    return 0
                }
                guard let count = part.boundaries(from, to) else {
                    fault = .overflow
                    return 0
                }
                return count
            }
        }
    }

    private static func shift(_ arguments: [DataType], _ type: DataType, sign: Int64) -> Kernel? {
        guard arguments.count == 2, arguments[1] == .intervalMonthDayNano, let read = micros(arguments[0]),
            let write = writer(type)
        else { return nil }
        return { args, frame in
            let intervals = PrimitiveView<MonthDayNano>(args[1])
            return instants(args, frame, type) { row, fault in
                let interval = intervals[row]
                guard let micros = read(args[0], row) else {
                    fault = .timeRange
                    return 0
                }
                guard
                    let moved = Calendar.adding(
                        micros, months: sign * Int64(interval.months), days: sign * Int64(interval.days),
                        micros: sign * (interval.nanos / 1_000)),
                    let value = write(moved)
                else {
                    fault = .overflow
                    return 0
                }
                return value
            }
        }
    }

    private static func append(_ builder: ColumnBuilder, _ value: MonthDayNano) {
        (builder as? PrimitiveColumnBuilder<MonthDayNano>)?.append(value)
    }
}
