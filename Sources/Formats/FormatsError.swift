public import Base

/// What can go wrong with files of rows.
public enum FormatsError: PlatformError, Equatable {
    case missingFile(path: String)
    /// The file is not what its name or its reader says: truncated, garbage, or of another format.
    case malformedFile(path: String, format: String, problem: String)
    case diskFull(path: String)
    case failedIO(path: String, problem: String)
    /// The format cannot hold such a column, or this library cannot write it.
    case unsupportedColumn(format: String, problem: String)
    case unsupportedCompression(format: String, compression: Compression)
    case missingColumn(String, path: String, available: [String])
    case wrongSchema(expected: String, found: String)
    case outOfMemory(path: String, problem: String)
    case closed(path: String)
    case libraryFailure(path: String, problem: String)

    public var report: ErrorReport {
        switch self {
        case .missingFile(let path):
            ErrorReport(
                code: "FMT-001", recovery: .changeRequest, message: "there is no file \(path)",
                hint: "Check the path, and that this user may read the folder.")
        case .malformedFile(let path, let format, let problem):
            ErrorReport(
                code: "FMT-002", recovery: .repairData, message: "\(path) cannot be read",
                expected: "a whole \(format) file",
                found: problem, hint: "Write the file again from its source, or restore it from a copy.")
        case .diskFull(let path):
            ErrorReport(
                code: "FMT-003", recovery: .changeMachine, message: "no space left on the disk while writing \(path)",
                hint: "Free some space, then run this again; nothing half-written was left behind.")
        case .failedIO(let path, let problem):
            ErrorReport(
                code: "FMT-004", recovery: .changeMachine, message: "\(path) cannot be read or written", found: problem,
                hint: "Check the disk, the folder and its permissions.")
        case .unsupportedColumn(let format, let problem):
            ErrorReport(
                code: "FMT-005", recovery: .changeRequest, message: "a column cannot be stored as \(format)",
                found: problem, hint: "Cast the column to a type that \(format) has, or choose another format.")
        case .unsupportedCompression(let format, let compression):
            ErrorReport(
                code: "FMT-006", recovery: .changeRequest,
                message: "\(format) files cannot be compressed with \(compression)",
                hint: "Use zstd, which every format here has.")
        case .missingColumn(let name, let path, let available):
            ErrorReport(
                code: "FMT-007", recovery: .changeRequest, message: "\(path) has no column \(name)",
                expected: "one of \(available.joined(separator: ", "))", found: name,
                hint: "Correct the name; it is case-sensitive.")
        case .wrongSchema(let expected, let found):
            ErrorReport(
                code: "FMT-008", recovery: .changeRequest, message: "a batch does not have the columns of its file",
                expected: expected, found: found, hint: "Cast the batch, or begin another file.")
        case .outOfMemory(let path, let problem):
            ErrorReport(
                code: "FMT-009", recovery: .changeRequest, message: "not enough memory for \(path)", found: problem,
                hint: "Read fewer columns or rows a batch, write smaller row groups, or raise the memory limit.")
        case .closed(let path):
            ErrorReport(
                code: "FMT-010", recovery: .reportDefect, message: "\(path) was already closed, or failed before",
                hint: "Begin another file.")
        case .libraryFailure(let path, let problem):
            ErrorReport(
                code: "FMT-011", recovery: .reportDefect, message: "the Arrow library failed on \(path)",
                found: problem,
                hint: "Report this with the file, if it can be shared.")
        }
    }
}
