internal import Columnar

/// Kernels of CAST and TRY_CAST. What cannot be cast fails the row, or gives null for TRY_CAST.
enum Casting {
    static func kernel(_ from: DataType, _ to: DataType, isTry: Bool) -> Kernel? {
        let fault: RowFault = isTry ? .null : .cast
        if from == to { return { args, _ in args[0] } }
        if from == .null { return { _, frame in Placeholder.column(to, count: frame.count) } }
        if case .dictionary(_, let value, _) = from {
            guard let inner = kernel(value, to, isTry: isTry) else { return nil }
            return { args, frame in inner([decoded(args[0], value)], frame) }
        }
        switch (from, to) {
        case (_, .utf8): return toText(from)
        case (.utf8, _): return fromText(to, fault)
        case (.timestamp(let a, _), .timestamp(let b, _)): return timestamps(a, b, to, fault)
        case (.date32, .timestamp(let unit, _)):
            let scale = 86_400 * unit.perSecond
            return { args, frame in
                Map.unary(args, frame, to, Int32.self, Int64.self) { days, failed in
                    let (value, overflow) = Int64(days).multipliedReportingOverflow(by: scale)
                    if overflow { failed = fault }
                    return value
                }
            }
        case (.timestamp(let unit, _), .date32):
            let scale = 86_400 * unit.perSecond
            return { args, frame in
                Map.unary(args, frame, to, Int64.self, Int32.self) { value, failed in
                    guard let days = Int32(exactly: Calendar.floorDivide(value, scale)) else {
                        failed = fault
                        return 0
                    }
                    return days
                }
            }
        case (.bool, _) where to.isNumeric:
            return { args, frame in
                let view = BoolView(args[0])
                return Map.rows(args, frame, to) { row, builder, _ in
                    append(builder, to, Int128(view[row] ? 1 : 0))
                }
            }
        case (_, .bool) where from.isNumeric: return toBool(from)
        case (.binary, .fixedSizeBinary), (.fixedSizeBinary, .binary): return nil
        default: return numbers(from, to, fault)
        }
    }

    private static func append(_ builder: ColumnBuilder, _ type: DataType, _ value: Int128) {
        let scalar: Scalar
        switch type {
        case .float32, .float64: scalar = .double(Double(value))
        case .decimal128(_, let scale): scalar = .decimal(value * DecimalArithmetic.power(scale))
        case .uint8, .uint16, .uint32, .uint64: scalar = .uint(UInt64(value))
        default: scalar = .int(Int64(value))
        }
        if (try? builder.append(scalar)) == nil { builder.appendNull() }
    }

    static func decoded(_ column: Column, _ value: DataType) -> Column {
        guard let dictionary = column.dictionary else { return Placeholder.column(value, count: column.count) }
        let rows = (0..<column.count).map { row -> Int32 in
            if column.isNull(row) { return -1 }
            switch column.type {
            case .dictionary(.int8, _, _), .dictionary(.uint8, _, _): return Int32(PrimitiveView<UInt8>(column)[row])
            case .dictionary(.int16, _, _), .dictionary(.uint16, _, _): return Int32(PrimitiveView<UInt16>(column)[row])
            case .dictionary(.int64, _, _), .dictionary(.uint64, _, _): return Int32(PrimitiveView<Int64>(column)[row])
            default: return PrimitiveView<Int32>(column)[row]
            }
        }
        return Gather.take(dictionary, rows)
    }

    private static func timestamps(_ from: TimeUnit, _ to: TimeUnit, _ type: DataType, _ fault: RowFault) -> Kernel {
        let (multiplier, divisor) = (max(1, to.perSecond / from.perSecond), max(1, from.perSecond / to.perSecond))
        if from == to { return { args, _ in TimeFunctions.retyped(args[0], type) } }
        return { args, frame in
            Map.unary(args, frame, type, Int64.self, Int64.self) { value, failed in
                let (result, overflow) = value.multipliedReportingOverflow(by: multiplier)
                if overflow { failed = fault }
                return divisor == 1 ? result : Calendar.floorDivide(result, divisor)
            }
        }
    }

    private static func toBool(_ from: DataType) -> Kernel? {
        { args, frame in
            Comparison.tests(args, frame) { row in
                switch args[0].scalar(at: row) {
                case .int(let value): value != 0
                case .uint(let value): value != 0
                case .double(let value): value != 0
                case .decimal(let value): value != 0
                default: false
                }
            }
        }
    }

