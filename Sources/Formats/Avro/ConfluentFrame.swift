public import Base

/// The five bytes before a record that say which registered schema it was written with.
///
///     0       the byte 0
///     1...4   the schema's id, big-endian
///     5...    the record
///
/// Source: Confluent, "Schema Registry Wire Format".
public enum ConfluentFrame {
    public static let prefixBytes = 5

    /// The schema's id; the record begins at `prefixBytes`.
    ///
    /// - Throws: `AvroError.unframed`.
    @inlinable
    public static func schemaID(of bytes: UnsafeRawBufferPointer) throws(AvroError) -> Int32 {
        guard bytes.count >= prefixBytes else { throw .unframed(found: "\(bytes.count) bytes") }
        guard unsafe bytes[0] == 0 else { throw .unframed(found: "first byte \(unsafe bytes[0])") }
        return Int32(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 1, as: Int32.self))
    }

    /// The part of `bytes` behind the prefix.
    @inlinable
    public static func record(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[prefixBytes...])
    }

    @inlinable
    public static func begin(schemaID: Int32, in writer: inout ByteWriter) {
        writer.bytes.append(0)
        writer.bigEndian(schemaID)
    }
}
