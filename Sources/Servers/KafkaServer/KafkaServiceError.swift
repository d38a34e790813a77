public import Base

/// What can keep the Kafka server from running.
public enum KafkaServiceError: PlatformError, Equatable {
    case portInUse(host: String, port: Int)
    case couldNotListen(host: String, port: Int, problem: String)
    case frameTooLarge(bytes: Int, bytesMax: Int)

    public var report: ErrorReport {
        switch self {
        case .portInUse(let host, let port):
            ErrorReport(
                code: "KAF-001", recovery: .changeMachine, message: "port \(port) on \(host) is taken",
                expected: "a free port for the Kafka server", found: "another program listens on port \(port)",
                hint: "Stop that program (`ss -ltnp 'sport = :\(port)'` names it), or choose another port.")
        case .couldNotListen(let host, let port, let problem):
            ErrorReport(
                code: "KAF-002", recovery: .changeMachine, message: "the Kafka server cannot listen on \(host):\(port)",
                found: problem, hint: "Check that the host is an address of this machine and that the port is allowed.")
        case .frameTooLarge(let bytes, let bytesMax):
            ErrorReport(
                code: "KAF-003", recovery: .changeRequest, message: "a request is too large",
                expected: "at most \(bytesMax) bytes", found: "\(bytes) bytes",
                hint: "Lower the client's batch size; a client of another protocol can look like this, too.")
        }
    }
}
