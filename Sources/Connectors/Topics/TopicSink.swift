public import Base
internal import Columnar
public import EventLog
internal import Formats
public import Streaming
internal import Synchronization

/// Writes a job's rows into one partition of a topic of the embedded log, exactly once.
///
/// An epoch's records are the checkpoint's own handle until they are committed. Each record batch carries the job, the
/// epoch and the batch's number in it as a header, so that a repeated commit finds what is there already and goes on
/// behind it.
public final class TopicSink: StreamSink {
    /// What a row becomes.
    public enum Encoding: Sendable {
        /// The value is a JSON object of the row's columns.
        case json
        /// The value is the payload as it came; why and where it came from are headers. Rows are `DeadLetter.schema`.
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

    private let partition: PartitionHandle
    private let job: String
    private let encoding: Encoding
    private let nowMillis: @Sendable () -> Int64
    private let newest: Mutex<Mark?>

    public init(
        log: DurableLog, topic: TopicName, job: String, encoding: Encoding, nowMillis: @escaping @Sendable () -> Int64
    ) throws {
        partition = try log.partition(topic, 0)
        self.job = job
        self.encoding = encoding
        self.nowMillis = nowMillis
        newest = Mutex(try Self.newestMark(of: job, in: partition))
    }

    public func openWriter(worker: Int) throws -> any SinkWriter { TopicSinkWriter(encoding: encoding) }

    public func commit(epoch: Epoch, handles: [[UInt8]]) throws {
        var records: [StagedRecord] = []
        for handle in handles { records += try StagedRecord.decode(handle) }
        var part = 0
        var index = 0
        while index < records.count {
            let mark = Mark(epoch: epoch.rawValue, part: part)
            var builder = RecordBatchBuilder()
            let header = RecordHeader(key: Self.markHeader, value: Array("\(job):\(epoch):\(part)".utf8))
            let millis = nowMillis()
            repeat {
                let record = records[index]
                builder.append(
                    key: record.key, value: record.value, timestampMillis: millis, headers: record.headers + [header])
                index += 1
            } while index < records.count && builder.byteCount + records[index].byteCount < Self.batchBytesMax
            part += 1
            if let known = newest.withLock({ $0 }), mark <= known { continue }
            try partition.append(builder.finish())
            newest.withLock { $0 = mark }
        }
    }

    /// Nothing of an epoch that is not committed is in the topic.
    public func abort(after epoch: Epoch) throws {}

    /// The job's last mark, found in the newest records or, where others write there too, in all.
    private static func newestMark(of job: String, in partition: PartitionHandle) throws -> Mark? {
        let (low, high) = (partition.startOffset, partition.highWatermark)
        guard high > low else { return nil }
        let near = max(low, high + -1000)
        return try scan(partition, from: near, job: job) ?? (near == low ? nil : scan(partition, from: low, job: job))
    }

    private static func scan(_ partition: PartitionHandle, from start: Offset, job: String) throws -> Mark? {
        var newest: Mark?
        var offset = start
        while true {
            let chunk = try partition.read(from: offset, bytesMax: 1 << 20)
            guard !chunk.isEmpty else { return newest }
            var reader = RecordBatchReader(chunk)
            while let record = try reader.next() {
                guard let value = record.headers.last(where: { $0.key == markHeader })?.value else { continue }
                let parts = String(decoding: value, as: UTF8.self).split(separator: ":")
                guard parts.count == 3, parts[0] == job, let epoch = UInt64(parts[1]), let part = Int(parts[2]) else {
                    continue
                }
                newest = max(newest ?? Mark(epoch: 0, part: 0), Mark(epoch: epoch, part: part))
            }
            offset = chunk.nextOffset
        }
    }
}

/// One worker's rows since the last epoch, as records.
private final class TopicSinkWriter: SinkWriter {
    private let encoding: TopicSink.Encoding
    private var staged = ByteWriter()

    init(encoding: TopicSink.Encoding) { self.encoding = encoding }

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
            for row in 0..<changes.count { Self.deadLetter(changes.batch, row).encode(into: &staged) }
        }
    }

    private static func deadLetter(_ batch: RecordBatch, _ row: Int) -> StagedRecord {
        func text(_ column: Int) -> [UInt8]? {
            let view = BytesView(batch.columns[column])
            return view.isNull(row) ? nil : unsafe [UInt8](view[row])
        }
        let partition = PrimitiveView<Int32>(batch.columns[1])
        let headers = [
            RecordHeader(key: "gariep.topic", value: text(0)),
            RecordHeader(key: "gariep.partition", value: partition.isNull(row) ? nil : Array("\(partition[row])".utf8)),
            RecordHeader(key: "gariep.offset", value: text(2)), RecordHeader(key: "gariep.code", value: text(3)),
            RecordHeader(key: "gariep.cause", value: text(4)),
        ]
        return StagedRecord(key: nil, value: text(5) ?? [], headers: headers)
    }

    func prepare(epoch: Epoch) throws -> [UInt8] {
        defer { discard() }
        return staged.bytes
    }

    func discard() { staged = ByteWriter() }
}

/// A record on its way into a topic, as the checkpoint keeps it.
///
///     varint length + 1 of the key (0: none), key; varint length, value; varint headers, each name and value + 1
struct StagedRecord {
    let key: [UInt8]?
    let value: [UInt8]
    let headers: [RecordHeader]

    var byteCount: Int {
        40 + (key?.count ?? 0) + value.count + headers.reduce(0) { $0 + $1.key.utf8.count + ($1.value?.count ?? 0) + 4 }
    }

    func encode(into writer: inout ByteWriter) {
        Self.write(key, &writer)
        Self.write(value, &writer)
        writer.unsignedVarint(UInt64(headers.count))
        for header in headers {
            Self.write(Array(header.key.utf8), &writer)
            Self.write(header.value, &writer)
        }
    }

    private static func write(_ bytes: [UInt8]?, _ writer: inout ByteWriter) {
        writer.unsignedVarint(UInt64((bytes?.count ?? -1) + 1))
        if let bytes { writer.append(bytes) }
    }

    static func decode(_ bytes: [UInt8]) throws -> [StagedRecord] {
        try unsafe bytes.withUnsafeBytes { buffer in
            var reader = unsafe ByteReader(buffer)
            func field() throws -> [UInt8]? {
                guard let length = reader.unsignedVarint() else { throw damaged }
                if length == 0 { return nil }
                guard length - 1 <= UInt64(reader.remaining), let taken = unsafe reader.take(Int(length - 1)) else {
                    throw damaged
                }
                return unsafe [UInt8](taken)
            }
            var records: [StagedRecord] = []
            while reader.remaining > 0 {
                let key = try field()
                guard let value = try field(), let count = reader.unsignedVarint(), count <= UInt64(reader.remaining)
                else {
                    throw damaged
                }
                var headers: [RecordHeader] = []
                for _ in 0..<count {
                    guard let name = try field() else { throw damaged }
                    headers.append(RecordHeader(key: String(decoding: name, as: UTF8.self), value: try field()))
                }
                records.append(StagedRecord(key: key, value: value, headers: headers))
            }
            return records
        }
    }

    private static var damaged: LogError { .invalidBatch(problem: "a checkpoint's staged records are damaged") }
}
