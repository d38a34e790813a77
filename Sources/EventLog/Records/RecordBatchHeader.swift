public import Base

/// The fixed part of a Kafka record batch, version 2.
///
///     0  baseOffset INT64        12 partitionLeaderEpoch INT32   16 magic INT8 = 2    17 crc UINT32
///     8  batchLength INT32 (of what follows it)
///     21 attributes INT16        23 lastOffsetDelta INT32        27 baseTimestamp     35 maxTimestamp
///     43 producerId INT64        51 producerEpoch INT16          53 baseSequence      57 recordCount INT32
///     61 records, compressed together
///
/// The CRC-32C covers everything from the attributes on, so that a broker can set the offset and the leader epoch.
/// Source: Kafka documentation, "Implementation: Message Format".
public struct RecordBatchHeader: Sendable, Hashable {
    public static let byteCount = 61
    /// baseOffset and batchLength, which batchLength leaves out.
    public static let prefixBytes = 12

    public var baseOffset: Int64
    public var batchLength: Int32
    public var magic: Int8
    public var crc: UInt32
    public var attributes: Int16
    public var lastOffsetDelta: Int32
    public var baseTimestamp: Int64
    public var maxTimestamp: Int64
    public var producerID: Int64
    public var producerEpoch: Int16
    public var baseSequence: Int32
    public var recordCount: Int32

    /// Nil when there are fewer bytes than a header has.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        func load<Value: FixedWidthInteger & BitwiseCopyable>(_ position: Int, _ type: Value.Type = Value.self) -> Value
        {
            unsafe Value(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
        }
        baseOffset = load(0)
        batchLength = load(8)
        magic = load(16)
        crc = load(17)
        attributes = load(21)
        lastOffsetDelta = load(23)
        baseTimestamp = load(27)
        maxTimestamp = load(35)
        producerID = load(43)
        producerEpoch = load(51)
        baseSequence = load(53)
        recordCount = load(57)
    }

    /// The whole batch with its prefix, in bytes.
    public var totalBytes: Int { Self.prefixBytes + Int(batchLength) }
    public var nextOffset: Offset { Offset(baseOffset &+ Int64(lastOffsetDelta) &+ 1) }
    public var isTransactional: Bool { attributes & 0x10 != 0 }
    public var isControl: Bool { attributes & 0x20 != 0 }
    public var isIdempotent: Bool { producerID >= 0 }
    public var codec: CompressionCodec? { CompressionCodec(rawValue: UInt8(attributes & 0x07)) }

    /// Whether the fields can belong together, without looking at the records.
    var isPlausible: Bool {
        magic == 2 && totalBytes >= Self.byteCount && lastOffsetDelta >= 0 && recordCount >= 0 && baseOffset >= 0
            && baseOffset < Int64.max - Int64(lastOffsetDelta)
    }

    /// Whether the CRC-32C of a whole batch is right.
    static func checksumHolds(_ batch: UnsafeRawBufferPointer, crc: UInt32) -> Bool {
        unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: batch[21...])) == crc
    }
}
