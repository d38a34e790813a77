/// Writes the payloads of one column's values into keys, its type decided once.
class KeyPartWriter {
    final let column: Column
    init(_ column: Column) { self.column = column }
    /// Appends the payload of row `row`, which is not null.
    func write(_ row: Int, _ key: inout MutableBuffer) { preconditionFailure("a part writer without write") }

    /// A part of a list or structure: the flag, nulls first, and the payload.
    final func writePart(_ row: Int, _ key: inout MutableBuffer) {
        if column.isNull(row) { return key.append(UInt8(0)) }
        key.append(UInt8(1))
        write(row, &key)
    }

    static func make(_ column: Column) -> KeyPartWriter {
        switch column.type {
        case .null, .bool: BoolKeyWriter(column)
        case .int8: IntegerKeyWriter<Int8>(column)
        case .uint8: IntegerKeyWriter<UInt8>(column)
        case .int16: IntegerKeyWriter<Int16>(column)
        case .uint16: IntegerKeyWriter<UInt16>(column)
        case .int32, .date32, .time32: IntegerKeyWriter<Int32>(column)
        case .uint32: IntegerKeyWriter<UInt32>(column)
        case .int64, .date64, .time64, .timestamp, .duration: IntegerKeyWriter<Int64>(column)
        case .uint64: IntegerKeyWriter<UInt64>(column)
        case .decimal128: IntegerKeyWriter<Int128>(column)
        case .float16, .float32, .float64: FloatingKeyWriter(column)
        case .intervalMonthDayNano: IntervalKeyWriter(column)
        case .fixedSizeBinary, .utf8, .binary: BytesKeyWriter(column)
        case .list, .map: ListKeyWriter(column)
        case .structure: StructureKeyWriter(column)
        case .dictionary: make(column.withoutDictionaries())
        }
    }
}

private final class BoolKeyWriter: KeyPartWriter {
    override func write(_ row: Int, _ key: inout MutableBuffer) {
        guard column.type == .bool else { return }
        key.append(BoolView(column)[row] ? UInt8(1) : 0)
    }
}

private final class IntegerKeyWriter<Value: FixedWidthInteger & BitwiseCopyable>: KeyPartWriter {
    private let view: PrimitiveView<Value>
    override init(_ column: Column) {
        view = PrimitiveView(column)
        super.init(column)
    }
    override func write(_ row: Int, _ key: inout MutableBuffer) { KeyBytes.integer(view[row], &key) }
}

/// Every floating-point type as a double, which holds all of their values.
private final class FloatingKeyWriter: KeyPartWriter {
    override func write(_ row: Int, _ key: inout MutableBuffer) {
        let value: Double =
            switch column.type {
            case .float64: PrimitiveView<Double>(column)[row]
            case .float32: Double(PrimitiveView<Float>(column)[row])
            default: HalfFloat.number(PrimitiveView<UInt16>(column)[row])
            }
        KeyBytes.integer(KeyBytes.ordered(value), &key)
    }
}

private final class IntervalKeyWriter: KeyPartWriter {
    override func write(_ row: Int, _ key: inout MutableBuffer) {
        let value = PrimitiveView<MonthDayNano>(column)[row]
        KeyBytes.integer(value.months, &key)
        KeyBytes.integer(value.days, &key)
        KeyBytes.integer(value.nanos, &key)
    }
}

private final class BytesKeyWriter: KeyPartWriter {
    override func write(_ row: Int, _ key: inout MutableBuffer) {
        if column.type.layout == .variableBytes {
            unsafe KeyBytes.bytes(BytesView(column)[row], &key)
        } else {
            unsafe key.append(column.fixedWidthBytes(row))
        }
    }
}

private final class ListKeyWriter: KeyPartWriter {
    private let items: KeyPartWriter
    override init(_ column: Column) {
        items = .make(column.children[0])
        super.init(column)
    }
    override func write(_ row: Int, _ key: inout MutableBuffer) {
        for item in column.itemRange(row) {
            key.append(UInt8(1))
            items.writePart(item, &key)
        }
        key.append(UInt8(0))
    }
}

private final class StructureKeyWriter: KeyPartWriter {
    private let fields: [KeyPartWriter]
    override init(_ column: Column) {
        fields = column.children.map { .make($0) }
        super.init(column)
    }
    override func write(_ row: Int, _ key: inout MutableBuffer) {
        for field in fields { field.writePart(column.offset + row, &key) }
    }
}
