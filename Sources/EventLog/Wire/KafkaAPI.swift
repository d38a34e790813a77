/// The requests that the log answers. Source: Kafka protocol guide, "API Keys".
public enum KafkaAPI: Int16, Sendable, CaseIterable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case describeGroups = 15
    case listGroups = 16
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case deleteRecords = 21
    case initProducerID = 22
    case offsetForLeaderEpoch = 23
    case describeConfigs = 32
    case createPartitions = 37
    case deleteGroups = 42
    case describeCluster = 60

    /// The versions that are decoded and answered.
    public var versions: ClosedRange<Int16> {
        switch self {
        case .produce: 3...9
        case .fetch: 4...12
        case .listOffsets: 1...7
        case .metadata: 0...12
        case .offsetCommit: 2...8
        case .offsetFetch: 1...8
        case .findCoordinator: 0...4
        case .joinGroup: 0...9
        case .heartbeat: 0...4
        case .leaveGroup: 0...5
        case .syncGroup: 0...5
        case .describeGroups: 0...5
        case .listGroups: 0...4
        case .apiVersions: 0...3
        case .createTopics: 0...7
        case .deleteTopics: 0...6
        case .deleteRecords: 0...2
        case .initProducerID: 0...4
        case .offsetForLeaderEpoch: 0...4
        case .describeConfigs: 0...4
        case .createPartitions: 0...3
        case .deleteGroups: 0...2
        case .describeCluster: 0...0
        }
    }

    /// The versions that ApiVersions tells. librdkafka compresses only for brokers that say they know Produce 0, which
    /// it then does not use; Kafka 4 says so for the same reason (KAFKA-18659).
    public var announcedVersions: ClosedRange<Int16> { self == .produce ? 0...versions.upperBound : versions }

    /// The first version with compact lengths and tagged fields.
    public var firstFlexibleVersion: Int16 {
        switch self {
        case .produce, .metadata: 9
        case .fetch: 12
        case .listOffsets, .offsetFetch, .joinGroup: 6
        case .offsetCommit: 8
        case .findCoordinator, .listGroups, .apiVersions: 3
        case .heartbeat, .leaveGroup, .syncGroup, .deleteTopics, .offsetForLeaderEpoch, .describeConfigs: 4
        case .describeGroups, .createTopics: 5
        case .deleteRecords, .initProducerID, .createPartitions, .deleteGroups: 2
        case .describeCluster: 0
        }
    }

    public func isFlexible(_ version: Int16) -> Bool { version >= firstFlexibleVersion }
}

/// What stands before every request.
///
///     api_key INT16  api_version INT16  correlation_id INT32  client_id NULLABLE_STRING (never compact)
///     tagged fields in flexible versions
public struct RequestHeader: Sendable, Equatable {
    public let apiKey: Int16
    public let version: Int16
    public let correlationID: Int32
    public let clientID: String?

    /// The API; nil when the log does not know it.
    public var api: KafkaAPI? { KafkaAPI(rawValue: apiKey) }

    /// Takes the header off a frame and leaves the reader ready for the request.
    ///
    /// - Throws: `malformedFrame`.
    public static func decode(_ frame: [UInt8]) throws(LogError) -> (RequestHeader, WireReader) {
        var reader = WireReader(frame, api: "request header", isFlexible: false)
        let header = RequestHeader(
            apiKey: try reader.int16(), version: try reader.int16(), correlationID: try reader.int32(),
            clientID: try reader.nullableString())
        guard let api = header.api else { return (header, reader) }
        // An ApiVersions request of a version yet unknown is answered without reading on.
        guard api.versions.contains(header.version) else { return (header, reader) }
        reader = WireReader(
            frame, from: reader.position, api: "\(api) request", isFlexible: api.isFlexible(header.version))
        try reader.tags()
        return (header, reader)
    }
}
