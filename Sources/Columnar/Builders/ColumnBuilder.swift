/// Fills one column a value at a time, then hands its memory over.
///
/// The concrete builders have typed, inlined `append`s; this base class is what a decoder of nested data holds on to.
/// `finish()` gives the column and leaves the builder empty, ready for the next batch.
open class ColumnBuilder {
    public let type: DataType
    /// Values so far, null or not.
    @inlinable public final var count: Int { length }
    @usableFromInline final var length = 0
    @usableFromInline final var validity = ValidityBuilder()

    init(type: DataType) { self.type = type }

    /// A builder for columns of `type`.
    public static func make(_ type: DataType) -> ColumnBuilder {
        switch type {
        case .null: NullColumnBuilder(type: type)
        case .bool: BoolColumnBuilder()
        case .int8: PrimitiveColumnBuilder<Int8>(type)
        case .uint8: PrimitiveColumnBuilder<UInt8>(type)
        case .int16: PrimitiveColumnBuilder<Int16>(type)
        case .uint16, .float16: PrimitiveColumnBuilder<UInt16>(type)
        case .int32, .date32, .time32: PrimitiveColumnBuilder<Int32>(type)
        case .uint32: PrimitiveColumnBuilder<UInt32>(type)
        case .int64, .date64, .time64, .timestamp, .duration: PrimitiveColumnBuilder<Int64>(type)
        case .uint64: PrimitiveColumnBuilder<UInt64>(type)
        case .float32: PrimitiveColumnBuilder<Float>(type)
        case .float64: PrimitiveColumnBuilder<Double>(type)
        case .decimal128: PrimitiveColumnBuilder<Int128>(type)
        case .intervalMonthDayNano: PrimitiveColumnBuilder<MonthDayNano>(type)
        case .fixedSizeBinary(let byteWidth): FixedSizeBinaryColumnBuilder(byteWidth: byteWidth)
        case .utf8, .binary: BytesColumnBuilder(type)
        case .list, .map: ListColumnBuilder(type)
        case .structure(let fields): StructureColumnBuilder(fields)
        case .dictionary(let index, let value, let ordered):
            DictionaryColumnBuilder(index: index, value: value, ordered: ordered)
        }
    }

    /// Adds a null. The fields of a structure get a null each.
    open func appendNull() { preconditionFailure("a builder without appendNull") }

    /// Adds any value; the slow way, for literals and tests.
    ///
    /// - Throws: `ColumnarError.wrongValue` where the value does not fit the type; nothing is added.
    open func append(_ scalar: Scalar) throws(ColumnarError) { throw .wrongValue("\(scalar)", type: type) }

    /// The values so far as a column; the builder is empty afterwards.
    open func finish() -> Column { preconditionFailure("a builder without finish") }

    /// Takes back the values from `newCount` on, so that a record that turns out broken leaves no trace.
    open func truncate(to newCount: Int) { preconditionFailure("a builder without truncate") }
}

/// Notes which values are null; costs nothing until the first one is.
@frozen
public struct ValidityBuilder: ~Copyable {
    @usableFromInline var bits = MutableBuffer(byteCapacity: 0)
    /// Values that have a bit: none until the first null.
    @usableFromInline var bitCount = 0
    public var nullCount = 0

    @inlinable init() {}

    @inlinable
    mutating func appendValid() {
        if nullCount > 0 { append(true) }
    }

    @inlinable
    mutating func appendNull(at index: Int) {
        if nullCount == 0 { fill(index) }
        nullCount += 1
        append(false)
    }

    @usableFromInline
    mutating func fill(_ count: Int) {
        bits.byteCount = 0
        bitCount = 0
        for _ in 0..<count { append(true) }
    }

    @usableFromInline
    mutating func append(_ valid: Bool) {
        if bitCount & 7 == 0 { bits.append(UInt8(0)) }
        if valid {
            let byte = unsafe bits.start + (bitCount >> 3)
            unsafe byte.storeBytes(of: byte.load(as: UInt8.self) | (1 << UInt8(bitCount & 7)), as: UInt8.self)
        }
        bitCount += 1
    }

    mutating func truncate(to count: Int) {
        guard nullCount > 0 else { return }
        while bitCount > count {
            bitCount -= 1
            let byte = unsafe bits.start + (bitCount >> 3)
            let mask = UInt8(1) << UInt8(bitCount & 7)
            let old = unsafe byte.load(as: UInt8.self)
            if old & mask == 0 { nullCount -= 1 }
            unsafe byte.storeBytes(of: old & ~mask, as: UInt8.self)
        }
        bits.byteCount = (bitCount + 7) >> 3
    }

    /// The bitmap, or nil where nothing is null; empty afterwards.
    mutating func finish() -> Buffer? {
        defer {
            bitCount = 0
            nullCount = 0
        }
        guard nullCount > 0 else { return nil }
        var taken = MutableBuffer(byteCapacity: 0)
        swap(&taken, &bits)
        return taken.finish()
    }
}
