internal import Base

/// Where batches lie in a segment: an entry for about every 32 KiB, by offset and by time.
struct SegmentIndex: Sendable {
    struct Entry: Sendable, Hashable {
        /// The first offset of the batch at `position`.
        var offset: Int64
        var position: Int
        /// The newest timestamp of all batches before this one.
        var timestampBefore: Int64
    }

    static let spacingBytes = 32 << 10
    private(set) var entries: [Entry] = []

    /// Takes note of a batch, which lies after all those noted before.
    mutating func note(offset: Int64, position: Int, timestampBefore: Int64) {
        if let last = entries.last, position - last.position < Self.spacingBytes { return }
        entries.append(Entry(offset: offset, position: position, timestampBefore: timestampBefore))
    }

    /// A position at or before the batch that holds `offset`.
    func position(of offset: Int64) -> Int { lastEntry { $0.offset <= offset }?.position ?? 0 }

    /// A position at or before the first batch with a timestamp of at least `timestamp`.
    func position(ofTimestamp timestamp: Int64) -> Int {
        lastEntry { $0.timestampBefore < timestamp }?.position ?? 0
    }

    private func lastEntry(_ matches: (Entry) -> Bool) -> Entry? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if matches(entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }
}

/// What a closed segment's `.index` file tells, so that opening a log need not read the segment.
///
///     "GIDX"  version UINT32  baseOffset  nextOffset  logBytes  maxTimestamp  (INT64 each)  count UINT32
///     count x (offset, position, timestampBefore: INT64 each)    CRC-32C UINT32 of all before it
struct SegmentIndexFile {
    var baseOffset: Int64
    var nextOffset: Int64
    var logBytes: Int
    var maxTimestamp: Int64
    var index: SegmentIndex

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reserving: 48 + index.entries.count * 24)
        writer.append("GIDX".utf8)
        writer.bigEndian(UInt32(1))
        for field in [baseOffset, nextOffset, Int64(logBytes), maxTimestamp] { writer.bigEndian(field) }
        writer.bigEndian(UInt32(index.entries.count))
        for entry in index.entries {
            for field in [entry.offset, Int64(entry.position), entry.timestampBefore] { writer.bigEndian(field) }
        }
        writer.bigEndian(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    init(baseOffset: Int64, nextOffset: Int64, logBytes: Int, maxTimestamp: Int64, index: SegmentIndex) {
        (self.baseOffset, self.nextOffset, self.logBytes) = (baseOffset, nextOffset, logBytes)
        (self.maxTimestamp, self.index) = (maxTimestamp, index)
    }

    /// Nil when the file is not whole; then the segment is read instead.
    init?(_ bytes: [UInt8]) {
        let parsed = unsafe bytes.withUnsafeBytes { buffer -> SegmentIndexFile? in
            guard buffer.count >= 48, buffer.count < 1 << 31 else { return nil }
            let body = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<(buffer.count - 4)])
            var tail = unsafe ByteReader(UnsafeRawBufferPointer(rebasing: buffer[(buffer.count - 4)...]))
            guard unsafe tail.bigEndian(UInt32.self) == CRC32C.checksum(body) else { return nil }
            var reader = unsafe ByteReader(body)
            guard let magic = unsafe reader.take(4), unsafe magic.elementsEqual("GIDX".utf8),
                reader.bigEndian(UInt32.self) == 1, let base = reader.bigEndian(Int64.self),
                let next = reader.bigEndian(Int64.self), let size = reader.bigEndian(Int64.self),
                let newest = reader.bigEndian(Int64.self), let count = reader.bigEndian(UInt32.self)
            else { return nil }
            var index = SegmentIndex()
            for _ in 0..<count {
                guard let offset = reader.bigEndian(Int64.self), let position = reader.bigEndian(Int64.self),
                    let before = reader.bigEndian(Int64.self)
                else { return nil }
                index.note(offset: offset, position: Int(position), timestampBefore: before)
            }
            return SegmentIndexFile(
                baseOffset: base, nextOffset: next, logBytes: Int(size), maxTimestamp: newest, index: index)
        }
        guard let parsed else { return nil }
        self = parsed
    }
}
