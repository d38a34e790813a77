public import Base

/// What can go wrong with data in memory.
public enum ColumnarError: PlatformError, Equatable {
    case wrongValue(String, type: DataType)
    case dictionaryFull(type: DataType)
    case unsupportedType(String)
    case foreignData(String)
    /// A column has `count` bytes or items, more than 32-bit offsets can count.
    case doesNotFit(column: String, count: Int)
    /// Bytes that `RowKeyEncoder` did not write, or not for these types.
    case malformedKey(String)

    public var report: ErrorReport {
        switch self {
        case .wrongValue(let value, let type):
            ErrorReport(
                code: "COL-001", recovery: .changeRequest, message: "a value does not fit its column",
                expected: "a value of type \(type)",
                found: value, hint: "Change the value, or the column's type.")
        case .dictionaryFull(let type):
            ErrorReport(
                code: "COL-002", recovery: .changeRequest,
                message: "more distinct values than dictionary indices of type \(type) can name",
                hint: "Use a wider index type.")
        case .unsupportedType(let type):
            ErrorReport(
                code: "COL-003", recovery: .changeRequest, message: "the Arrow type \(type) is not supported",
                hint: "Cast the column to a supported type where it comes from.")
        case .foreignData(let problem):
            ErrorReport(
                code: "COL-004", recovery: .repairData,
                message: "a library handed over malformed Arrow data: \(problem)",
                hint: "Update the library, or report it to its maintainers.")
        case .doesNotFit(let column, let count):
            ErrorReport(
                code: "COL-005", recovery: .changeRequest,
                message: "column \(column) is too large for one batch",
                expected: "at most \(Int32.max) bytes or items", found: "\(count)",
                hint: "Read fewer rows a batch.")
        case .malformedKey(let problem):
            ErrorReport(
                code: "COL-006", recovery: .repairData, message: "a stored row key cannot be read: \(problem)",
                hint: "The state was written by another version or is damaged: restore it from a checkpoint.")
        }
    }
}
