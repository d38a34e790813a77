public import Base

/// What can keep a project from running.
public enum PlatformFailure: PlatformError, Equatable {
    case alreadyRunning(directory: String, processID: Int32?)
    case notRunning(directory: String)
    case dataDirectory(path: String, problem: String)
    case projectHasMistakes(count: Int)
    case portTaken(service: String, port: Int)
    case control(address: String, problem: String)
    case unknownDataset(String, known: [String])
    case unsupported(what: String, hint: String)
    /// A control request that may not be answered.
    case controlRefused(problem: String)
    /// The running platform was started from other files than the project has now.
    case projectChanged(files: [String])

    public var report: ErrorReport {
        switch self {
        case .alreadyRunning(let directory, let processID):
            ErrorReport(
                code: "PLT-001", recovery: .changeRequest,
                message: "the data folder \(directory) is in use by another gariep",
                found: processID.map { "process \($0)" },
                hint: "Use that one (`gariep status`), stop it with SIGTERM, or choose another folder with --data-dir.")
        case .notRunning(let directory):
            ErrorReport(
                code: "PLT-002", recovery: .changeRequest, message: "nothing runs on the data folder \(directory)",
                hint: "Start it with `gariep up`.")
        case .dataDirectory(let path, let problem):
            ErrorReport(
                code: "PLT-003", recovery: .changeMachine, message: "the data folder \(path) cannot be used",
                found: problem,
                hint:
                    "Give the user that runs gariep the right to write there, or choose another folder with --data-dir."
            )
        case .projectHasMistakes(let count):
            ErrorReport(
                code: "PLT-004", recovery: .changeProject,
                message: "the project has \(count) \(count == 1 ? "mistake" : "mistakes"); nothing was started",
                hint: "Mend what is listed above; `gariep plan` checks again.")
        case .portTaken(let service, let port):
            ErrorReport(
                code: "PLT-005", recovery: .changeMachine,
                message: "port \(port) for \(service) is taken by another program",
                expected: "a free port",
                hint: "Stop the other program, or use --\(service)-port or `ports:` in gariep.yaml.")
        case .control(let address, let problem):
            ErrorReport(
                code: "PLT-006", recovery: .retry, message: "the running gariep at \(address) did not answer",
                found: problem,
                hint: "See its output; if it hangs, stop it with SIGTERM and start it again.")
        case .unknownDataset(let name, let known):
            ErrorReport(
                code: "PLT-007", recovery: .changeRequest, message: "there is no '\(name)'",
                expected: known.isEmpty ? nil : "one of " + known.joined(separator: ", "), hint: "Check the spelling.")
        case .unsupported(let what, let hint):
            ErrorReport(code: "PLT-009", recovery: .changeProject, message: "\(what) is not supported yet", hint: hint)
        case .controlRefused(let problem):
            ErrorReport(
                code: "PLT-012", recovery: .changeRequest,
                message: "only the commands of the user that runs gariep may control it", found: problem,
                hint: "Use `gariep sql`, `run`, `test` or `status` as that user; the project's own API is open.")
        case .projectChanged(let files):
            ErrorReport(
                code: "PLT-013", recovery: .changeRequest,
                message: "the project's files are not those that the running gariep was started from",
                found: files.joined(separator: ", "), hint: "Stop it and start it again, so that it reads them.")
        }
    }
}