    private static func numbers(_ from: DataType, _ to: DataType, _ fault: RowFault) -> Kernel? {
        switch from {
        case .int8: integers(Int8.self, to, fault)
        case .int16: integers(Int16.self, to, fault)
        case .int32: integers(Int32.self, to, fault)
        case .int64: integers(Int64.self, to, fault)
        case .uint8: integers(UInt8.self, to, fault)
        case .uint16: integers(UInt16.self, to, fault)
        case .uint32: integers(UInt32.self, to, fault)
        case .uint64: integers(UInt64.self, to, fault)
        case .float32: floats(Float.self, to, fault)
        case .float64: floats(Double.self, to, fault)
        case .decimal128(_, let scale): decimals(scale, to, fault)
        default: nil
        }
    }

    private static func integers<A: FixedWidthInteger & BitwiseCopyable>(
        _: A.Type, _ to: DataType, _ fault: RowFault
    ) -> Kernel? {
        func narrow<R: FixedWidthInteger & BitwiseCopyable>(_: R.Type) -> Kernel {
            { args, frame in
                Map.unary(args, frame, to, A.self, R.self) { value, failed in
                    guard let result = R(exactly: value) else {
                        failed = fault
                        return 0
                    }
                    return result
                }
            }
        }
        switch to {
        case .int8: return narrow(Int8.self)
        case .int16: return narrow(Int16.self)
        case .int32: return narrow(Int32.self)
        case .int64: return narrow(Int64.self)
        case .uint8: return narrow(UInt8.self)
        case .uint16: return narrow(UInt16.self)
        case .uint32: return narrow(UInt32.self)
        case .uint64: return narrow(UInt64.self)
        case .float32:
            return { args, frame in Map.unary(args, frame, to, A.self, Float.self) { value, _ in Float(value) } }
        case .float64:
            return { args, frame in Map.unary(args, frame, to, A.self, Double.self) { value, _ in Double(value) } }
        case .decimal128(_, let scale):
            let (factor, bound) = (DecimalArithmetic.power(scale), DecimalArithmetic.limit(to))
            return { args, frame in
                Map.unary(args, frame, to, A.self, Int128.self) { value, failed in
                    let (result, overflow) = Int128(value).multipliedReportingOverflow(by: factor)
                    if overflow || result > bound || result < -bound { failed = fault }
                    return result
                }
            }
        default: return nil
        }
    }

    private static func floats<A: BinaryFloatingPoint & BitwiseCopyable>(
        _: A.Type, _ to: DataType, _ fault: RowFault
    ) -> Kernel? {
        func whole<R: FixedWidthInteger & BitwiseCopyable>(_: R.Type) -> Kernel {
            { args, frame in
                Map.unary(args, frame, to, A.self, R.self) { value, failed in
                    guard let result = R(exactly: value.rounded(.toNearestOrEven)) else {
                        failed = fault
                        return 0
                    }
                    return result
                }
            }
        }
        switch to {
        case .int8: return whole(Int8.self)
        case .int16: return whole(Int16.self)
        case .int32: return whole(Int32.self)
        case .int64: return whole(Int64.self)
        case .uint8: return whole(UInt8.self)
        case .uint16: return whole(UInt16.self)
        case .uint32: return whole(UInt32.self)
        case .uint64: return whole(UInt64.self)
        case .float32:
            return { args, frame in
                Map.unary(args, frame, to, A.self, Float.self) { value, failed in
                    let result = Float(value)
                    if result.isInfinite && !value.isInfinite { failed = fault }
                    return result
                }
            }
        case .float64:
            return { args, frame in Map.unary(args, frame, to, A.self, Double.self) { value, _ in Double(value) } }
        case .decimal128(_, let scale):
            let (factor, bound) = (Double(DecimalArithmetic.power(scale)), DecimalArithmetic.limit(to))
            return { args, frame in
                Map.unary(args, frame, to, A.self, Int128.self) { value, failed in
                    let scaled = (Double(value) * factor).rounded(.toNearestOrAwayFromZero)
                    guard let result = Int128(exactly: scaled), result <= bound, result >= -bound else {
                        failed = fault
                        return 0
                    }
                    return result
                }
            }
        default: return nil
        }
    }

