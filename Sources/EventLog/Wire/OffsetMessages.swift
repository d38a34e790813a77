/// OffsetCommit, versions 2 to 8.
public struct OffsetCommitRequest: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var offset: Int64
        public var leaderEpoch: Int32
        public var metadata: String?
    }
    public var group: String
    public var generation: Int32
    public var memberID: String
    public var instanceID: String?
    public var topics: [(name: String, partitions: [Partition])]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        group = try reader.string()
        generation = try reader.int32()
        memberID = try reader.string()
        instanceID = version >= 7 ? try reader.nullableString() : nil
        if version <= 4 { _ = try reader.int64() }
        topics = try reader.array { reader throws(LogError) in
            let name = try reader.string()
            let partitions = try reader.array { reader throws(LogError) in
                let partition = Partition(
                    index: try reader.int32(), offset: try reader.int64(),
                    leaderEpoch: version >= 6 ? try reader.int32() : -1, metadata: try reader.nullableString())
                try reader.tags()
                return partition
            }
            try reader.tags()
            return (name, partitions)
        }
        try reader.tags()
    }
}

public struct OffsetCommitResponse: Sendable {
    public var topics: [(name: String, partitions: [(index: Int32, error: KafkaErrorCode)])]
    public init(topics: [(name: String, partitions: [(index: Int32, error: KafkaErrorCode)])]) { self.topics = topics }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 3 { writer.int32(0) }
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.int32(partition.index)
                writer.error(partition.error)
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}

/// OffsetFetch, versions 1 to 8.
public struct OffsetFetchRequest: Sendable {
    public struct Group: Sendable {
        public var name: String
        /// Nil asks for everything the group has committed.
        public var topics: [(name: String, partitions: [Int32])]?
    }
    /// One group up to version 7.
    public var groups: [Group]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        if version <= 7 {
            groups = [try Self.group(&reader)]
        } else {
            groups = try reader.array { reader throws(LogError) in
                let group = try Self.group(&reader)
                try reader.tags()
                return group
            }
        }
        if version >= 7 { _ = try reader.bool() }
        try reader.tags()
    }

    private static func group(_ reader: inout WireReader) throws(LogError) -> Group {
        Group(
            name: try reader.string(),
            topics: try reader.nullableArray { reader throws(LogError) in
                let topic = (
                    name: try reader.string(),
                    partitions: try reader.array { reader throws(LogError) in try reader.int32() }
                )
                try reader.tags()
                return topic
            })
    }
}

public struct OffsetFetchResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        /// Nil where nothing is committed.
        public var committed: CommittedOffset?
        public init(index: Int32, committed: CommittedOffset?) { (self.index, self.committed) = (index, committed) }
    }
    public struct Group: Sendable {
        public var name: String
        public var topics: [(name: String, partitions: [Partition])]
        public init(name: String, topics: [(name: String, partitions: [Partition])]) {
            (self.name, self.topics) = (name, topics)
        }
    }
    public var groups: [Group]
    public init(groups: [Group]) { self.groups = groups }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 3 { writer.int32(0) }
        if version <= 7 {
            topics(groups.first?.topics ?? [], &writer, version)
            if version >= 2 { writer.error(.none) }
        } else {
            writer.array(groups) { writer, group in
                writer.string(group.name)
                topics(group.topics, &writer, version)
                writer.error(.none)
                writer.tags()
            }
        }
        writer.tags()
    }

    private func topics(
        _ topics: [(name: String, partitions: [Partition])], _ writer: inout WireWriter, _ version: Int16
    ) {
        writer.array(topics) { writer, topic in
            writer.string(topic.name)
            writer.array(topic.partitions) { writer, partition in
                writer.int32(partition.index)
                writer.int64(partition.committed?.offset ?? -1)
                if version >= 5 { writer.int32(partition.committed?.leaderEpoch ?? -1) }
                writer.nullableString(partition.committed?.metadata ?? "")
                writer.error(.none)
                writer.tags()
            }
            writer.tags()
        }
    }
}
