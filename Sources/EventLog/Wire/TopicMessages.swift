/// CreateTopics, versions 0 to 7.
public struct CreateTopicsRequest: Sendable {
    public struct Topic: Sendable {
        public var name: String
        public var partitionCount: Int32
        public var replicationFactor: Int16
        public var hasAssignments: Bool
        public var configuration: [(key: String, value: String?)]
    }
    public var topics: [Topic]
    public var validatesOnly = false

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let count = try reader.int32()
            let replication = try reader.int16()
            let assignments: [Void] = try reader.array { reader throws(LogError) in
                _ = try reader.int32()
                _ = try reader.array { reader throws(LogError) in try reader.int32() }
                try reader.tags()
            }
            let configuration = try reader.array { reader throws(LogError) in
                let entry = (key: try reader.string(), value: try reader.nullableString())
                try reader.tags()
                return entry
            }
            try reader.tags()
            return Topic(
                name: name, partitionCount: count, replicationFactor: replication, hasAssignments: !assignments.isEmpty,
                configuration: configuration)
        }
        _ = try reader.int32()
        if version >= 1 { validatesOnly = try reader.bool() }
        try reader.tags()
    }
}

/// What became of one topic, in the answers to CreateTopics, DeleteTopics and CreatePartitions.
public struct TopicOutcome: Sendable {
    public var name: String?
    public var id: TopicID
    public var error: KafkaErrorCode
    public var message: String?
    public var partitionCount: Int32
    public init(
        name: String?, id: TopicID = TopicID(high: 0, low: 0), error: KafkaErrorCode, message: String?,
        partitionCount: Int32 = -1
    ) {
        (self.name, self.id, self.error, self.message) = (name, id, error, message)
        self.partitionCount = partitionCount
    }
}

public struct CreateTopicsResponse: Sendable {
    public var topics: [TopicOutcome]
    public init(topics: [TopicOutcome]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.array(topics) { writer, topic in
            writer.string(topic.name ?? "")
            if version >= 7 { writer.topicID(topic.id) }
            writer.error(topic.error)
            if version >= 1 { writer.nullableString(topic.message) }
            if version >= 5 {
                writer.int32(topic.partitionCount)
                writer.int16(topic.error == .none ? 1 : -1)
                writer.nullArray()
            }
            writer.tags()
        }
        writer.tags()
    }
}

/// DeleteTopics, versions 0 to 6.
public struct DeleteTopicsRequest: Sendable {
    public struct Topic: Sendable {
        public var name: String?
        public var id: TopicID?
    }
    public var topics: [Topic]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        topics = try reader.array { reader throws(LogError) in
            guard version >= 6 else { return Topic(name: try reader.string(), id: nil) }
            let topic = Topic(name: try reader.nullableString(), id: try reader.topicID())
            try reader.tags()
            return topic
        }
        _ = try reader.int32()
        try reader.tags()
    }
}

public struct DeleteTopicsResponse: Sendable {
    public var topics: [TopicOutcome]
    public init(topics: [TopicOutcome]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 1 { writer.int32(0) }
        writer.array(topics) { writer, topic in
            if version >= 6 { writer.nullableString(topic.name) } else { writer.string(topic.name ?? "") }
            if version >= 6 { writer.topicID(topic.id) }
            writer.error(topic.error)
            if version >= 5 { writer.nullableString(topic.message) }
            writer.tags()
        }
        writer.tags()
    }
}

/// CreatePartitions, versions 0 to 3.
public struct CreatePartitionsRequest: Sendable {
    public var topics: [(name: String, total: Int32)]
    public var validatesOnly: Bool

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        topics = try reader.array { reader throws(LogError) in
            let topic = (name: try reader.string(), total: try reader.int32())
            _ = try reader.nullableArray { reader throws(LogError) in
                _ = try reader.array { reader throws(LogError) in try reader.int32() }
                try reader.tags()
            }
            try reader.tags()
            return topic
        }
        _ = try reader.int32()
        validatesOnly = try reader.bool()
        try reader.tags()
    }
}

public struct CreatePartitionsResponse: Sendable {
    public var topics: [TopicOutcome]
    public init(topics: [TopicOutcome]) { self.topics = topics }

    public func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array(topics) { writer, topic in
            writer.string(topic.name ?? "")
            writer.error(topic.error)
            writer.nullableString(topic.message)
            writer.tags()
        }
        writer.tags()
    }
}

/// DeleteRecords, versions 0 to 2.
public struct DeleteRecordsRequest: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        /// -1 for the high watermark.
        public var offset: Int64
    }
    public var topics: [(name: String, partitions: [Partition])]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(LogError) in
                let partition = Partition(index: try reader.int32(), offset: try reader.int64())
                try reader.tags()
                return partition
            }
            try reader.tags()
            return (name, partitions)
        }
        _ = try reader.int32()
        try reader.tags()
    }
}

public struct DeleteRecordsResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var startOffset: Int64
        public var error: KafkaErrorCode
        public init(index: Int32, startOffset: Int64, error: KafkaErrorCode) {
            (self.index, self.startOffset, self.error) = (index, startOffset, error)
        }
    }
    public var topics: [(name: String, partitions: [Partition])]
    public init(topics: [(name: String, partitions: [Partition])]) { self.topics = topics }

    public func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.int32(partition.index)
                writer.int64(partition.startOffset)
                writer.error(partition.error)
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}
