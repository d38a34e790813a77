internal import Base

/// Reads a segment from its beginning and finds where its whole, sound, consecutive batches end.
struct SegmentScan {
    let file: any LogFile
    let path: String
    let size: Int

    struct Outcome {
        /// Where the sound batches end.
        var end = 0
        /// What stands there instead of another batch; nil at the end of the file.
        var problem: String?
    }

    /// - Parameter visit: gets each sound batch's header, its position and how the offsets go on.
    func run(from baseOffset: Int64, _ visit: (RecordBatchHeader, Int) -> Void) throws(LogError) -> Outcome {
        let scratch = ScratchBuffer()
        var (windowStart, windowCount) = (0, 0)
        var position = 0
        var expected = baseOffset
        /// The file's bytes from `position`, at least `count` of them unless the file ends.
        func window(_ count: Int) throws(LogError) -> UnsafeRawBufferPointer {
            if position + count > windowStart + windowCount {
                scratch.reserve(max(count, 1 << 20))
                windowStart = position
                windowCount = try unsafe file.read(at: position, into: scratch.memory)
            }
            let skip = position - windowStart
            return unsafe UnsafeRawBufferPointer(rebasing: scratch.memory[min(skip, windowCount)..<windowCount])
        }
        while position < size {
            guard let header = unsafe RecordBatchHeader(try window(RecordBatchHeader.byteCount)) else {
                return Outcome(end: position, problem: "a batch header is cut short")
            }
            guard header.isPlausible else { return Outcome(end: position, problem: "no record batch stands") }
            guard header.baseOffset == expected else {
                return Outcome(
                    end: position, problem: "a batch with offset \(header.baseOffset) stands where \(expected) belongs")
            }
            guard header.totalBytes <= size - position else {
                return Outcome(end: position, problem: "a batch is cut short")
            }
            let batch = try unsafe window(header.totalBytes)
            guard batch.count >= header.totalBytes,
                unsafe RecordBatchHeader.checksumHolds(
                    UnsafeRawBufferPointer(rebasing: batch[..<header.totalBytes]), crc: header.crc)
            else { return Outcome(end: position, problem: "the CRC-32C is wrong") }
            visit(header, position)
            position += header.totalBytes
            expected = header.nextOffset.rawValue
        }
        return Outcome(end: position, problem: nil)
    }

    /// Whether a whole batch with a later offset follows somewhere after `position`: then what stands there is damage,
    /// and not the torn end of a write.
    func soundBatchFollows(_ position: Int, after offset: Int64) throws(LogError) -> Bool {
        let chunkBytes = 4 << 20
        var start = position + 1
        while start + RecordBatchHeader.byteCount <= size {
            let bytes = try file.bytes(at: start, count: min(chunkBytes, size - start))
            for candidate in candidates(in: bytes, after: offset) {
                let from = start + candidate
                let header = unsafe bytes.withUnsafeBytes {
                    unsafe RecordBatchHeader(UnsafeRawBufferPointer(rebasing: $0[candidate...]))
                }
                guard let header, header.totalBytes <= size - from else { continue }
                let batch = try file.bytes(at: from, count: header.totalBytes)
                if unsafe batch.withUnsafeBytes({ unsafe RecordBatchHeader.checksumHolds($0, crc: header.crc) }) {
                    return true
                }
            }
            if bytes.count < chunkBytes { break }
            start += chunkBytes - RecordBatchHeader.byteCount + 1
        }
        return false
    }

    /// Places in `bytes` that look like the header of a batch after `offset`.
    private func candidates(in bytes: [UInt8], after offset: Int64) -> [Int] {
        unsafe bytes.withUnsafeBytes { buffer in
            var found: [Int] = []
            guard buffer.count >= RecordBatchHeader.byteCount else { return found }
            for place in 0...(buffer.count - RecordBatchHeader.byteCount) where unsafe buffer[place + 16] == 2 {
                guard let header = unsafe RecordBatchHeader(UnsafeRawBufferPointer(rebasing: buffer[place...])),
                    header.isPlausible, header.baseOffset >= offset, header.recordCount > 0,
                    header.lastOffsetDelta == header.recordCount - 1
                else { continue }
                found.append(place)
            }
            return found
        }
    }
}
