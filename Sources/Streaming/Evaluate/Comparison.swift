internal import Columnar
internal import SQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Kernels of comparison. Floats order as in DuckDB: NaN equals itself and is greater than everything.
enum Comparison {
    static let operators: Set<ScalarFunction> = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .distinctFrom, .notDistinctFrom,
    ]

    static func kernel(_ function: ScalarFunction, _ arguments: [DataType]) -> Kernel? {
        guard arguments.count == 2, arguments[0] == arguments[1] || sameButForZone(arguments[0], arguments[1]) else {
            return nil
        }
        if function == .distinctFrom || function == .notDistinctFrom {
            guard let equal = kernel(.equal, arguments) else { return nil }
            return { args, frame in distinct(args, equal(args, frame), frame, equal: function == .notDistinctFrom) }
        }
        switch arguments[0] {
        case .int8: return ordered(function, Int8.self)
        case .int16: return ordered(function, Int16.self)
        case .int32, .date32, .time32: return ordered(function, Int32.self)
        case .int64, .date64, .time64, .timestamp, .duration: return ordered(function, Int64.self)
        case .uint8: return ordered(function, UInt8.self)
        case .uint16: return ordered(function, UInt16.self)
        case .uint32: return ordered(function, UInt32.self)
        case .uint64: return ordered(function, UInt64.self)
        case .decimal128: return ordered(function, Int128.self)
        case .float32: return floating(function, Float.self)
        case .float64: return floating(function, Double.self)
        case .bool: return booleans(function)
        case .utf8, .binary: return bytes(function)
        default: return nil
        }
    }

    private static func sameButForZone(_ left: DataType, _ right: DataType) -> Bool {
        if case .timestamp(let a, _) = left, case .timestamp(let b, _) = right { return a == b }
        return false
    }

    private static func ordered<T: Comparable & BitwiseCopyable>(_ function: ScalarFunction, _: T.Type) -> Kernel? {
        switch function {
        case .equal: { args, frame in Map.test(args, frame, T.self) { $0 == $1 } }
        case .notEqual: { args, frame in Map.test(args, frame, T.self) { $0 != $1 } }
        case .less: { args, frame in Map.test(args, frame, T.self) { $0 < $1 } }
        case .lessOrEqual: { args, frame in Map.test(args, frame, T.self) { $0 <= $1 } }
        case .greater: { args, frame in Map.test(args, frame, T.self) { $0 > $1 } }
        case .greaterOrEqual: { args, frame in Map.test(args, frame, T.self) { $0 >= $1 } }
        default: nil
        }
    }

    private static func floating<T: BinaryFloatingPoint & BitwiseCopyable>(_ function: ScalarFunction, _: T.Type)
        -> Kernel?
    {
        @inline(__always) func less(_ a: T, _ b: T) -> Bool { b.isNaN ? !a.isNaN : a < b }
        @inline(__always) func same(_ a: T, _ b: T) -> Bool { a == b || (a.isNaN && b.isNaN) }
        return switch function {
        case .equal: { args, frame in Map.test(args, frame, T.self) { same($0, $1) } }
        case .notEqual: { args, frame in Map.test(args, frame, T.self) { !same($0, $1) } }
        case .less: { args, frame in Map.test(args, frame, T.self) { less($0, $1) } }
        case .lessOrEqual: { args, frame in Map.test(args, frame, T.self) { !less($1, $0) } }
        case .greater: { args, frame in Map.test(args, frame, T.self) { less($1, $0) } }
        case .greaterOrEqual: { args, frame in Map.test(args, frame, T.self) { !less($0, $1) } }
        default: nil
        }
    }

    private static func accepts(_ function: ScalarFunction, _ order: Int) -> Bool {
        switch function {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        default: order >= 0
        }
    }

    private static func booleans(_ function: ScalarFunction) -> Kernel {
        { args, frame in
            let (left, right) = (BoolView(args[0]), BoolView(args[1]))
            return tests(args, frame) { accepts(function, (left[$0] ? 1 : 0) - (right[$0] ? 1 : 0)) }
        }
    }

    private static func bytes(_ function: ScalarFunction) -> Kernel {
        { args, frame in
            let (left, right) = (BytesView(args[0]), BytesView(args[1]))
            if function == .equal {
                return tests(args, frame) { row in
                    unsafe left[row].count == right[row].count && compare(left[row], right[row]) == 0
                }
            }
            return tests(args, frame) { accepts(function, unsafe compare(left[$0], right[$0])) }
        }
    }

    /// Bytes in lexicographic order, which for UTF-8 is the order of code points.
    @inline(__always)
    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let shared = min(left.count, right.count)
        if shared > 0, let a = left.baseAddress, let b = right.baseAddress {
            let order = unsafe memcmp(a, b, shared)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }

    @inline(__always)
    static func tests(_ args: [Column], _ frame: Frame, _ body: (Int) -> Bool) -> Column {
        let validity = Nulls.intersection(args, count: frame.count)
        let bits = BitOutput(count: frame.count)
        for row in 0..<frame.count {
            if let validity, !Bits.get(validity, at: row) { continue }
            if body(row) { bits.set(row) }
        }
        return Column(type: .bool, count: frame.count, validity: validity, values: bits.finish())
    }

    private static func distinct(_ args: [Column], _ equal: Column, _ frame: Frame, equal wanted: Bool) -> Column {
        let view = BoolView(equal)
        let bits = BitOutput(count: frame.count)
        for row in 0..<frame.count {
            let (left, right) = (args[0].isNull(row), args[1].isNull(row))
            let same = left || right ? left == right : view[row]
            if same == wanted { bits.set(row) }
        }
        return Column(type: .bool, count: frame.count, values: bits.finish())
    }
}