    private static func decimals(_ scale: Int, _ to: DataType, _ fault: RowFault) -> Kernel? {
        let divisor = DecimalArithmetic.power(scale)
        func whole<R: FixedWidthInteger & BitwiseCopyable>(_: R.Type) -> Kernel {
            { args, frame in
                Map.unary(args, frame, to, Int128.self, R.self) { value, failed in
                    guard let result = R(exactly: DecimalArithmetic.dividing(value, by: divisor)) else {
                        failed = fault
                        return 0
                    }
                    return result
                }
            }
        }
        switch to {
        case .int8: return whole(Int8.self)
        case .int16: return whole(Int16.self)
        case .int32: return whole(Int32.self)
        case .int64: return whole(Int64.self)
        case .uint8: return whole(UInt8.self)
        case .uint16: return whole(UInt16.self)
        case .uint32: return whole(UInt32.self)
        case .uint64: return whole(UInt64.self)
        case .float32, .float64:
            let real = Double(divisor)
            if to == .float32 {
                return { args, frame in
                    Map.unary(args, frame, to, Int128.self, Float.self) { value, _ in Float(Double(value) / real) }
                }
            }
            return { args, frame in
                Map.unary(args, frame, to, Int128.self, Double.self) { value, _ in Double(value) / real }
            }
        case .decimal128(_, let target):
            let bound = DecimalArithmetic.limit(to)
            let factor = DecimalArithmetic.power(target - scale)
            let reduction = DecimalArithmetic.power(scale - target)
            return { args, frame in
                Map.unary(args, frame, to, Int128.self, Int128.self) { value, failed in
                    if target < scale {
                        let result = DecimalArithmetic.dividing(value, by: reduction)
                        if result > bound || result < -bound { failed = fault }
                        return result
                    }
                    let (result, overflow) = value.multipliedReportingOverflow(by: factor)
                    if overflow || result > bound || result < -bound { failed = fault }
                    return result
                }
            }
        default: return nil
        }
    }

    private static func toText(_ from: DataType) -> Kernel? {
        let format: (Scalar) -> String?
        switch from {
        case .bool: format = { if case .bool(let value) = $0 { value ? "true" : "false" } else { nil } }
        case .date32:
            format = {
                if case .int(let days) = $0 {
                    TimestampText.formatDate(days: Int32(truncatingIfNeeded: days))
                } else {
                    nil
                }
            }
        case .timestamp(let unit, nil):
            guard unit != .nanosecond else { return nil }
            format = {
                if case .int(let value) = $0 {
                    Calendar.micros(value, unit).map { TimestampText.format(micros: $0) }
                } else {
                    nil
                }
            }
        case .float32: format = { if case .double(let value) = $0 { DoubleText.format(Float(value)) } else { nil } }
        case .float64: format = { if case .double(let value) = $0 { DoubleText.format(value) } else { nil } }
        case .decimal128(_, let scale):
            format = { if case .decimal(let value) = $0 { DecimalText.format(value, scale: scale) } else { nil } }
        case _ where from.isInteger:
            format = {
                switch $0 {
                case .int(let value): String(value)
                case .uint(let value): String(value)
                default: nil
                }
            }
        default: return nil
        }
        return { args, frame in
            Map.rows(args, frame, .utf8) { row, builder, fault in
                guard let text = format(args[0].scalar(at: row)) else {
                    fault = .cast
                    return
                }
                if (try? builder.append(.string(text))) == nil { fault = .cast }
            }
        }
    }

    private static func fromText(_ to: DataType, _ failure: RowFault) -> Kernel? {
        let parse: (String) -> Scalar?
        switch to {
        case .bool:
            parse = { text in
                switch text.lowercased() {
                case "true", "t", "1", "yes", "y": .bool(true)
                case "false", "f", "0", "no", "n": .bool(false)
                default: nil
                }
            }
        case .date32: parse = { TimestampText.parseDate($0).map { .int($0) } }
        case .timestamp(let unit, _):
            guard unit != .nanosecond else { return nil }
            let divisor = 1_000_000 / unit.perSecond
            parse = { TimestampText.parse($0).map { .int(Calendar.floorDivide($0, divisor)) } }
        case .float32, .float64: parse = { DoubleText.parse($0).map { .double($0) } }
        case .decimal128(_, let scale):
            let bound = DecimalArithmetic.limit(to)
            parse = { text in
                guard let value = DecimalText.parse(text, scale: scale), value <= bound, value >= -bound else {
                    return nil
                }
                return .decimal(value)
            }
        case .uint8, .uint16, .uint32, .uint64:
            parse = { DecimalText.parse($0, scale: 0).flatMap { UInt64(exactly: $0) }.map { .uint($0) } }
        case .int8, .int16, .int32, .int64:
            parse = { DecimalText.parse($0, scale: 0).flatMap { Int64(exactly: $0) }.map { .int($0) } }
        default: return nil
        }
        return { args, frame in
            let view = BytesView(args[0])
            return Map.rows(args, frame, to) { row, builder, fault in
                guard let value = parse(view.string(row)), (try? builder.append(value)) != nil else {
                    fault = failure
                    return
                }
            }
        }
    }
}
