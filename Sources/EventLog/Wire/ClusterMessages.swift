/// Where a broker listens.
public struct BrokerAddress: Sendable, Hashable {
    public var nodeID: Int32
    public var host: String
    public var port: Int32
    public init(nodeID: Int32, host: String, port: Int32) { (self.nodeID, self.host, self.port) = (nodeID, host, port) }
}

/// Operations are not authorised here, and this says so.
let authorizedOperationsUnknown = Int32.min

/// ApiVersions, versions 0 to 3.
public struct ApiVersionsResponse: Sendable {
    public var error: KafkaErrorCode
    public init(error: KafkaErrorCode) { self.error = error }

    public func write(to writer: inout WireWriter, version: Int16) {
        writer.error(error)
        writer.array(KafkaAPI.allCases) { writer, api in
            writer.int16(api.rawValue)
            writer.int16(api.announcedVersions.lowerBound)
            writer.int16(api.announcedVersions.upperBound)
            writer.tags()
        }
        if version >= 1 { writer.int32(0) }
        writer.tags()
    }
}

/// Metadata, versions 0 to 12.
public struct MetadataRequest: Sendable {
    public struct Topic: Sendable {
        public var id: TopicID?
        public var name: String?
    }
    /// Nil asks for all topics.
    public var topics: [Topic]?
    public var allowsCreation = true

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        topics = try reader.nullableArray { reader throws(LogError) in
            let id = version >= 10 ? try reader.topicID() : nil
            let name = version >= 10 ? try reader.nullableString() : try reader.string()
            try reader.tags()
            return Topic(id: id, name: name)
        }
        if version == 0, topics?.isEmpty == true { topics = nil }
        if version >= 4 { allowsCreation = try reader.bool() }
        if (8...10).contains(version) { _ = try reader.bool() }
        if version >= 8 { _ = try reader.bool() }
        try reader.tags()
    }
}

public struct MetadataResponse: Sendable {
    public struct Partition: Sendable {
        public var index: Int32
        public var error: KafkaErrorCode
        public init(index: Int32, error: KafkaErrorCode) { (self.index, self.error) = (index, error) }
    }
    public struct Topic: Sendable {
        public var error: KafkaErrorCode
        public var name: String?
        public var id: TopicID
        public var partitions: [Partition]
        public init(error: KafkaErrorCode, name: String?, id: TopicID, partitions: [Partition]) {
            (self.error, self.name, self.id, self.partitions) = (error, name, id, partitions)
        }
    }
    public var broker: BrokerAddress
    public var clusterID: String
    public var topics: [Topic]
    public init(broker: BrokerAddress, clusterID: String, topics: [Topic]) {
        (self.broker, self.clusterID, self.topics) = (broker, clusterID, topics)
    }

    public func write(to writer: inout WireWriter, version: Int16) {
        if version >= 3 { writer.int32(0) }
        writer.array([broker]) { writer, broker in
            writer.int32(broker.nodeID)
            writer.string(broker.host)
            writer.int32(broker.port)
            if version >= 1 { writer.nullableString(nil) }
            writer.tags()
        }
        if version >= 2 { writer.nullableString(clusterID) }
        if version >= 1 { writer.int32(broker.nodeID) }
        writer.array(topics) { writer, topic in
            writer.error(topic.error)
            if version >= 12 { writer.nullableString(topic.name) } else { writer.string(topic.name ?? "") }
            if version >= 10 { writer.topicID(topic.id) }
            if version >= 1 { writer.bool(false) }
            writer.array(topic.partitions) { writer, partition in
                writer.error(partition.error)
                writer.int32(partition.index)
                writer.int32(broker.nodeID)
                if version >= 7 { writer.int32(0) }
                writer.array([broker.nodeID]) { $0.int32($1) }
                writer.array([broker.nodeID]) { $0.int32($1) }
                if version >= 5 { writer.array([Int32]()) { $0.int32($1) } }
                writer.tags()
            }
            if version >= 8 { writer.int32(authorizedOperationsUnknown) }
            writer.tags()
        }
        if (8...10).contains(version) { writer.int32(authorizedOperationsUnknown) }
        writer.tags()
    }
}

/// DescribeCluster, version 0.
public struct DescribeClusterResponse: Sendable {
    public var broker: BrokerAddress
    public var clusterID: String
    public init(broker: BrokerAddress, clusterID: String) { (self.broker, self.clusterID) = (broker, clusterID) }

    public func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.error(.none)
        writer.nullableString(nil)
        writer.string(clusterID)
        writer.int32(broker.nodeID)
        writer.array([broker]) { writer, broker in
            writer.int32(broker.nodeID)
            writer.string(broker.host)
            writer.int32(broker.port)
            writer.nullableString(nil)
            writer.tags()
        }
        writer.int32(authorizedOperationsUnknown)
        writer.tags()
    }
}

/// FindCoordinator, versions 0 to 4.
public struct FindCoordinatorRequest: Sendable {
    public var keys: [String]
    /// 0 for a group, 1 for a transaction.
    public var keyType: Int8 = 0

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        keys = version <= 3 ? [try reader.string()] : []
        if version >= 1 { keyType = try reader.int8() }
        if version >= 4 { keys = try reader.array { reader throws(LogError) in try reader.string() } }
        try reader.tags()
    }
}

public struct FindCoordinatorResponse: Sendable {
    public var broker: BrokerAddress
    public var keys: [String]
    public var error: KafkaErrorCode
    public var message: String?
    public init(broker: BrokerAddress, keys: [String], error: KafkaErrorCode, message: String?) {
        (self.broker, self.keys, self.error, self.message) = (broker, keys, error, message)
    }

    public func write(to writer: inout WireWriter, version: Int16) {
        func address(_ writer: inout WireWriter) {
            writer.int32(error == .none ? broker.nodeID : -1)
            writer.string(error == .none ? broker.host : "")
            writer.int32(error == .none ? broker.port : -1)
        }
        if version >= 1 { writer.int32(0) }
        if version <= 3 {
            writer.error(error)
            if version >= 1 { writer.nullableString(message) }
            address(&writer)
        } else {
            writer.array(keys) { writer, key in
                writer.string(key)
                address(&writer)
                writer.error(error)
                writer.nullableString(message)
                writer.tags()
            }
        }
        writer.tags()
    }
}

/// InitProducerId, versions 0 to 4.
public struct InitProducerIDRequest: Sendable {
    public var transactionalID: String?
    public var producerID: Int64 = -1
    public var producerEpoch: Int16 = -1

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        transactionalID = try reader.nullableString()
        _ = try reader.int32()
        if version >= 3 {
            producerID = try reader.int64()
            producerEpoch = try reader.int16()
        }
        try reader.tags()
    }
}

public struct InitProducerIDResponse: Sendable {
    public var error: KafkaErrorCode
    public var producerID: Int64
    public var producerEpoch: Int16
    public init(error: KafkaErrorCode, producerID: Int64, producerEpoch: Int16) {
        (self.error, self.producerID, self.producerEpoch) = (error, producerID, producerEpoch)
    }

    public func write(to writer: inout WireWriter) {
        writer.int32(0)
        writer.error(error)
        writer.int64(producerID)
        writer.int16(producerEpoch)
        writer.tags()
    }
}
