internal import Base

/// What each idempotent producer last wrote to a partition, so that a batch sent twice is stored once.
///
/// Pure: decides over headers. Source: KIP-98, and KIP-360 for the five remembered batches.
struct ProducerTable: Sendable, Equatable {
    struct Batch: Sendable, Equatable {
        var firstSequence: Int32
        var lastSequence: Int32
        var baseOffset: Int64
    }

    struct Entry: Sendable, Equatable {
        var epoch: Int16
        /// The newest last; never more than five.
        var batches: [Batch]
        /// When it last wrote, by the log's clock, in milliseconds since 1970.
        var seenMillis: Int64
        /// Where it must begin, having written nothing yet: the first batch of its that was turned away.
        var owedSequence: Int32?
    }

    enum Verdict: Equatable {
        case accept
        /// The same batch is stored already, from this offset on.
        case duplicate(baseOffset: Int64)
    }

    /// How many batches a producer may have on their way at once.
    static let batchesMax = 5
    private(set) var entries: [Int64: Entry] = [:]

    /// - Throws: `outOfOrderSequence`, `producerFenced`.
    func check(_ header: RecordBatchHeader) throws(LogError) -> Verdict {
        // A producer nobody remembers may start anywhere, as in Kafka: its state may have expired.
        guard header.isIdempotent, let entry = entries[header.producerID] else { return .accept }
        guard header.producerEpoch >= entry.epoch else {
            throw .producerFenced(producer: header.producerID, current: entry.epoch, found: header.producerEpoch)
        }
        if header.producerEpoch > entry.epoch {
            guard header.baseSequence == 0 else {
                throw .outOfOrderSequence(producer: header.producerID, expected: 0, found: header.baseSequence)
            }
            return .accept
        }
        let last = Self.sequence(header.baseSequence, plus: header.lastOffsetDelta)
        for batch in entry.batches where batch.firstSequence == header.baseSequence && batch.lastSequence == last {
            return .duplicate(baseOffset: batch.baseOffset)
        }
        guard let expected = entry.batches.last.map({ Self.sequence($0.lastSequence, plus: 1) }) ?? entry.owedSequence
        else { return .accept }
        guard header.baseSequence == expected else {
            throw .outOfOrderSequence(producer: header.producerID, expected: expected, found: header.baseSequence)
        }
        return .accept
    }

    /// Remembers an accepted batch. Returns what `restore` needs to forget it again.
    mutating func record(_ header: RecordBatchHeader, baseOffset: Int64, nowMillis: Int64) -> Entry? {
        guard header.isIdempotent else { return nil }
        let before = entries[header.producerID]
        var entry = before ?? Entry(epoch: header.producerEpoch, batches: [], seenMillis: nowMillis)
        if header.producerEpoch != entry.epoch {
            entry.epoch = header.producerEpoch
            entry.batches = []
        }
        entry.batches.append(
            Batch(
                firstSequence: header.baseSequence,
                lastSequence: Self.sequence(header.baseSequence, plus: header.lastOffsetDelta), baseOffset: baseOffset))
        if entry.batches.count > Self.batchesMax { entry.batches.removeFirst() }
        entry.seenMillis = nowMillis
        entry.owedSequence = nil
        entries[header.producerID] = entry
        return before
    }

    /// Remembers that a batch was turned away, for a full disk or for good. A producer has several on their way, and what
    /// follows must not be taken before it, or the log would have a gap.
    mutating func refuse(_ header: RecordBatchHeader, nowMillis: Int64) {
        // A known producer's next sequence says it already.
        guard header.isIdempotent, entries[header.producerID] == nil else { return }
        entries[header.producerID] = Entry(
            epoch: header.producerEpoch, batches: [], seenMillis: nowMillis, owedSequence: header.baseSequence)
    }

    mutating func restore(_ producer: Int64, to entry: Entry?) { entries[producer] = entry }

    /// Forgets producers that have not written since `millis`.
    mutating func forget(unseenSince millis: Int64) { entries = entries.filter { $0.value.seenMillis >= millis } }

    /// Sequences count to 2^31 - 1 and then start at 0 again.
    static func sequence(_ sequence: Int32, plus steps: Int32) -> Int32 {
        Int32((Int64(sequence) + Int64(steps)) % (Int64(Int32.max) + 1))
    }
}

/// A table as it was at an offset, in a file that tells whether it is whole.
///
///     "GPRD"  version UINT32  endOffset INT64  count UINT32
///     count x (producer INT64, epoch INT16, seenMillis INT64, batches UINT8 x (first INT32, last INT32, offset INT64))
///     CRC-32C UINT32 of all before it
struct ProducerSnapshot {
    var endOffset: Int64
    var table: ProducerTable

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append("GPRD".utf8)
        writer.bigEndian(UInt32(1))
        writer.bigEndian(endOffset)
        writer.bigEndian(UInt32(table.entries.count))
        for (producer, entry) in table.entries.sorted(by: { $0.key < $1.key }) {
            writer.bigEndian(producer)
            writer.bigEndian(entry.epoch)
            writer.bigEndian(entry.seenMillis)
            writer.bigEndian(UInt8(entry.batches.count))
            for batch in entry.batches {
                writer.bigEndian(batch.firstSequence)
                writer.bigEndian(batch.lastSequence)
                writer.bigEndian(batch.baseOffset)
            }
        }
        writer.bigEndian(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Nil when the bytes are not a whole snapshot.
    static func decoded(_ bytes: [UInt8]) -> ProducerSnapshot? {
        unsafe bytes.withUnsafeBytes { buffer -> ProducerSnapshot? in
            guard buffer.count >= 24 else { return nil }
            let body = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<(buffer.count - 4)])
            var tail = unsafe ByteReader(UnsafeRawBufferPointer(rebasing: buffer[(buffer.count - 4)...]))
            guard unsafe tail.bigEndian(UInt32.self) == CRC32C.checksum(body) else { return nil }
            var reader = unsafe ByteReader(body)
            guard let magic = unsafe reader.take(4), unsafe magic.elementsEqual("GPRD".utf8),
                reader.bigEndian(UInt32.self) == 1, let end = reader.bigEndian(Int64.self),
                let count = reader.bigEndian(UInt32.self)
            else { return nil }
            var table = ProducerTable()
            for _ in 0..<count {
                guard let producer = reader.bigEndian(Int64.self), let epoch = reader.bigEndian(Int16.self),
                    let seen = reader.bigEndian(Int64.self), let batches = reader.bigEndian(UInt8.self)
                else { return nil }
                var entry = ProducerTable.Entry(epoch: epoch, batches: [], seenMillis: seen)
                for _ in 0..<batches {
                    guard let first = reader.bigEndian(Int32.self), let last = reader.bigEndian(Int32.self),
                        let offset = reader.bigEndian(Int64.self)
                    else { return nil }
                    entry.batches.append(.init(firstSequence: first, lastSequence: last, baseOffset: offset))
                }
                table.restore(producer, to: entry)
            }
            return ProducerSnapshot(endOffset: end, table: table)
        }
    }
}
