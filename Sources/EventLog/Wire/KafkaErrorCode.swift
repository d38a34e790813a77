/// The error codes of Kafka's protocol that this log answers with. Source: Kafka protocol guide, "Error Codes".
public enum KafkaErrorCode: Int16, Sendable {
    case unknownServerError = -1
    case none = 0
    case offsetOutOfRange = 1
    case corruptMessage = 2
    case unknownTopicOrPartition = 3
    case messageTooLarge = 10
    case coordinatorNotAvailable = 15
    case invalidTopic = 17
    case invalidRequiredAcks = 21
    case illegalGeneration = 22
    case inconsistentGroupProtocol = 23
    case invalidGroupID = 24
    case unknownMemberID = 25
    case invalidSessionTimeout = 26
    case rebalanceInProgress = 27
    case unsupportedVersion = 35
    case topicAlreadyExists = 36
    case invalidPartitions = 37
    case invalidReplicationFactor = 38
    case invalidReplicaAssignment = 39
    case invalidConfig = 40
    case invalidRequest = 42
    case unsupportedForMessageFormat = 43
    case policyViolation = 44
    case outOfOrderSequenceNumber = 45
    case invalidProducerEpoch = 47
    case transactionalIDAuthorizationFailed = 53
    case kafkaStorageError = 56
    case unknownProducerID = 59
    case nonEmptyGroup = 68
    case groupIDNotFound = 69
    case fetchSessionIDNotFound = 70
    case unsupportedCompressionType = 76
    case memberIDRequired = 79
    case fencedInstanceID = 82
    case invalidRecord = 87
    case unknownTopicID = 100

    /// The code that a client acts rightly on.
    public init(_ error: LogError) {
        self =
            switch error {
            case .offsetOutOfRange: .offsetOutOfRange
            case .corruptSegment, .inputOutput, .diskFull, .partitionOffline, .corruptMetadata, .closed:
                .kafkaStorageError
            case .invalidBatch(let problem): problem.contains("CRC") ? .corruptMessage : .invalidRecord
            case .decompression: .corruptMessage
            case .unknownTopic, .unknownPartition: .unknownTopicOrPartition
            case .topicExists: .topicAlreadyExists
            case .invalidTopicName: .invalidTopic
            case .invalidConfiguration(let key, _, _): key == "partitions" ? .invalidPartitions : .invalidConfig
            case .outOfOrderSequence: .outOfOrderSequenceNumber
            case .producerFenced: .invalidProducerEpoch
            case .unknownProducer: .unknownProducerID
            case .batchTooLarge: .messageTooLarge
            case .unsupported(let feature, _):
                feature.hasPrefix("cleanup.policy") ? .policyViolation : .transactionalIDAuthorizationFailed
            case .directoryInUse: .unknownServerError
            case .malformedFrame: .invalidRequest
            }
    }
}
