/// Arrow's MONTH_DAY_NANO interval as it lies in memory.
@frozen
public struct MonthDayNano: BitwiseCopyable, Sendable, Hashable {
    public var months: Int32
    public var days: Int32
    public var nanos: Int64
    @inlinable public init(months: Int32, days: Int32, nanos: Int64) {
        (self.months, self.days, self.nanos) = (months, days, nanos)
    }
}

/// Builds numbers, dates, times and decimals.
public final class PrimitiveColumnBuilder<Value: BitwiseCopyable>: ColumnBuilder {
    @usableFromInline var buffer = MutableBuffer()

    public init(_ type: DataType) {
        precondition(
            type.layout == .fixedWidth(byteWidth: MemoryLayout<Value>.stride), "\(type) is not as wide as \(Value.self)"
        )
        super.init(type: type)
    }

    @inlinable
    public func append(_ value: Value) {
        buffer.append(value)
        validity.appendValid()
        length += 1
    }

    public override func appendNull() {
        buffer.appendZeros(MemoryLayout<Value>.stride)
        validity.appendNull(at: count)
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        if scalar.isNull { return appendNull() }
        guard let value = Self.convert(scalar, type) else { throw .wrongValue("\(scalar)", type: type) }
        append(value)
    }

    public override func truncate(to newCount: Int) {
        buffer.byteCount = newCount * MemoryLayout<Value>.stride
        validity.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        var taken = MutableBuffer()
        swap(&taken, &buffer)
        let (rows, nulls) = (count, validity.nullCount)
        length = 0
        return Column(type: type, count: rows, nullCount: nulls, validity: validity.finish(), values: taken.finish())
    }

    private static func convert(_ scalar: Scalar, _ type: DataType) -> Value? {
        if type == .float16 {
            guard case .double(let number) = scalar else { return nil }
            return HalfFloat.bits(number) as? Value
        }
        switch scalar {
        case .int(let number):
            if let integer = Value.self as? any FixedWidthInteger.Type {
                return integer.init(exactly: number) as? Value
            }
            if Value.self == Double.self { return Double(exactly: number) as? Value }
            if Value.self == Float.self { return Float(exactly: number) as? Value }
            return nil
        case .uint(let number):
            guard let integer = Value.self as? any FixedWidthInteger.Type else { return nil }
            return integer.init(exactly: number) as? Value
        case .double(let number):
            if Value.self == Double.self { return number as? Value }
            if Value.self == Float.self { return Float(number) as? Value }
            return nil
        case .decimal(let number): return number as? Value
        case .interval(let months, let days, let nanos):
            return MonthDayNano(months: months, days: days, nanos: nanos) as? Value
        default: return nil
        }
    }
}
