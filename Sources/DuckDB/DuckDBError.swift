public import Base
public import Columnar

/// What can go wrong between a caller and DuckDB.
public enum DuckDBError: PlatformError, Equatable {
    /// The database file could not be opened.
    case cannotOpen(path: String, reason: String)
    /// Another process has the database file open.
    case inUse(path: String, reason: String)
    /// DuckDB refused or failed a statement.
    case failed(SQLFailure)
    /// A result has a type that record batches do not have.
    case unsupportedType(column: String, type: String)
    /// A value of a result or a batch does not fit the type on the other side.
    case valueOutOfRange(column: String, value: String, type: String)
    /// A parameter's value cannot be bound as its type.
    case wrongParameter(number: Int, value: String, type: DataType?)
    case parameterCount(expected: Int, found: Int)
    /// A batch's columns are not those of the table it should be appended to.
    case wrongColumns(table: String, expected: String, found: String)
    /// DuckDB ran out of memory for its own handles, or refused a setting.
    case internalFailure(String)

    /// The failure of a statement, if this is one.
    public var failure: SQLFailure? {
        guard case .failed(let failure) = self else { return nil }
        return failure
    }

    public var report: ErrorReport {
        switch self {
        case .cannotOpen(let path, let reason):
            ErrorReport(
                code: "DDB-001", recovery: .changeMachine, message: "cannot open the database \(path)", found: reason,
                hint: "Check that the folder exists, can be written, and holds a database of this DuckDB version.")
        case .inUse(let path, let reason):
            ErrorReport(
                code: "DDB-002", recovery: .changeMachine, message: "another process has the database \(path) open",
                found: reason, hint: "Stop that process, or query through it.")
        case .failed(let failure): failure.report
        case .unsupportedType(let column, let type):
            ErrorReport(
                code: "DDB-011", recovery: .changeProject, message: "column \(column) has the type \(type)",
                expected: "a type that record batches have",
                found: type, hint: "Cast the column in the query, to VARCHAR for example.")
        case .valueOutOfRange(let column, let value, let type):
            ErrorReport(
                code: "DDB-012", recovery: .changeProject, message: "a value of column \(column) does not fit its type",
                expected: type,
                found: value, hint: "Cast the column to a type that holds the value.")
        case .wrongParameter(let number, let value, let type):
            ErrorReport(
                code: "DDB-013", recovery: .changeRequest, message: "parameter \(number) cannot be passed to DuckDB",
                expected: type.map { "a value of type \($0)" } ?? "a value whose type is plain from itself",
                found: value,
                hint: "Pass the parameter's type beside its value.")
        case .parameterCount(let expected, let found):
            ErrorReport(
                code: "DDB-014", recovery: .changeRequest, message: "the statement takes another number of parameters",
                expected: "\(expected)", found: "\(found)", hint: "Pass a value for each ? or $n of the statement.")
        case .wrongColumns(let table, let expected, let found):
            ErrorReport(
                code: "DDB-015", recovery: .changeProject,
                message: "a batch does not have the columns of table \(table)",
                expected: expected, found: found, hint: "Rebuild the table, or select its columns in its order.")
        case .internalFailure(let reason):
            ErrorReport(
                code: "DDB-099", recovery: .reportDefect, message: "DuckDB failed outside of any statement: \(reason)",
                hint: "Report it with the log.")
        }
    }
}
