/// Reads binary fields one after another from borrowed memory, never past its end.
///
/// The memory must outlive the reader: make one inside `withUnsafeBytes` and let it end there.
/// Every read returns nil at the end of the bytes and leaves the position where it was.
@frozen @safe
public struct ByteReader {
    @usableFromInline let base: UnsafeRawPointer?
    public let count: Int
    @usableFromInline var cursor = 0

    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) {
        unsafe base = bytes.baseAddress
        count = bytes.count
    }

    /// How many bytes have been read.
    @inlinable public var position: Int { cursor }
    @inlinable public var remaining: Int { count - cursor }

    @inlinable
    public mutating func take(_ length: Int) -> UnsafeRawBufferPointer? {
        guard length >= 0, length <= count - position else { return nil }
        defer { advance(by: length) }
        return unsafe UnsafeRawBufferPointer(start: base.map { unsafe $0 + position }, count: length)
    }

    @inlinable
    public mutating func skip(_ length: Int) -> Bool {
        guard length >= 0, length <= count - position else { return false }
        advance(by: length)
        return true
    }

    @inlinable
    public mutating func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type = Value.self)
        -> Value?
    {
        guard let raw = load(type) else { return nil }
        return Value(bigEndian: raw)
    }

    @inlinable
    public mutating func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type = Value.self)
        -> Value?
    {
        guard let raw = load(type) else { return nil }
        return Value(littleEndian: raw)
    }

    /// A base-128 number, lowest seven bits first: Kafka's UNSIGNED_VARINT, Protobuf's varint.
    @inlinable
    public mutating func unsignedVarint() -> UInt64? {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        var next = cursor
        while next < count, shift < 64 {
            let byte = unsafe base.unsafelyUnwrapped.load(fromByteOffset: next, as: UInt8.self)
            next += 1
            result |= UInt64(byte & 0x7f) &<< shift
            if byte & 0x80 == 0 {
                cursor = next
                return result
            }
            shift += 7
        }
        return nil
    }

    /// A zigzag varint: Avro's int and long, Kafka's VARINT and VARLONG.
    @inlinable
    public mutating func zigzagVarint() -> Int64? {
        guard let raw = unsignedVarint() else { return nil }
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    @inlinable
    mutating func load<Value: BitwiseCopyable>(_ type: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard size <= count - position else { return nil }
        defer { advance(by: size) }
        return unsafe base.unsafelyUnwrapped.loadUnaligned(fromByteOffset: position, as: type)
    }

    @inlinable mutating func advance(by length: Int) { cursor += length }
}
