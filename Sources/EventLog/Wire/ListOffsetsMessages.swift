/// ListOffsets, versions 1 to 7.
public struct ListOffsetsRequest: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        /// Milliseconds, or -1 the end, -2 the start, -3 (version 7) the record with the newest timestamp.
        public var timestamp: Int64
    }
    public var topics: [(name: String, partitions: [Partition])]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        _ = try reader.int32()
        if version >= 2 { _ = try reader.int8() }
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(LogError) in
                let index = try reader.int32()
                if version >= 4 { _ = try reader.int32() }
                let partition = Partition(index: index, timestamp: try reader.int64())
                try reader.tags()
                return partition
            }
            try reader.tags()
            return (name, partitions)
        }
        try reader.tags()
    }
}

public struct ListOffsetsResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var error: KafkaErrorCode
        public var timestamp: Int64
        public var offset: Int64
        public init(index: Int32, error: KafkaErrorCode, timestamp: Int64, offset: Int64) {
            (self.index, self.error, self.timestamp, self.offset) = (index, error, timestamp, offset)
        }
    }
    public var topics: [(name: String, partitions: [Partition])]
    public init(topics: [(name: String, partitions: [Partition])]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.int32(partition.index)
                writer.error(partition.error)
                writer.int64(partition.timestamp)
                writer.int64(partition.offset)
                if version >= 4 { writer.int32(partition.error == .none ? 0 : -1) }
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}

/// OffsetForLeaderEpoch, versions 0 to 4. There is one leader, and its epoch is 0.
public struct OffsetForLeaderEpochRequest: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var leaderEpoch: Int32
    }
    public var topics: [(name: String, partitions: [Partition])]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        if version >= 3 { _ = try reader.int32() }
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(LogError) in
                let index = try reader.int32()
                if version >= 2 { _ = try reader.int32() }
                let partition = Partition(index: index, leaderEpoch: try reader.int32())
                try reader.tags()
                return partition
            }
            try reader.tags()
            return (name, partitions)
        }
        try reader.tags()
    }
}

public struct OffsetForLeaderEpochResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var error: KafkaErrorCode
        public var leaderEpoch: Int32
        public var endOffset: Int64
        public init(index: Int32, error: KafkaErrorCode, leaderEpoch: Int32, endOffset: Int64) {
            (self.index, self.error, self.leaderEpoch, self.endOffset) = (index, error, leaderEpoch, endOffset)
        }
    }
    public var topics: [(name: String, partitions: [Partition])]
    public init(topics: [(name: String, partitions: [Partition])]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 2 { writer.int32(0) }
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.error(partition.error)
                writer.int32(partition.index)
                if version >= 1 { writer.int32(partition.leaderEpoch) }
                writer.int64(partition.endOffset)
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}
