internal import Base
internal import EventLog
internal import SchemaRegistry

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
    /// The key and the value as JSON, where a schema of the registry wrote them and reads them.
    public let keyJSON: String?
    public let valueJSON: String?
    public let headers: [Header]

    /// The newest records of each partition, at most `limit` in all, by partition and offset.
    ///
    /// - Parameter registry: knows the schemas that keys and values were written with; nil to leave them bytes.
    static func newest(of topic: String, limit: Int, in log: DurableLog, decodedBy registry: SubjectRegistry?) throws
        -> [TopicRecord]
    {
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
                            key: record.keyBytes, value: record.valueBytes, keyJSON: nil, valueJSON: nil,
                            headers: record.headers.map { Header(name: $0.key, value: $0.value ?? []) }))
                }
                offset = chunk.nextOffset
            }
        }
        // The newest of all, back in their order.
        let kept = found.sorted { ($0.timestampMillis, $0.offset) < ($1.timestampMillis, $1.offset) }.suffix(limit)
        let sorted = kept.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
        guard let registry else { return sorted }
        var reader = RegisteredReader(registry: registry)
        return sorted.map { record in
            TopicRecord(
                partition: record.partition, offset: record.offset, timestampMillis: record.timestampMillis,
                key: record.key, value: record.value, keyJSON: record.key.flatMap { reader.json($0) },
                valueJSON: record.value.flatMap { reader.json($0) }, headers: record.headers)
        }
    }
}
