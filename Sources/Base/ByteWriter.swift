/// Writes binary fields one after another into an array of bytes.
@frozen
public struct ByteWriter: Sendable {
    public var bytes: [UInt8] = []

    @inlinable public init() {}
    @inlinable public init(reserving count: Int) { bytes.reserveCapacity(count) }

    @inlinable public var count: Int { bytes.count }

    @inlinable
    public mutating func bigEndian<Value: FixedWidthInteger>(_ value: Value) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    @inlinable
    public mutating func littleEndian<Value: FixedWidthInteger>(_ value: Value) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// A base-128 number, lowest seven bits first.
    @inlinable
    public mutating func unsignedVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    @inlinable
    public mutating func zigzagVarint(_ value: Int64) {
        unsignedVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    @inlinable
    public mutating func append(_ other: some Sequence<UInt8>) { bytes.append(contentsOf: other) }

    /// Overwrites a field written before, such as a length that is known only now.
    @inlinable
    public mutating func replace<Value: FixedWidthInteger>(at position: Int, bigEndian value: Value) {
        precondition(position + MemoryLayout<Value>.size <= bytes.count)
        unsafe withUnsafeBytes(of: value.bigEndian) { field in
            for index in 0..<field.count { unsafe bytes[position + index] = field[index] }
        }
    }
}
