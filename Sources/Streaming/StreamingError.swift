public import Base

/// What can go wrong with a stream job, when it is planned and while it runs.
public enum StreamingError: PlatformError {
    /// The plan asks for something that streams cannot do; found when the plan is compiled, never while it runs.
    case unsupported(String, found: String, hint: String)
    /// An answer that no watermark can ever make final.
    case neverFinal(String)
    case schemaMismatch(relation: String, expected: String, found: String)
    case missingInput(relation: String)
    case stateOfAnotherPlan(directory: String, expected: String, found: String)
    case stateVersion(directory: String, expected: Int, found: Int)
    case stateDamaged(directory: String, problem: String)
    /// Positions of one topic would be used in another.
    case sourceReplaced(relation: String, directory: String, expected: String, found: String)
    /// The table is another one than the state has written to.
    case sinkReplaced(place: String, directory: String, expected: String, found: String)
    /// The sink has epochs that the state knows nothing of, and would take new rows for old ones.
    case stateBehind(directory: String, place: String, state: Epoch, found: Epoch)
    /// The sink lacks rows that the state says it has.
    case sinkBehind(place: String, directory: String, expected: Epoch, found: Epoch?)
    case storage(operation: String, problem: String)
    /// The rows of a hand-over do not add up.
    case ledger(step: String, epoch: Epoch, detail: String)
    case aggregateOverflow(String)
    case connector(String, problem: String)
    case wrongMoment(String)
    case timedOut(String)

    public var report: ErrorReport {
        switch self {
        case .unsupported(let what, let found, let hint):
            ErrorReport(
                code: "STR-001", recovery: .changeProject, message: "\(what) cannot run as a stream", found: found,
                hint: hint)
        case .neverFinal(let what):
            ErrorReport(
                code: "STR-002", recovery: .changeProject, message: "\(what) would never be final",
                expected: "a group by window_end or window_start, which a watermark can close",
                hint: "Group by a window, or set emit='changes'.")
        case .schemaMismatch(let relation, let expected, let found):
            ErrorReport(
                code: "STR-003", recovery: .changeProject,
                message: "\(relation) does not have the columns that the query was planned with", expected: expected,
                found: found, hint: "Plan the project again, so that the query sees the present columns.")
        case .missingInput(let relation):
            ErrorReport(
                code: "STR-004", recovery: .reportDefect, message: "no reader was given for \(relation)",
                hint: "Report this: the plan reads a dataset that the job was not connected to.")
        case .stateOfAnotherPlan(let directory, let expected, let found):
            ErrorReport(
                code: "STR-010", recovery: .changeRequest,
                message: "the state in \(directory) belongs to another query", expected: "plan \(expected)",
                found: "plan \(found)",
                hint:
                    "Put the query back as it was, or remove the folder and the stream's table to start from the beginning."
            )
        case .stateVersion(let directory, let expected, let found):
            ErrorReport(
                code: "STR-011", recovery: .changeRequest,
                message: "the state in \(directory) has another version of the format", expected: "version \(expected)",
                found: "version \(found)",
                hint:
                    "Use the version of Gariep that wrote it, or remove the folder and the stream's table to start from the beginning."
            )
        case .stateDamaged(let directory, let problem):
            ErrorReport(
                code: "STR-012", recovery: .repairData, message: "the state in \(directory) is damaged: \(problem)",
                hint: "Remove the folder and the stream's table to start from the beginning.")
        case .sourceReplaced(let relation, let directory, let expected, let found):
            ErrorReport(
                code: "STR-014", recovery: .changeRequest,
                message: "\(relation) is another topic than the one that was read so far", expected: expected,
                found: found,
                hint:
                    "Point the source back; or stop and remove \(directory) and the stream's table to start from the beginning; or set `on_data_loss: earliest` on the source to keep the table and go on with the new topic's first record."
            )
        case .sinkReplaced(let place, let directory, let expected, let found):
            ErrorReport(
                code: "STR-015", recovery: .repairData,
                message: "\(place) is not the table that the state in \(directory) belongs to",
                expected: "table \(expected)", found: "table \(found)",
                hint:
                    "Stop, then restore the table from a copy, or remove the table and the state to start from the beginning."
            )
        case .stateBehind(let directory, let place, let state, let found):
            ErrorReport(
                code: "STR-016", recovery: .repairData, message: "the state in \(directory) is older than \(place)",
                expected: "epoch \(state) at the most", found: "epoch \(found)",
                hint:
                    "Stop, then restore state and table of the same moment, or remove both to start from the beginning."
            )
        case .sinkBehind(let place, let directory, let expected, let found):
            ErrorReport(
                code: "STR-017", recovery: .repairData, message: "\(place) is older than the state in \(directory)",
                expected: "epoch \(expected)", found: found.map { "epoch \($0)" } ?? "none",
                hint:
                    "Stop, then restore state and table of the same moment, or remove both to start from the beginning."
            )
        case .storage(let operation, let problem):
            ErrorReport(
                code: "STR-013", recovery: .changeMachine, message: "the state store could not \(operation)",
                found: problem, hint: "See that the disk has room and can be written, then start the job again.")
        case .ledger(let step, let epoch, let detail):
            ErrorReport(
                code: "STR-020", recovery: .reportDefect,
                message: "rows do not add up at \(step) in epoch \(epoch), so nothing of it was committed",
                expected: "read = written + refused + late + filtered + held", found: detail,
                hint: "Report this with the figures; the job can be restarted from its last checkpoint.")
        case .aggregateOverflow(let what):
            ErrorReport(
                code: "STR-030", recovery: .changeProject, message: "\(what) no longer fits its type",
                hint: "Cast the argument to DOUBLE, or to a decimal with a smaller scale.")
        case .connector(let name, let problem):
            ErrorReport(
                code: "STR-031", recovery: .retry, message: "\(name) failed", found: problem,
                hint: "Mend the cause; the job starts again from its last checkpoint and loses nothing.")
        case .wrongMoment(let problem):
            ErrorReport(
                code: "STR-040", recovery: .changeRequest, message: problem, hint: "Ask for the job's status first.")
        case .timedOut(let what):
            ErrorReport(
                code: "STR-041", recovery: .retry, message: "\(what) took too long",
                hint: "See the job's status for what it waits for.")
        }
    }

    /// Any error in the form that a user may see.
    static func wrap(_ error: any Error, at place: String) -> any PlatformError {
        (error as? any PlatformError) ?? StreamingError.connector(place, problem: "\(error)")
    }
}
