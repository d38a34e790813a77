internal import Columnar
internal import SQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Kernels of arithmetic and mathematics, with DuckDB 2.0's results: overflow and integer division by zero fail the
/// row, division by zero of DOUBLE gives infinity, decimals round half away from zero.
enum Arithmetic {
    /// nil where the function has no kernel for these types.
    static func kernel(_ function: ScalarFunction, _ arguments: [DataType], _ type: DataType) -> Kernel? {
        switch function {
        case .add, .subtract, .multiply, .integerDivide, .modulo, .divide:
            guard arguments.count == 2 else { return nil }
            return binary(function, arguments, type)
        case .negate, .abs, .sign, .floor, .ceiling:
            guard arguments.count == 1 else { return nil }
            return unary(function, arguments[0], type)
        case .round: return Rounding.kernel(arguments, type)
        case .sqrt: return real(arguments, type) { $0.squareRoot() }
        case .ln: return real(arguments, type) { log($0) }
        case .log10: return real(arguments, type) { Self.log10($0) }
        case .exp: return real(arguments, type) { Self.exp($0) }
        case .power:
            guard arguments == [.float64, .float64], type == .float64 else { return nil }
            return { args, frame in
                Map.binary(args, frame, .float64, Double.self, Double.self, Double.self) { base, exponent, _ in
                    pow(base, exponent)
                }
            }
        default: return nil
        }
    }

    private static func log10(_ value: Double) -> Double { mathLog10(value) }
    private static func exp(_ value: Double) -> Double { mathExp(value) }

    private static func real(_ arguments: [DataType], _ type: DataType, _ body: @escaping (Double) -> Double) -> Kernel?
    {
        guard arguments == [.float64], type == .float64 else { return nil }
        return { args, frame in Map.unary(args, frame, .float64, Double.self, Double.self) { value, _ in body(value) } }
    }

    private static func binary(_ function: ScalarFunction, _ arguments: [DataType], _ type: DataType) -> Kernel? {
        let (left, right) = (arguments[0], arguments[1])
        if case .decimal128 = type { return DecimalArithmetic.kernel(function, left, right, type) }
        guard left.layout == type.layout, right.layout == type.layout else { return nil }
        switch type {
        case .int8: return integer(function, type, Int8.self)
        case .int16: return integer(function, type, Int16.self)
        case .int32, .date32: return integer(function, type, Int32.self)
        case .int64: return integer(function, type, Int64.self)
        case .uint8: return integer(function, type, UInt8.self)
        case .uint16: return integer(function, type, UInt16.self)
        case .uint32: return integer(function, type, UInt32.self)
        case .uint64: return integer(function, type, UInt64.self)
        case .float32: return floating(function, type, Float.self)
        case .float64: return left == .float64 && right == .float64 ? floating(function, type, Double.self) : nil
        default: return nil
        }
    }

