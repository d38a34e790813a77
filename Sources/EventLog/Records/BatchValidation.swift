internal import Base

/// Checks a batch that a client sent, before the log takes it.
enum BatchValidation {
    /// - Returns: the header of the one batch that `batch` is.
    /// - Throws: `invalidBatch`, `batchTooLarge`, `decompression`, `unsupported` (transactions).
    static func validate(_ batch: [UInt8], bytesMax: Int) throws(LogError) -> RecordBatchHeader {
        let result = unsafe batch.withUnsafeBytes { bytes -> Result<RecordBatchHeader, LogError> in
            do throws(LogError) { return .success(try unsafe validate(bytes, bytesMax: bytesMax)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func validate(
        _ bytes: UnsafeRawBufferPointer, bytesMax: Int
    ) throws(LogError) -> RecordBatchHeader {
        guard let header = unsafe RecordBatchHeader(bytes) else {
            throw .invalidBatch(
                problem: "\(bytes.count) bytes are fewer than a header's \(RecordBatchHeader.byteCount)")
        }
        guard header.magic == 2 else { throw .invalidBatch(problem: "magic \(header.magic), where 2 is expected") }
        guard header.totalBytes == bytes.count else {
            throw .invalidBatch(problem: "it says \(header.totalBytes) bytes and has \(bytes.count)")
        }
        guard bytes.count <= bytesMax else { throw .batchTooLarge(bytes: bytes.count, bytesMax: bytesMax) }
        guard unsafe RecordBatchHeader.checksumHolds(bytes, crc: header.crc) else {
            throw .invalidBatch(problem: "its CRC-32C is wrong")
        }
        guard header.recordCount > 0, header.lastOffsetDelta == header.recordCount - 1 else {
            throw .invalidBatch(
                problem: "\(header.recordCount) records cannot end at offset delta \(header.lastOffsetDelta)")
        }
        guard !header.isControl else { throw .invalidBatch(problem: "clients cannot write control batches") }
        guard !header.isTransactional else {
            throw .unsupported(
                feature: "a transactional batch", hint: "Use an idempotent producer without transactions.")
        }
        guard header.producerID < 0 || (header.producerEpoch >= 0 && header.baseSequence >= 0) else {
            throw .invalidBatch(problem: "a producer id without an epoch and a sequence")
        }
        guard let codec = header.codec else {
            throw .invalidBatch(problem: "unknown compression \(header.attributes & 7)")
        }
        let scratch = ScratchBuffer()
        let records = try unsafe codec.decompress(
            UnsafeRawBufferPointer(rebasing: bytes[RecordBatchHeader.byteCount...]), into: scratch)
        try unsafe walk(records, count: header.recordCount)
        // The scratch owns the decompressed records until here.
        withExtendedLifetime(scratch) {}
        return header
    }

    private static func walk(_ records: UnsafeRawBufferPointer, count: Int32) throws(LogError) {
        var reader = unsafe ByteReader(records)
        for index in 0..<count {
            guard let view = RecordView(&reader, baseOffset: 0, baseTimestamp: 0) else {
                throw .invalidBatch(problem: "record \(index) of \(count) is cut short or malformed")
            }
            guard view.offset.rawValue == Int64(index) else {
                throw .invalidBatch(problem: "record \(index) has offset delta \(view.offset)")
            }
        }
        guard reader.remaining == 0 else {
            throw .invalidBatch(problem: "\(reader.remaining) bytes follow its last record")
        }
    }
}
