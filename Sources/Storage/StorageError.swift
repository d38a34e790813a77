public import Base

/// What can go wrong with an object store.
public enum StorageError: PlatformError, Equatable {
    /// There is no object with this path.
    case notFound(path: String)
    /// `putIfAbsent` found an object; nothing was written.
    case alreadyExists(path: String)
    /// The path could leave the store, or names no object.
    case badPath(String, reason: String)
    /// The disk is full; nothing of the object is visible.
    case noSpace(path: String, neededBytes: Int?, freeBytes: Int?)
    case permission(path: String, operation: String)
    /// Bytes outside the object were asked for.
    case badRange(path: String, range: Range<Int>, size: Int)
    /// The store gave fewer bytes than it said the object has.
    case shortRead(path: String, expected: Int, found: Int)
    /// The store did not answer, and the operation may or may not have taken effect.
    case unavailable(path: String, reason: String)
    /// Any other refusal of the operating system.
    case system(path: String, operation: String, errno: Int32, text: String)

    public var report: ErrorReport {
        switch self {
        case .notFound(let path):
            ErrorReport(
                code: "STO-001", recovery: .changeRequest, message: "there is no object \(path)",
                hint: "Check the path, and whether a clean-up removed the object.")
        case .alreadyExists(let path):
            ErrorReport(
                code: "STO-002", recovery: .retry, message: "the object \(path) is already there",
                hint: "Another writer was first: read what it wrote, and try with the next name.")
        case .badPath(let path, let reason):
            ErrorReport(
                code: "STO-003", recovery: .changeRequest, message: "\"\(path)\" is not an object's path: \(reason)",
                expected: "names separated by /, without empty names, . and ..", found: path,
                hint: "Give a path inside the store.")
        case .noSpace(let path, let needed, let free):
            ErrorReport(
                code: "STO-004", recovery: .changeMachine, message: "no space left on the disk for \(path)",
                expected: needed.map { "\($0) bytes" }, found: free.map { "\($0) bytes free" },
                hint: "Make at least \(max(needed ?? 0, 1) - min(free ?? 0, max((needed ?? 0) - 1, 0))) bytes free,"
                    + " or move data_dir to a larger disk; nothing is lost.")
        case .permission(let path, let operation):
            ErrorReport(
                code: "STO-005", recovery: .changeMachine, message: "no permission to \(operation) \(path)",
                hint: "Give the program's user read and write permission on data_dir.")
        case .badRange(let path, let range, let size):
            ErrorReport(
                code: "STO-006", recovery: .changeRequest, message: "a range outside of the object \(path)",
                expected: "a range inside 0..<\(size)", found: "\(range)", hint: "Read the object's size first.")
        case .shortRead(let path, let expected, let found):
            ErrorReport(
                code: "STO-007", recovery: .retry, message: "the object \(path) came incomplete",
                expected: "\(expected) bytes", found: "\(found) bytes",
                hint: "Read again; if it stays so, check the disk or the network.")
        case .unavailable(let path, let reason):
            ErrorReport(
                code: "STO-008", recovery: .retry, message: "the store did not answer for \(path): \(reason)",
                hint: "Try again; a repeated write must be one that can be repeated.")
        case .system(let path, let operation, let errno, let text):
            ErrorReport(
                code: "STO-009", recovery: .changeMachine, message: "could not \(operation) \(path)",
                found: "\(text) (errno \(errno))", hint: "Check the disk that data_dir lies on.")
        }
    }

    /// Whether the operation may have taken effect although it failed.
    public var isAmbiguous: Bool {
        switch self {
        case .unavailable, .system: true
        default: false
        }
    }
}
