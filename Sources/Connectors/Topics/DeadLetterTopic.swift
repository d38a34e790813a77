internal import Base
public import EventLog
internal import Synchronization

/// A topic of records that could not be read: each once, however many streams read the topic that it came from.
///
/// A letter is known by the id of its record's topic, the partition and the offset, all in its headers. Whoever meets a
/// letter first writes it; the others find it there. What is there is read from the topic once, and again where the topic
/// was made anew.
public final class DeadLetterTopic: Sendable {
    static let topicIDHeader = "gariep.topic_id"
    static let partitionHeader = "gariep.partition"
    static let offsetHeader = "gariep.offset"
    /// Kafka's default bound on a batch is 1 MiB; prefixes and headers need some of it.
    private static let batchBytesMax = 900_000

    private struct Opened {
        let id: TopicID
        let partition: PartitionHandle
        var known = KnownLetters()
    }

    public let name: TopicName
    private let log: DurableLog
    private let nowMillis: @Sendable () -> Int64
    /// Held while letters are written, so that two streams do not write the same one.
    private let opened = Mutex<Opened?>(nil)

    public init(log: DurableLog, name: TopicName, nowMillis: @escaping @Sendable () -> Int64) {
        self.log = log
        self.name = name
        self.nowMillis = nowMillis
    }

    /// Looks the topic up, makes it where it is not there, and reads what it has.
    func open() throws { try opened.withLock { try open(&$0) } }

    private func open(_ opened: inout Opened?) throws {
        let description = try log.topic(name) ?? log.createTopic(name, partitions: 1)
        guard opened?.id != description.id else { return }
        opened = nil
        var fresh = Opened(id: description.id, partition: try log.partition(name, 0))
        try fresh.partition.forEachRecord(from: .zero) { record in
            if let letter = KnownLetters.Letter(record.headers) { fresh.known.insert(letter) }
        }
        opened = fresh
    }

    /// Writes the letters that are not there yet.
    func write(_ letters: [StagedRecord]) throws {
        guard !letters.isEmpty else { return }
        try opened.withLock { opened in
            try open(&opened)
            guard var content = opened else { return }
            // So that a large set is not copied for each letter.
            opened = nil
            defer { opened = content }
            let millis = nowMillis()
            var builder = RecordBatchBuilder()
            var waiting = KnownLetters()
            var batch: [KnownLetters.Letter] = []
            func flush() throws {
                guard builder.count > 0 else { return }
                try content.partition.appendOwn(builder.finish())
                for letter in batch { content.known.insert(letter) }
                (builder, waiting, batch) = (RecordBatchBuilder(), KnownLetters(), [])
            }
            for record in letters {
                let letter = KnownLetters.Letter(record.headers)
                if let letter, content.known.contains(letter) || waiting.contains(letter) { continue }
                if builder.count > 0, builder.byteCount + record.byteCount > Self.batchBytesMax { try flush() }
                if let letter {
                    waiting.insert(letter)
                    batch.append(letter)
                }
                builder.append(key: record.key, value: record.value, timestampMillis: millis, headers: record.headers)
            }
            try flush()
        }
    }
}

/// Which records have a letter: a bit each, in words of 64 offsets.
struct KnownLetters {
    struct Letter: Hashable {
        struct Partition: Hashable { let topicID: String, index: Int32 }
        let partition: Partition
        let offset: Int64

        /// nil for a record without the headers, which nobody can know again.
        init?(_ headers: [RecordHeader]) {
            func text(_ name: String) -> String? {
                headers.last { $0.key == name }?.value.map { String(decoding: $0, as: UTF8.self) }
            }
            guard let topic = text(DeadLetterTopic.topicIDHeader),
                let index = text(DeadLetterTopic.partitionHeader).flatMap({ Int32($0) }),
                let offset = text(DeadLetterTopic.offsetHeader).flatMap({ Int64($0) })
            else { return nil }
            partition = Partition(topicID: topic, index: index)
            self.offset = offset
        }
    }

    private var words: [Letter.Partition: [Int64: UInt64]] = [:]

    mutating func insert(_ letter: Letter) {
        words[letter.partition, default: [:]][letter.offset >> 6, default: 0] |= 1 << UInt64(letter.offset & 63)
    }

    func contains(_ letter: Letter) -> Bool {
        (words[letter.partition]?[letter.offset >> 6] ?? 0) & (1 << UInt64(letter.offset & 63)) != 0
    }
}
