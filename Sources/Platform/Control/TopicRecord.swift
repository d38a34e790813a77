internal import Base
internal import EventLog

/// A record of a topic, as `gariep topics NAME` shows it.
public struct TopicRecord: Sendable, Codable {
    public struct Header: Sendable, Codable {
        public let name: String
        public let value: [UInt8]
    }

    public let partition: Int32
    public let offset: Int64
    public let timestampMillis: Int64
    public let key: [UInt8]?
    public let value: [UInt8]?
    public let headers: [Header]

    /// The newest records of each partition, at most `limit` in all, by partition and offset.
    static func newest(of topic: String, limit: Int, in log: DurableLog) throws -> [TopicRecord] {
        let name = try TopicName(topic)
        guard let description = log.topic(name) else {
            throw PlatformFailure.unknownDataset(topic, known: log.topics.map(\.name.value))
        }
        var found: [TopicRecord] = []
        for index in 0..<description.partitionCount {
            let partition = try log.partition(name, index)
            let end = partition.highWatermark
            var offset = max(partition.startOffset, end + -Int64(limit))
            while offset < end {
                let chunk = try partition.read(from: offset, bytesMax: 1 << 20)
                guard !chunk.isEmpty else { break }
                var reader = RecordBatchReader(chunk)
                while let record = try reader.next() {
                    found.append(
                        TopicRecord(
                            partition: index, offset: record.offset.rawValue, timestampMillis: record.timestampMillis,
                            key: record.keyBytes, value: record.valueBytes,
                            headers: record.headers.map { Header(name: $0.key, value: $0.value ?? []) }))
                }
                offset = chunk.nextOffset
            }
        }
        // The newest of all, back in their order.
        let kept = found.sorted { ($0.timestampMillis, $0.offset) < ($1.timestampMillis, $1.offset) }.suffix(limit)
        return kept.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
    }
}
