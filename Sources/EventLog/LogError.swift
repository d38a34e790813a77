public import Base

/// What can go wrong with the event log and with the bytes that clients send to it.
public enum LogError: PlatformError, Equatable {
    case offsetOutOfRange(requested: Offset, available: Range<Offset>)
    /// Stored batches are damaged with whole ones after them, so that cutting would lose records.
    case corruptSegment(segment: String, position: Int, problem: String)
    case invalidBatch(problem: String)
    case unknownTopic(String)
    case unknownPartition(topic: String, partition: Int32)
    case topicExists(String)
    case invalidTopicName(String, problem: String)
    case invalidConfiguration(key: String, value: String, expected: String)
    case inputOutput(operation: String, path: String, problem: String)
    case diskFull(path: String)
    case partitionOffline(topic: String, partition: Int32, cause: String)
    case outOfOrderSequence(producer: Int64, expected: Int32, found: Int32)
    case producerFenced(producer: Int64, current: Int16, found: Int16)
    case unknownProducer(Int64)
    case batchTooLarge(bytes: Int, bytesMax: Int)
    case unsupported(feature: String, hint: String)
    case directoryInUse(path: String)
    case corruptMetadata(path: String, problem: String)
    case closed
    case decompression(codec: String, problem: String)
    case malformedFrame(api: String, position: Int, problem: String)

    public var report: ErrorReport {
        switch self {
        case .offsetOutOfRange(let requested, let available):
            ErrorReport(
                code: "LOG-001", recovery: .changeRequest, message: "offset \(requested) is not in the log",
                expected: "an offset from \(available.lowerBound) up to \(available.upperBound)", found: "\(requested)",
                hint: "Restart from the earliest or the latest offset, or lengthen retention.ms.")
        case .corruptSegment(let segment, let position, let problem):
            ErrorReport(
                code: "LOG-002", recovery: .repairData, message: "\(problem) at byte \(position) of \(segment)",
                expected: "whole record batches with a valid CRC-32C", found: problem,
                hint: "Restore the segment from a copy; records after this byte are whole, so nothing was cut.")
        case .invalidBatch(let problem):
            ErrorReport(
                code: "LOG-003", recovery: .changeRequest, message: "a record batch was refused: \(problem)",
                hint: "Send one Kafka record batch (magic 2) with its CRC-32C and consecutive offsets.")
        case .unknownTopic(let name):
            ErrorReport(
                code: "LOG-004", recovery: .changeRequest, message: "there is no topic '\(name)'",
                hint: "Create the topic, or list the topics that exist.")
        case .unknownPartition(let topic, let partition):
            ErrorReport(
                code: "LOG-005", recovery: .changeRequest, message: "topic '\(topic)' has no partition \(partition)",
                hint: "Partitions count from 0; ask for the topic's metadata.")
        case .topicExists(let name):
            ErrorReport(
                code: "LOG-006", recovery: .changeRequest, message: "topic '\(name)' exists already",
                hint: "Use it as it is, or delete it first.")
        case .invalidTopicName(let name, let problem):
            ErrorReport(
                code: "LOG-007", recovery: .changeRequest, message: "'\(name)' cannot name a topic",
                expected: "1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'", found: problem, hint: "Choose another name.")
        case .invalidConfiguration(let key, let value, let expected):
            ErrorReport(
                code: "LOG-008", recovery: .changeRequest, message: "a topic cannot have \(key)=\(value)",
                expected: expected, found: value, hint: "Correct the value of \(key).")
        case .inputOutput(let operation, let path, let problem):
            ErrorReport(
                code: "LOG-009", recovery: .changeMachine, message: "could not \(operation) \(path): \(problem)",
                hint: "Check the disk and the permissions of the data folder.")
        case .diskFull(let path):
            ErrorReport(
                code: "LOG-010", recovery: .retry, message: "no space is left for \(path)",
                hint: "Free space or shorten retention; the append was taken back and may be sent again.")
        case .partitionOffline(let topic, let partition, let cause):
            ErrorReport(
                code: "LOG-011", recovery: .repairData, message: "partition \(partition) of '\(topic)' is offline",
                found: cause, hint: "Mend the cause, then start the log again.")
        case .outOfOrderSequence(let producer, let expected, let found):
            ErrorReport(
                code: "LOG-012", recovery: .changeRequest, message: "producer \(producer) skipped a batch",
                expected: "sequence \(expected)", found: "sequence \(found)",
                hint: "Records before this batch are missing; the producer must send them first.")
        case .producerFenced(let producer, let current, let found):
            ErrorReport(
                code: "LOG-013", recovery: .changeRequest, message: "producer \(producer) was replaced by a newer one",
                expected: "epoch \(current)", found: "epoch \(found)", hint: "Stop this instance of the producer.")
        case .unknownProducer(let producer):
            ErrorReport(
                code: "LOG-014", recovery: .changeRequest, message: "producer id \(producer) was not given by this log",
                hint: "Ask for a producer id first.")
        case .batchTooLarge(let bytes, let bytesMax):
            ErrorReport(
                code: "LOG-015", recovery: .changeRequest, message: "a record batch is too large",
                expected: "at most \(bytesMax) bytes", found: "\(bytes) bytes",
                hint: "Lower the producer's batch size, or raise max.message.bytes.")
        case .unsupported(let feature, let hint):
            ErrorReport(code: "LOG-016", recovery: .changeRequest, message: "\(feature) is not supported", hint: hint)
        case .directoryInUse(let path):
            ErrorReport(
                code: "LOG-017", recovery: .changeMachine, message: "another process has the log in \(path) open",
                hint: "Stop the other instance, or choose another data folder.")
        case .corruptMetadata(let path, let problem):
            ErrorReport(
                code: "LOG-018", recovery: .repairData, message: "\(path) is damaged: \(problem)",
                hint: "Restore the file from a copy.")
        case .closed:
            ErrorReport(
                code: "LOG-019", recovery: .retry, message: "the log is closed", hint: "Open the log again, then retry."
            )
        case .decompression(let codec, let problem):
            ErrorReport(
                code: "LOG-020", recovery: .changeRequest, message: "a \(codec) batch cannot be decompressed",
                found: problem, hint: "Check the client that wrote the batch.")
        case .malformedFrame(let api, let position, let problem):
            ErrorReport(
                code: "LOG-021", recovery: .changeRequest, message: "malformed \(api) at byte \(position): \(problem)",
                hint: "Check that the client speaks the Kafka protocol.")
        }
    }
}