    private static func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ function: ScalarFunction, _ type: DataType, _: T.Type
    ) -> Kernel? {
        @inline(__always) func kernel(_ body: @escaping (T, T, inout RowFault) -> T) -> Kernel {
            { args, frame in Map.binary(args, frame, type, T.self, T.self, T.self, body) }
        }
        switch function {
        case .add:
            return { args, frame in
                Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, fault in
                    let (value, overflow) = left.addingReportingOverflow(right)
                    if overflow { fault = .overflow }
                    return value
                }
            }
        case .subtract:
            return { args, frame in
                Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, fault in
                    let (value, overflow) = left.subtractingReportingOverflow(right)
                    if overflow { fault = .overflow }
                    return value
                }
            }
        case .multiply:
            return { args, frame in
                Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, fault in
                    let (value, overflow) = left.multipliedReportingOverflow(by: right)
                    if overflow { fault = .overflow }
                    return value
                }
            }
        case .integerDivide:
            return kernel { left, right, fault in
                let (value, overflow) = left.dividedReportingOverflow(by: right)
                if overflow { fault = right == 0 ? .divisionByZero : .overflow }
                return value
            }
        case .modulo:
            return kernel { left, right, fault in
                let (value, overflow) = left.remainderReportingOverflow(dividingBy: right)
                if right == 0 { fault = .divisionByZero }
                return overflow ? 0 : value
            }
        default: return nil
        }
    }

    private static func floating<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ function: ScalarFunction, _ type: DataType, _: T.Type
    ) -> Kernel? {
        switch function {
        case .add:
            { args, frame in Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, _ in left + right } }
        case .subtract:
            { args, frame in Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, _ in left - right } }
        case .multiply:
            { args, frame in Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, _ in left * right } }
        case .divide, .integerDivide:
            // DuckDB's // on DOUBLE is plain division.
            { args, frame in Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, _ in left / right } }
        case .modulo:
            { args, frame in
                Map.binary(args, frame, type, T.self, T.self, T.self) { left, right, _ in
                    left.truncatingRemainder(dividingBy: right)
                }
            }
        default: nil
        }
    }

    private static func unary(_ function: ScalarFunction, _ argument: DataType, _ type: DataType) -> Kernel? {
        if case .decimal128 = argument { return DecimalArithmetic.unary(function, argument, type) }
        if function == .sign { return sign(argument, type) }
        guard argument == type else { return nil }
        switch type {
        case .int8: return signed(function, type, Int8.self)
        case .int16: return signed(function, type, Int16.self)
        case .int32: return signed(function, type, Int32.self)
        case .int64: return signed(function, type, Int64.self)
        case .uint8, .uint16, .uint32, .uint64: return function == .negate ? nil : { args, _ in args[0] }
        case .float32: return float(function, type, Float.self)
        case .float64: return float(function, type, Double.self)
        case .intervalMonthDayNano where function == .negate:
            return { args, frame in
                Map.unary(args, frame, type, MonthDayNano.self, MonthDayNano.self) { value, fault in
                    if value.months == .min || value.days == .min || value.nanos == .min { fault = .overflow }
                    return MonthDayNano(months: 0 &- value.months, days: 0 &- value.days, nanos: 0 &- value.nanos)
                }
            }
        default: return nil
        }
    }

    private static func signed<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
        _ function: ScalarFunction, _ type: DataType, _: T.Type
    ) -> Kernel? {
        switch function {
        case .negate, .abs:
            let always = function == .negate
            return { args, frame in
                Map.unary(args, frame, type, T.self, T.self) { value, fault in
                    guard always || value < 0 else { return value }
                    if value == T.min {
                        fault = .overflow
                        return value
                    }
                    return 0 - value
                }
            }
        default: return { args, _ in args[0] }  // Integers are their own floor and ceiling.
        }
    }

    private static func float<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ function: ScalarFunction, _ type: DataType, _: T.Type
    ) -> Kernel? {
        switch function {
        case .negate: { args, frame in Map.unary(args, frame, type, T.self, T.self) { value, _ in -value } }
        case .abs: { args, frame in Map.unary(args, frame, type, T.self, T.self) { value, _ in value.magnitude } }
        case .floor:
            { args, frame in Map.unary(args, frame, type, T.self, T.self) { value, _ in value.rounded(.down) } }
        case .ceiling:
            { args, frame in Map.unary(args, frame, type, T.self, T.self) { value, _ in value.rounded(.up) } }
        default: nil
        }
    }

    private static func sign(_ argument: DataType, _ type: DataType) -> Kernel? {
        guard type == .int8 else { return nil }
        switch argument {
        case .float64:
            return { args, frame in
                Map.unary(args, frame, type, Double.self, Int8.self) { value, _ in value > 0 ? 1 : value < 0 ? -1 : 0 }
            }
        case .int64:
            return { args, frame in
                Map.unary(args, frame, type, Int64.self, Int8.self) { value, _ in Int8(value.signum()) }
            }
        case .int32:
            return { args, frame in
                Map.unary(args, frame, type, Int32.self, Int8.self) { value, _ in Int8(value.signum()) }
            }
        default: return nil
        }
    }
}

/// DECIMAL: 128-bit integers with a scale, of at most 38 digits.
enum DecimalArithmetic {
    static func scale(_ type: DataType) -> Int? {
        if case .decimal128(_, let scale) = type { scale } else { nil }
    }

    static func power(_ digits: Int) -> Int128 { (0..<max(0, digits)).reduce(1) { power, _ in power * 10 } }

    /// The largest unscaled value of `type`.
    static func limit(_ type: DataType) -> Int128 {
        if case .decimal128(let precision, _) = type { power(min(38, precision)) - 1 } else { .max }
    }

    static func kernel(_ function: ScalarFunction, _ left: DataType, _ right: DataType, _ type: DataType) -> Kernel? {
        guard let leftScale = scale(left), let rightScale = scale(right), let resultScale = scale(type) else {
            return nil
        }
        let bound = limit(type)
        switch function {
        case .add, .subtract, .modulo:
            guard resultScale >= leftScale, resultScale >= rightScale else { return nil }
            let (leftFactor, rightFactor) = (power(resultScale - leftScale), power(resultScale - rightScale))
            return { args, frame in
                Map.binary(args, frame, type, Int128.self, Int128.self, Int128.self) { left, right, fault in
                    let (a, overA) = left.multipliedReportingOverflow(by: leftFactor)
                    let (b, overB) = right.multipliedReportingOverflow(by: rightFactor)
                    if overA || overB { fault = .overflow }
                    if function == .modulo {
                        if b == 0 { fault = .divisionByZero }
                        return b == 0 ? 0 : a % b
                    }
                    let (value, overflow) =
                        function == .add ? a.addingReportingOverflow(b) : a.subtractingReportingOverflow(b)
                    if overflow || value > bound || value < -bound { fault = .overflow }
                    return value
                }
            }
        case .multiply:
            guard resultScale == leftScale + rightScale else { return nil }
            return { args, frame in
                Map.binary(args, frame, type, Int128.self, Int128.self, Int128.self) { left, right, fault in
                    let (value, overflow) = left.multipliedReportingOverflow(by: right)
                    if overflow || value > bound || value < -bound { fault = .overflow }
                    return value
                }
            }
        default: return nil
        }
    }

