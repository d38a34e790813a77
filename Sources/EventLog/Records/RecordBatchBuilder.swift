internal import Base

/// Makes one record batch (version 2), ready for `PartitionHandle.append`.
public struct RecordBatchBuilder: Sendable {
    /// Who writes, so that a batch that is sent twice is stored once.
    public struct Producer: Sendable, Hashable {
        public var id: Int64
        public var epoch: Int16
        /// The sequence number of the batch's first record.
        public var sequence: Int32
        public init(id: Int64, epoch: Int16, sequence: Int32) {
            (self.id, self.epoch, self.sequence) = (id, epoch, sequence)
        }
    }

    private let codec: CompressionCodec
    private let producer: Producer?
    private var records = ByteWriter()
    private var record = ByteWriter()
    private var baseTimestamp: Int64 = 0
    private var maxTimestamp: Int64 = 0
    /// How many records have been added.
    public private(set) var count = 0

    public init(codec: CompressionCodec = .none, producer: Producer? = nil) {
        self.codec = codec
        self.producer = producer
    }

    /// The records' size so far, before compression.
    public var byteCount: Int { records.count }

    /// - Parameter timestampMillis: milliseconds since 1970.
    public mutating func append(
        key: [UInt8]?, value: [UInt8]?, timestampMillis: Int64, headers: [RecordHeader] = []
    ) {
        if count == 0 { (baseTimestamp, maxTimestamp) = (timestampMillis, timestampMillis) }
        maxTimestamp = max(maxTimestamp, timestampMillis)
        record.bytes.removeAll(keepingCapacity: true)
        record.bigEndian(UInt8(0))
        record.zigzagVarint(timestampMillis &- baseTimestamp)
        record.zigzagVarint(Int64(count))
        Self.write(key, to: &record)
        Self.write(value, to: &record)
        record.zigzagVarint(Int64(headers.count))
        for header in headers {
            Self.write(Array(header.key.utf8), to: &record)
            Self.write(header.value, to: &record)
        }
        records.zigzagVarint(Int64(record.count))
        records.append(record.bytes)
        count += 1
    }

    private static func write(_ field: [UInt8]?, to writer: inout ByteWriter) {
        guard let field else { return writer.zigzagVarint(-1) }
        writer.zigzagVarint(Int64(field.count))
        writer.append(field)
    }

    /// The batch, with base offset 0 as producers send it; the builder is empty afterwards.
    ///
    /// - Throws: `invalidBatch` when there is no record.
    public mutating func finish() throws(LogError) -> [UInt8] {
        guard count > 0 else { throw .invalidBatch(problem: "it has no record") }
        let body = try codec.compress(records.bytes)
        var batch = ByteWriter(reserving: RecordBatchHeader.byteCount + body.count)
        batch.bigEndian(Int64(0))
        batch.bigEndian(Int32(RecordBatchHeader.byteCount - RecordBatchHeader.prefixBytes + body.count))
        batch.bigEndian(Int32(-1))
        batch.bigEndian(Int8(2))
        batch.bigEndian(UInt32(0))
        batch.bigEndian(Int16(codec.rawValue))
        batch.bigEndian(Int32(count - 1))
        batch.bigEndian(baseTimestamp)
        batch.bigEndian(maxTimestamp)
        batch.bigEndian(producer?.id ?? -1)
        batch.bigEndian(producer?.epoch ?? -1)
        batch.bigEndian(producer?.sequence ?? -1)
        batch.bigEndian(Int32(count))
        batch.append(body)
        let crc = unsafe batch.bytes.withUnsafeBytes {
            unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[21...]))
        }
        batch.replace(at: 17, bigEndian: crc)
        records.bytes.removeAll(keepingCapacity: true)
        count = 0
        return batch.bytes
    }
}
