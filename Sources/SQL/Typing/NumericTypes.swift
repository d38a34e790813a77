internal import Columnar

/// How numbers of different types meet. A HUGEINT is a DECIMAL(38,0) here: Arrow has no 128-bit integer.
enum NumericTypes {
    static let hugeint = DataType.decimal128(precision: 38, scale: 0)

    /// The narrowest type that holds the values of both, as DuckDB combines CASE branches; nil unless both are numbers.
    static func common(_ left: DataType, _ right: DataType) -> DataType? {
        guard left.isNumeric, right.isNumeric else { return nil }
        if left == right { return left }
        if left == .float64 || right == .float64 { return .float64 }
        if left.isFloating || right.isFloating { return .float32 }
        if left.isInteger, right.isInteger { return commonInteger(left, right) }
        guard let (leftPrecision, leftScale) = left.decimalDigits,
            let (rightPrecision, rightScale) = right.decimalDigits
        else { return nil }
        let scale = max(leftScale, rightScale)
        let whole = max(leftPrecision - leftScale, rightPrecision - rightScale)
        return .decimal128(precision: min(38, whole + scale), scale: scale)
    }

    private static func commonInteger(_ left: DataType, _ right: DataType) -> DataType {
        let (wide, narrow) = left.integerBits >= right.integerBits ? (left, right) : (right, left)
        if wide.isSigned == narrow.isSigned || (wide.isSigned && wide.integerBits > narrow.integerBits) { return wide }
        // The unsigned one is at least as wide, so the sum of both ranges needs the next signed type.
        let unsignedBits = wide.isSigned ? narrow.integerBits : wide.integerBits
        return signed(bits: unsignedBits * 2)
    }

    private static func signed(bits: Int) -> DataType {
        switch bits {
        case ...8: .int8
        case ...16: .int16
        case ...32: .int32
        case ...64: .int64
        default: hugeint
        }
    }

    /// The type that both sides of an arithmetic operator are cast to.
    ///
    /// DuckDB chooses among overloads, and prefers BIGINT where neither side's type will do.
    static func operands(_ left: DataType, _ right: DataType) -> DataType? {
        guard let common = common(left, right) else { return nil }
        guard left.isInteger, right.isInteger, common != left, common != right, common != hugeint else { return common }
        return .int64
    }

    /// The type of an integer literal on its own; nil beyond 38 digits.
    static func integerLiteral(_ value: Int128) -> DataType? {
        if Int32(exactly: value) != nil { return .int32 }
        if Int64(exactly: value) != nil { return .int64 }
        return value.magnitude < powerOfTen(38).magnitude ? hugeint : nil
    }

    static func holds(_ type: DataType, _ value: Int128) -> Bool {
        switch type {
        case .int8: Int8(exactly: value) != nil
        case .int16: Int16(exactly: value) != nil
        case .int32: Int32(exactly: value) != nil
        case .int64: Int64(exactly: value) != nil
        case .uint8: UInt8(exactly: value) != nil
        case .uint16: UInt16(exactly: value) != nil
        case .uint32: UInt32(exactly: value) != nil
        case .uint64: UInt64(exactly: value) != nil
        default: false
        }
    }

    /// 10 to the power of `exponent`, at most 38.
    static func powerOfTen(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    // MARK: Results of operators over decimals. Source: DuckDB 2.0, arithmetic functions.

    static func decimalSum(_ left: DataType, _ right: DataType) -> DataType? {
        guard let (leftPrecision, leftScale) = left.decimalDigits,
            let (rightPrecision, rightScale) = right.decimalDigits
        else { return nil }
        let scale = max(leftScale, rightScale)
        let precision = max(leftPrecision - leftScale, rightPrecision - rightScale) + scale + 1
        return .decimal128(precision: bounded(precision, leftPrecision, rightPrecision), scale: scale)
    }

    /// Nil where the product's scale would be beyond 38.
    static func decimalProduct(_ left: DataType, _ right: DataType) -> DataType? {
        guard let (leftPrecision, leftScale) = left.decimalDigits,
            let (rightPrecision, rightScale) = right.decimalDigits,
            leftScale + rightScale <= 38
        else { return nil }
        let scale = leftScale + rightScale
        var precision = leftPrecision + rightPrecision
        if scale < 18 { precision = bounded(precision, leftPrecision, rightPrecision) }
        return .decimal128(precision: min(38, precision), scale: scale)
    }

    /// A result of two 64-bit decimals stays one, and overflow is checked when it runs.
    private static func bounded(_ precision: Int, _ left: Int, _ right: Int) -> Int {
        precision > 18 && max(left, right) <= 18 ? 18 : min(38, precision)
    }
}

extension DataType {
    var integerBits: Int {
        switch self {
        case .int8, .uint8: 8
        case .int16, .uint16: 16
        case .int32, .uint32: 32
        case .int64, .uint64: 64
        default: 0
        }
    }

    var isSigned: Bool { [.int8, .int16, .int32, .int64].contains(self) }

    var isDecimal: Bool { if case .decimal128 = self { true } else { false } }

    /// Digits, and digits behind the point, that hold every value of an integer or decimal type.
    var decimalDigits: (precision: Int, scale: Int)? {
        switch self {
        case .decimal128(let precision, let scale): (precision, scale)
        case .int8, .uint8: (3, 0)
        case .int16, .uint16: (5, 0)
        case .int32, .uint32: (10, 0)
        case .int64: (19, 0)
        case .uint64: (20, 0)
        default: nil
        }
    }

    var isTimestamp: Bool { if case .timestamp = self { true } else { false } }
    var isDate: Bool { self == .date32 || self == .date64 }
    var isTime: Bool {
        switch self {
        case .time32, .time64: true
        default: false
        }
    }
    var isText: Bool { self == .utf8 }

    static let sqlTimestamp = DataType.timestamp(.microsecond, zone: nil)
    static let sqlTimestampWithZone = DataType.timestamp(.microsecond, zone: "UTC")

    /// The type that expressions compute with: dictionaries are their values, and narrow kinds their usual form.
    var computed: DataType {
        switch self {
        case .dictionary(_, let value, _): value.computed
        case .date64: .date32
        case .float16: .float32
        case .fixedSizeBinary: .binary
        default: self
        }
    }
}
