/// Fetch, versions 4 to 12.
public struct FetchRequest: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var offset: Int64
        public var bytesMax: Int32
    }
    public struct Topic: Sendable {
        public var name: String
        public var partitions: [Partition]
    }
    public var waitMillisMax: Int32
    public var bytesMin: Int32
    public var bytesMax: Int32
    public var sessionID: Int32 = 0
    public var topics: [Topic]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        _ = try reader.int32()
        waitMillisMax = try reader.int32()
        bytesMin = try reader.int32()
        bytesMax = try reader.int32()
        _ = try reader.int8()
        if version >= 7 {
            sessionID = try reader.int32()
            _ = try reader.int32()
        }
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(LogError) in
                let index = try reader.int32()
                if version >= 9 { _ = try reader.int32() }
                let offset = try reader.int64()
                if version >= 12 { _ = try reader.int32() }
                if version >= 5 { _ = try reader.int64() }
                let partition = Partition(index: index, offset: offset, bytesMax: try reader.int32())
                try reader.tags()
                return partition
            }
            try reader.tags()
            return Topic(name: name, partitions: partitions)
        }
        if version >= 7 {
            _ = try reader.array { reader throws(LogError) in
                _ = try reader.string()
                _ = try reader.array { reader throws(LogError) in try reader.int32() }
                try reader.tags()
            }
        }
        if version >= 11 { _ = try reader.string() }
        try reader.tags()
    }
}

public struct FetchResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var error: KafkaErrorCode
        public var highWatermark: Int64
        public var startOffset: Int64
        public var chunk: LogChunk?
        public init(index: Int32, error: KafkaErrorCode, highWatermark: Int64, startOffset: Int64, chunk: LogChunk?) {
            (self.index, self.error, self.highWatermark) = (index, error, highWatermark)
            (self.startOffset, self.chunk) = (startOffset, chunk)
        }
    }
    public var error = KafkaErrorCode.none
    public var topics: [(name: String, partitions: [Partition])]
    public init(topics: [(name: String, partitions: [Partition])]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        writer.int32(0)
        if version >= 7 {
            writer.error(error)
            // Session 0: every fetch names all its partitions.
            writer.int32(0)
        }
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.int32(partition.index)
                writer.error(partition.error)
                writer.int64(partition.highWatermark)
                // last_stable_offset: without transactions everything durable is stable.
                writer.int64(partition.highWatermark)
                if version >= 5 { writer.int64(partition.startOffset) }
                writer.nullArray()
                if version >= 11 { writer.int32(-1) }
                writer.records(partition.chunk)
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}
