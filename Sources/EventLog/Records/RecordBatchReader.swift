internal import Base

/// Goes through the records of a chunk, batch by batch, with no allocation a record.
@safe
public struct RecordBatchReader: ~Copyable {
    private let chunk: LogChunk
    private let firstOffset: Offset
    private let scratch = ScratchBuffer()
    private var position: Int
    private var records: ByteReader
    private var recordsLeft: Int32 = 0
    /// The batch that the records of `next` come from.
    public private(set) var batch: RecordBatchHeader?

    /// Starts at the first record that was asked for; earlier ones of its batch are passed over.
    public init(_ chunk: LogChunk) {
        self.chunk = chunk
        firstOffset = chunk.requestedOffset
        position = chunk.range.lowerBound
        unsafe records = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// The next record; nil at the end of the chunk.
    ///
    /// - Throws: `invalidBatch` or `decompression`, which the checks at append make impossible for sound storage.
    public mutating func next() throws(LogError) -> RecordView? {
        while true {
            while recordsLeft > 0 {
                guard let batch,
                    let view = RecordView(&records, baseOffset: batch.baseOffset, baseTimestamp: batch.baseTimestamp)
                else { throw .invalidBatch(problem: "a stored record is malformed") }
                recordsLeft -= 1
                if view.offset >= firstOffset { return view }
            }
            guard try nextBatch() else { return nil }
        }
    }

    /// Opens the next batch; control batches carry no records for applications.
    private mutating func nextBatch() throws(LogError) -> Bool {
        while position < chunk.range.upperBound {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: chunk.block.bytes[position..<chunk.range.upperBound])
            guard let header = unsafe RecordBatchHeader(rest), header.isPlausible, header.totalBytes <= rest.count,
                let codec = header.codec
            else { throw .invalidBatch(problem: "a stored batch is malformed") }
            position += header.totalBytes
            if header.isControl { continue }
            let body = try unsafe codec.decompress(
                UnsafeRawBufferPointer(rebasing: rest[RecordBatchHeader.byteCount..<header.totalBytes]), into: scratch)
            unsafe records = ByteReader(body)
            batch = header
            recordsLeft = header.recordCount
            return true
        }
        return false
    }
}
