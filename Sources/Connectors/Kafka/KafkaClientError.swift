public import Base

/// What can go wrong between us and a Kafka cluster, as librdkafka tells it.
public enum KafkaClientError: PlatformError, Equatable {
    case badSetting(name: String, value: String, problem: String)
    case unreachable(brokers: String, problem: String)
    case undelivered(topic: String, problem: String)
    case failed(operation: String, problem: String)
    case timedOut(operation: String, seconds: Int)
    case stalled(topic: String, seconds: Int, problem: String?)

    public var report: ErrorReport {
        switch self {
        case .badSetting(let name, let value, let problem):
            ErrorReport(
                code: "CON-001", recovery: .changeRequest, message: "the Kafka client refuses \(name)=\(value)",
                found: problem, hint: "Correct or remove the setting; librdkafka's CONFIGURATION.md lists them all.")
        case .unreachable(let brokers, let problem):
            ErrorReport(
                code: "CON-002", recovery: .retry, message: "no Kafka broker answers at \(brokers)", found: problem,
                hint: "Start the broker, or correct its address and port.")
        case .undelivered(let topic, let problem):
            ErrorReport(
                code: "CON-003", recovery: .retry, message: "records for topic \(topic) were not acknowledged",
                found: problem,
                hint: "See the broker's log; what was acknowledged before is safe, and a replay goes on behind it.")
        case .failed(let operation, let problem):
            ErrorReport(
                code: "CON-004", recovery: .retry, message: "the Kafka client could not \(operation)", found: problem,
                hint: "Check that the topic exists and that the broker is up.")
        case .timedOut(let operation, let seconds):
            ErrorReport(
                code: "CON-005", recovery: .retry, message: "waited \(seconds) s for the broker to \(operation)",
                hint: "Check that the broker is up and not overloaded, then try again.")
        case .stalled(let topic, let seconds, let problem):
            ErrorReport(
                code: "CON-006", recovery: .retry,
                message: "the broker has acknowledged nothing for topic \(topic) in \(seconds) s", found: problem,
                hint: "See why its partitions take no records; what waits is sent as soon as they do.")
        }
    }
}
