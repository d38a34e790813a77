public import Base
internal import Columnar
public import EventLog
internal import Formats
public import Streaming
internal import Synchronization

/// Writes a job's rows into one partition of a topic of the embedded log, exactly once.
///
/// An epoch's records are the checkpoint's own handle until they are committed. Each record batch carries the job, the
/// id of its state, the epoch and the batch's number in it as a header, so that a repeated commit finds what is there
/// already and goes on behind it. The topic is looked up, or made, at each start of the job.
public final class TopicSink: StreamSink {
    /// What a row becomes.
    public enum Encoding: Sendable {
        /// The value is a JSON object of the row's columns.
        case json
        /// The value is the row as text; which job and step refused it, and why, are headers. Rows are
        /// `DeadLetter.schema`.
        case deadLetter
    }

    private struct Mark: Comparable {
        var epoch: UInt64
        var part: Int
        static func < (left: Self, right: Self) -> Bool { (left.epoch, left.part) < (right.epoch, right.part) }
    }

    static let markHeader = "gariep.epoch"
    /// Kafka's default bound on a batch is 1 MiB; prefixes and headers need some of it.
    private static let batchBytesMax = 900_000

    /// What is known of the topic since the last `open`.
    private struct Opened {
        let partition: PartitionHandle
        /// What marks begin with: the job and the id of its state.
        let prefix: String
        var newest: Mark?
    }

    private let log: DurableLog
    private let topic: TopicName
    private let job: String
    private let encoding: Encoding
    private let nowMillis: @Sendable () -> Int64
    private let opened = Mutex<Opened?>(nil)

    public init(
        log: DurableLog, topic: TopicName, job: String, encoding: Encoding, nowMillis: @escaping @Sendable () -> Int64
    ) {
        self.log = log
        self.topic = topic
        self.job = job
        self.encoding = encoding
        self.nowMillis = nowMillis
    }

    public func open(life: String) throws -> SinkStanding? {
        let description = try log.topic(topic) ?? log.createTopic(topic, partitions: 1)
        let partition = try log.partition(topic, 0)
        let prefix = "\(job):\(life)"
        let newest = try Self.newestMark(of: prefix, in: partition)
        opened.withLock { $0 = Opened(partition: partition, prefix: prefix, newest: newest) }
        return SinkStanding(
            place: "topic \(topic)", identity: description.id.description, newest: newest.map { Epoch($0.epoch) },
            isLasting: false)
    }

    public func openWriter(worker: Int) throws -> any SinkWriter { TopicSinkWriter(encoding: encoding, job: job) }

    public func commit(epoch: Epoch, handles: [[UInt8]]) throws {
        var records: [StagedRecord] = []
        for handle in handles { records += try StagedRecord.decode(handle) }
        guard !records.isEmpty else { return }
        guard let opened = opened.withLock({ $0 }) else {
            throw StreamingError.wrongMoment("topic \(topic) was not opened")
        }
        var part = 0
        var index = 0
        while index < records.count {
            let mark = Mark(epoch: epoch.rawValue, part: part)
            var builder = RecordBatchBuilder()
            let header = RecordHeader(key: Self.markHeader, value: Array("\(opened.prefix):\(epoch):\(part)".utf8))
            let millis = nowMillis()
            repeat {
                let record = records[index]
                builder.append(
                    key: record.key, value: record.value, timestampMillis: millis, headers: record.headers + [header])
                index += 1
            } while index < records.count && builder.byteCount + records[index].byteCount < Self.batchBytesMax
            part += 1
            if let known = opened.newest, mark <= known { continue }
            try opened.partition.appendOwn(builder.finish())
            self.opened.withLock { $0?.newest = mark }
        }
    }

    /// Nothing of an epoch that is not committed is in the topic.
    public func abort(after epoch: Epoch) throws {}

    /// The last mark with a prefix, found in the newest records or, where others write there too, in all.
    private static func newestMark(of prefix: String, in partition: PartitionHandle) throws -> Mark? {
        let (low, high) = (partition.startOffset, partition.highWatermark)
        guard high > low else { return nil }
        let near = max(low, high + -1000)
        return try scan(partition, from: near, prefix: prefix)
            ?? (near == low ? nil : scan(partition, from: low, prefix: prefix))
    }

    private static func scan(_ partition: PartitionHandle, from start: Offset, prefix: String) throws -> Mark? {
        var newest: Mark?
        try partition.forEachRecord(from: start) { record in
            guard let value = record.headers.last(where: { $0.key == markHeader })?.value else { return }
            let parts = String(decoding: value, as: UTF8.self).split(separator: ":")
            guard parts.count == 4, "\(parts[0]):\(parts[1])" == prefix, let epoch = UInt64(parts[2]),
                let part = Int(parts[3])
            else { return }
            newest = max(newest ?? Mark(epoch: 0, part: 0), Mark(epoch: epoch, part: part))
        }
        return newest
    }
}

/// One worker's rows since the last epoch, as records.
private final class TopicSinkWriter: SinkWriter {
    private let encoding: TopicSink.Encoding
    private let job: String
    private var staged = ByteWriter()

    init(encoding: TopicSink.Encoding, job: String) { (self.encoding, self.job) = (encoding, job) }

    func write(_ changes: ChangeBatch) throws {
        switch encoding {
        case .json:
            for row in 0..<changes.count {
                // One record a copy; a row that is taken back was never sent on by an operator that feeds a topic.
                var line = JSONRowWriter()
                line.append(changes.batch.slice(row..<row + 1))
                for _ in 0..<max(0, changes.weight(row)) {
                    StagedRecord(key: nil, value: line.bytes, headers: []).encode(into: &staged)
                }
            }
        case .deadLetter:
            let model = RecordHeader(key: "gariep.model", value: Array(job.utf8))
            for row in 0..<changes.count {
                StagedRecord(deadLetter: changes.batch, row, more: [model]).encode(into: &staged)
            }
        }
    }

    func prepare(epoch: Epoch) throws -> [UInt8] {
        defer { discard() }
        return staged.bytes
    }

    func discard() { staged = ByteWriter() }
}
