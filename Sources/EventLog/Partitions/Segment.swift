internal import Base

/// One file of a partition: batches from `baseOffset` on, byte for byte as they were taken.
struct Segment: Sendable {
    let baseOffset: Int64
    let path: String
    let file: SegmentFile
    /// Bytes written, and how many of them are known to be on the disk.
    var size = 0
    var syncedSize = 0
    /// The offset after the last record.
    var nextOffset: Int64
    var maxTimestamp: Int64 = -1
    var index = SegmentIndex()

    init(baseOffset: Int64, path: String, file: SegmentFile) {
        (self.baseOffset, self.path, self.file, nextOffset) = (baseOffset, path, file, baseOffset)
    }

    /// Takes note of a batch that lies at `position`.
    mutating func note(_ header: RecordBatchHeader, at position: Int) {
        index.note(offset: header.baseOffset, position: position, timestampBefore: maxTimestamp)
        size = position + header.totalBytes
        nextOffset = header.nextOffset.rawValue
        maxTimestamp = max(maxTimestamp, header.maxTimestamp)
    }

    var indexFile: SegmentIndexFile {
        SegmentIndexFile(
            baseOffset: baseOffset, nextOffset: nextOffset, logBytes: size, maxTimestamp: maxTimestamp, index: index)
    }

    static func path(_ directory: String, _ baseOffset: Int64, _ suffix: String) -> String {
        let digits = String(baseOffset)
        return directory + "/" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits + suffix
    }

    /// The offset in a name such as `00000000000000000042.log`.
    static func offset(in name: String, suffix: String) -> Int64? {
        guard name.hasSuffix(suffix) else { return nil }
        let digits = name.dropLast(suffix.count)
        guard digits.utf8.count == 20 else { return nil }
        return Int64(digits)
    }
}
