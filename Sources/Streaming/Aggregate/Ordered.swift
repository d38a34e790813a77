internal import Base
internal import Columnar

/// Values of a column as keys whose order and equality are SQL's: what minima, quantiles and distinct counts keep.
protocol OrderedKey: Comparable, Hashable {
    static func write(_ key: Self, into writer: inout ByteWriter)
    static func read(from reader: inout ByteReader) -> Self?
    /// Bytes that the key holds outside of itself.
    var heapBytes: Int { get }
}

extension Int64: OrderedKey {
    static func write(_ key: Int64, into writer: inout ByteWriter) { writer.zigzagVarint(key) }
    static func read(from reader: inout ByteReader) -> Int64? { reader.zigzagVarint() }
    var heapBytes: Int { 0 }
}

extension Int128: OrderedKey {
    static func write(_ key: Int128, into writer: inout ByteWriter) { writer.littleEndian(key) }
    static func read(from reader: inout ByteReader) -> Int128? { reader.littleEndian() }
    var heapBytes: Int { 0 }
}

/// A string of bytes in lexicographic order.
struct BytesKey: OrderedKey {
    let bytes: [UInt8]
    static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
    static func write(_ key: Self, into writer: inout ByteWriter) {
        writer.unsignedVarint(UInt64(key.bytes.count))
        writer.append(key.bytes)
    }
    static func read(from reader: inout ByteReader) -> Self? {
        guard let length = reader.unsignedVarint(), length <= UInt64(reader.remaining),
            let bytes = unsafe reader.take(Int(length))
        else { return nil }
        return unsafe BytesKey(bytes: Array(bytes))
    }
    var heapBytes: Int { bytes.count + 32 }
}

/// Takes keys out of a column and puts them back into a builder.
struct KeyCodec<Key: OrderedKey> {
    /// Gives a reader of one row for a batch's column.
    let reader: (Column) -> (Int) -> Key
    let append: (Key, ColumnBuilder) throws -> Void
}

enum KeyCodecs {
    /// For every fixed-width type of at most 64 bits but UBIGINT.
    static func words(_ type: DataType) -> KeyCodec<Int64>? {
        switch type {
        case .bool:
            KeyCodec(
                reader: { column in { BoolView(column)[$0] ? 1 : 0 } }, append: { try $1.append(.bool($0 != 0)) })
        case .int8: signed(Int8.self)
        case .int16: signed(Int16.self)
        case .int32, .date32, .time32: signed(Int32.self)
        case .int64, .date64, .time64, .timestamp, .duration: signed(Int64.self)
        case .uint8: unsigned(UInt8.self)
        case .uint16: unsigned(UInt16.self)
        case .uint32: unsigned(UInt32.self)
        case .float32:
            KeyCodec(
                reader: { column in
                    let view = PrimitiveView<Float>(column)
                    return { orderedBits(Double(view[$0])) }
                }, append: { try $1.append(.double(double($0))) })
        case .float64:
            KeyCodec(
                reader: { column in
                    let view = PrimitiveView<Double>(column)
                    return { orderedBits(view[$0]) }
                }, append: { try $1.append(.double(double($0))) })
        default: nil
        }
    }

    private static func signed<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> KeyCodec<Int64> {
        KeyCodec(
            reader: { column in
                let view = PrimitiveView<Value>(column)
                return { Int64(truncatingIfNeeded: view[$0]) }
            }, append: { try $1.append(.int($0)) })
    }

    private static func unsigned<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> KeyCodec<Int64> {
        KeyCodec(
            reader: { column in
                let view = PrimitiveView<Value>(column)
                return { Int64(truncatingIfNeeded: view[$0]) }
            }, append: { try $1.append(.uint(UInt64(bitPattern: $0))) })
    }

    static func wide(_ type: DataType) -> KeyCodec<Int128>? {
        switch type {
        case .decimal128:
            KeyCodec(
                reader: { column in
                    let view = PrimitiveView<Int128>(column)
                    return { view[$0] }
                }, append: { try $1.append(.decimal($0)) })
        case .uint64:
            KeyCodec(
                reader: { column in
                    let view = PrimitiveView<UInt64>(column)
                    return { Int128(view[$0]) }
                }, append: { try $1.append(.uint(UInt64($0))) })
        default: nil
        }
    }

    static func bytes(_ type: DataType) -> KeyCodec<BytesKey>? {
        guard type == .utf8 || type == .binary else { return nil }
        return KeyCodec(
            reader: { column in
                let view = BytesView(column)
                return { row in unsafe BytesKey(bytes: Array(view[row])) }
            },
            append: { key, builder in
                guard let strings = builder as? BytesColumnBuilder else { return }
                unsafe key.bytes.withUnsafeBytes { unsafe strings.append($0) }
            })
    }

    /// Maps doubles to integers of the same order; NaN is the greatest and -0 is 0.
    static func orderedBits(_ value: Double) -> Int64 {
        if value.isNaN { return .max }
        let bits = Int64(bitPattern: (value + 0).bitPattern)
        return bits >= 0 ? bits : Int64.min &- bits &- 1
    }

    static func double(_ key: Int64) -> Double {
        if key == .max { return .nan }
        let bits = key >= 0 ? key : Int64.min &- key &- 1
        return Double(bitPattern: UInt64(bitPattern: bits))
    }
}
