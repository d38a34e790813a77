/// Reads the parts of one key into builders, never past its end.
@safe
struct KeyPartReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// 0xFF inside descending parts.
    private var mask: UInt8 = 0

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

    var isAtEnd: Bool { unsafe position == bytes.count }

    mutating func readPart(_ part: RowKeyEncoder.Part, into builder: ColumnBuilder) throws(ColumnarError) {
        mask = 0
        switch try byte() {
        case part.nullsFirst ? 0 : 2: builder.appendNull()
        case 1:
            mask = part.descending ? 0xff : 0
            try readValue(part.type, into: builder)
            mask = 0
        case let flag: throw .malformedKey("flag \(flag) where a part of type \(part.type) begins")
        }
    }

    private mutating func readNested(_ type: DataType, into builder: ColumnBuilder) throws(ColumnarError) {
        switch try byte() {
        case 0: builder.appendNull()
        case 1: try readValue(type, into: builder)
        case let flag: throw .malformedKey("flag \(flag) where a nested value of type \(type) begins")
        }
    }

    private mutating func readValue(_ type: DataType, into builder: ColumnBuilder) throws(ColumnarError) {
        switch type {
        case .null: throw .malformedKey("a value in a column of nulls")
        case .bool: (builder as! BoolColumnBuilder).append(try byte() != 0)
        case .int8: try integer(Int8.self, builder)
        case .uint8: try integer(UInt8.self, builder)
        case .int16: try integer(Int16.self, builder)
        case .uint16: try integer(UInt16.self, builder)
        case .int32, .date32, .time32: try integer(Int32.self, builder)
        case .uint32: try integer(UInt32.self, builder)
        case .int64, .date64, .time64, .timestamp, .duration: try integer(Int64.self, builder)
        case .uint64: try integer(UInt64.self, builder)
        case .decimal128: try integer(Int128.self, builder)
        case .float16: try builder.append(.double(KeyBytes.unordered(try integer(UInt64.self))))
        case .float32:
            (builder as! PrimitiveColumnBuilder<Float>).append(Float(KeyBytes.unordered(try integer(UInt64.self))))
        case .float64:
            (builder as! PrimitiveColumnBuilder<Double>).append(KeyBytes.unordered(try integer(UInt64.self)))
        case .intervalMonthDayNano:
            let value = MonthDayNano(
                months: try integer(Int32.self), days: try integer(Int32.self), nanos: try integer(Int64.self))
            (builder as! PrimitiveColumnBuilder<MonthDayNano>).append(value)
        case .fixedSizeBinary(let width):
            var value: [UInt8] = []
            for _ in 0..<width { value.append(try byte()) }
            try builder.append(.bytes(value))
        case .utf8, .binary:
            let value = try variableBytes()
            unsafe value.withUnsafeBytes { unsafe (builder as! BytesColumnBuilder).append($0) }
        case .list, .map:
            let list = builder as! ListColumnBuilder
            let item = type.childFields[0].type
            while try byte() != 0 { try readNested(item, into: list.items) }
            list.appendList()
        case .structure(let fields):
            let structure = builder as! StructureColumnBuilder
            for (field, values) in zip(fields, structure.fields) { try readNested(field.type, into: values) }
            structure.appendStructure()
        case .dictionary(_, let value, _):
            let single = ColumnBuilder.make(value)
            try readValue(value, into: single)
            try builder.append(single.finish().scalar(at: 0))
        }
    }

    private mutating func byte() throws(ColumnarError) -> UInt8 {
        guard unsafe position < bytes.count else { throw .malformedKey("it ends at byte \(position)") }
        defer { position += 1 }
        return unsafe bytes[position] ^ mask
    }

    private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(ColumnarError) -> Value {
        var value: Value = 0
        for index in 0..<MemoryLayout<Value>.size {
            let next = Value(truncatingIfNeeded: try byte())
            value |= next << Value((MemoryLayout<Value>.size - 1 - index) * 8)
        }
        return Value.isSigned ? value ^ (Value(1) << (Value.bitWidth - 1)) : value
    }

    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type, _ builder: ColumnBuilder
    ) throws(ColumnarError) {
        (builder as! PrimitiveColumnBuilder<Value>).append(try integer(type))
    }

    private mutating func variableBytes() throws(ColumnarError) -> [UInt8] {
        var value: [UInt8] = []
        while true {
            let next = try byte()
            guard next == 0 else {
                value.append(next)
                continue
            }
            switch try byte() {
            case 0: return value
            case 0xff: value.append(0)
            case let other: throw .malformedKey("byte \(other) behind a zero byte in a string")
            }
        }
    }
}