    static func unary(_ function: ScalarFunction, _ argument: DataType, _ type: DataType) -> Kernel? {
        guard let from = scale(argument) else { return nil }
        if function == .sign {
            guard type == .int8 else { return nil }
            return { args, frame in
                Map.unary(args, frame, type, Int128.self, Int8.self) { value, _ in Int8(value.signum()) }
            }
        }
        guard let to = scale(type) else { return nil }
        switch function {
        case .negate, .abs:
            guard from == to else { return nil }
            return { args, frame in
                Map.unary(args, frame, type, Int128.self, Int128.self) { value, _ in
                    function == .negate || value < 0 ? -value : value
                }
            }
        case .floor, .ceiling:
            guard to == 0 else { return nil }
            let divisor = power(from)
            return { args, frame in
                Map.unary(args, frame, type, Int128.self, Int128.self) { value, _ in
                    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
                    if function == .floor { return rest < 0 ? quotient - 1 : quotient }
                    return rest > 0 ? quotient + 1 : quotient
                }
            }
        default: return nil
        }
    }

    /// Divides by a power of ten, rounding half away from zero.
    @inline(__always)
    static func dividing(_ value: Int128, by divisor: Int128) -> Int128 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        let doubled = rest.magnitude * 2
        return doubled >= divisor.magnitude ? quotient + (value < 0 ? -1 : 1) : quotient
    }
}

/// `round(x)` and `round(x, digits)`.
enum Rounding {
    static func kernel(_ arguments: [DataType], _ type: DataType) -> Kernel? {
        guard let first = arguments.first, arguments.count <= 2 else { return nil }
        let hasDigits = arguments.count == 2
        if hasDigits && arguments[1] != .int32 { return nil }
        if let from = DecimalArithmetic.scale(first) {
            guard let to = DecimalArithmetic.scale(type), to <= from else { return nil }
            // The type says how many digits stay; a negative count of digits rounds further.
            let divisor = DecimalArithmetic.power(from - to)
            guard hasDigits else {
                return { args, frame in
                    Map.unary(args, frame, type, Int128.self, Int128.self) { value, _ in
                        DecimalArithmetic.dividing(value, by: divisor)
                    }
                }
            }
            return { args, frame in
                Map.binary(args, frame, type, Int128.self, Int32.self, Int128.self) { value, digits, _ in
                    guard digits < 0 else { return DecimalArithmetic.dividing(value, by: divisor) }
                    if Int(-digits) + from >= 38 { return 0 }
                    let unit = DecimalArithmetic.power(Int(-digits))
                    return DecimalArithmetic.dividing(value, by: DecimalArithmetic.power(from) * unit) * unit
                        * DecimalArithmetic.power(to)
                }
            }
        }
        switch (first, hasDigits) {
        case (.float64, false) where type == .float64:
            return { args, frame in
                Map.unary(args, frame, type, Double.self, Double.self) { value, _ in
                    value.rounded(.toNearestOrAwayFromZero)
                }
            }
        case (.float64, true) where type == .float64:
            return { args, frame in
                Map.binary(args, frame, type, Double.self, Int32.self, Double.self) { value, digits, _ in
                    round(value, digits)
                }
            }
        case (.int8, _), (.int16, _), (.int32, _), (.int64, _):
            guard first == type else { return nil }
            guard hasDigits else { return { args, _ in args[0] } }
            switch first {
            case .int32: return integer(type, Int32.self)
            case .int64: return integer(type, Int64.self)
            default: return nil
            }
        default: return nil
        }
    }

    /// As DuckDB does it: scale, round, scale back; the value itself where that overflows.
    static func round(_ value: Double, _ digits: Int32) -> Double {
        let modifier = pow(10, Double(digits.magnitude))
        let rounded =
            digits < 0
            ? (value / modifier).rounded(.toNearestOrAwayFromZero) * modifier
            : (value * modifier).rounded(.toNearestOrAwayFromZero) / modifier
        return rounded.isFinite ? rounded : digits < 0 ? 0 : value
    }

    private static func integer<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
        _ type: DataType, _: T.Type
    ) -> Kernel {
        { args, frame in
            Map.binary(args, frame, type, T.self, Int32.self, T.self) { value, digits, fault in
                if digits >= 0 { return value }
                if digits < -18 { return 0 }
                let unit = DecimalArithmetic.power(Int(-digits))
                guard let result = T(exactly: DecimalArithmetic.dividing(Int128(value), by: unit) * unit) else {
                    fault = .overflow
                    return value
                }
                return result
            }
        }
    }
}

private func mathLog10(_ value: Double) -> Double { log10(value) }
private func mathExp(_ value: Double) -> Double { exp(value) }
