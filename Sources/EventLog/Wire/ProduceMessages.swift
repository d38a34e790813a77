/// Produce, versions 3 to 9.
public struct ProduceRequest: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var records: [UInt8]?
    }
    public struct Topic: Sendable {
        public var name: String
        public var partitions: [Partition]
    }
    public var transactionalID: String?
    public var acks: Int16
    public var timeoutMillis: Int32
    public var topics: [Topic]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        transactionalID = try reader.nullableString()
        acks = try reader.int16()
        timeoutMillis = try reader.int32()
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(LogError) in
                let partition = Partition(index: try reader.int32(), records: try reader.nullableBytes())
                try reader.tags()
                return partition
            }
            try reader.tags()
            return Topic(name: name, partitions: partitions)
        }
        try reader.tags()
    }
}

public struct ProduceResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var error: KafkaErrorCode
        public var baseOffset: Int64
        public var startOffset: Int64
        public var message: String?
        public init(index: Int32, error: KafkaErrorCode, baseOffset: Int64, startOffset: Int64, message: String?) {
            (self.index, self.error, self.baseOffset) = (index, error, baseOffset)
            (self.startOffset, self.message) = (startOffset, message)
        }
    }
    public var topics: [(name: String, partitions: [Partition])]
    public init(topics: [(name: String, partitions: [Partition])]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.int32(partition.index)
                writer.error(partition.error)
                writer.int64(partition.baseOffset)
                // log_append_time: producers give the times.
                writer.int64(-1)
                if version >= 5 { writer.int64(partition.startOffset) }
                if version >= 8 {
                    writer.array([Int32]()) { $0.int32($1) }
                    writer.nullableString(partition.message)
                }
                writer.tags()
            }
            writer.tags()
        }
        writer.int32(0)
        writer.tags()
    }
}
