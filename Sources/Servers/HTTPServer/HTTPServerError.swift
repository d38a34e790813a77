public import Base

/// What can keep the HTTP server from starting.
public enum HTTPServerError: PlatformError, Equatable {
    case portTaken(host: String, port: Int)
    case cannotListen(host: String, port: Int, problem: String)
    /// An answer was written to a file, which cannot be read.
    case bodyFile(path: String, problem: String)

    public var report: ErrorReport {
        switch self {
        case .portTaken(let host, let port):
            ErrorReport(
                code: "HTTP-010", recovery: .changeMachine,
                message: "port \(port) on \(host) is taken by another program",
                expected: "a free port for the HTTP server",
                hint: "Stop the other program, or set another port under `ports: http:` in gariep.yaml.")
        case .cannotListen(let host, let port, let problem):
            ErrorReport(
                code: "HTTP-011", recovery: .changeMachine, message: "cannot listen on \(host):\(port)", found: problem,
                hint: "Check the address under `ports: http:` in gariep.yaml, and the permission to use it.")
        case .bodyFile(let path, let problem):
            ErrorReport(
                code: "HTTP-012", recovery: .changeMachine, message: "cannot read back \(path)", found: problem,
                hint: "Check the disk of the data folder.")
        }
    }
}
