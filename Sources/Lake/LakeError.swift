public import Base
public import Storage

/// What can go wrong with a Delta table.
public enum LakeError: PlatformError, Equatable {
    case notATable(location: String)
    case alreadyATable(location: String)
    /// The table needs a feature of the Delta protocol that is not supported.
    case unsupportedFeature(table: String, feature: String, forWriting: Bool)
    /// A column's type has no counterpart in Delta, or in Arrow.
    case unsupportedType(column: String, type: String, hint: String)
    /// A file of the log does not say what the protocol demands.
    case corruptLog(file: String, reason: String)
    /// Commits between two known ones are gone.
    case missingCommit(location: String, version: Int64)
    case noSuchVersion(location: String, requested: String, available: String)
    /// Another writer changed what this commit depends on; nothing of this commit is visible.
    case conflict(table: String, reason: String)
    /// Too many other writers were faster, time after time.
    case tooBusy(table: String, attempts: Int)
    /// The store failed so that nobody knows whether the commit is there.
    case commitUnknown(table: String, version: Int64, cause: StorageError)
    case schemaMismatch(table: String, column: String, expected: String, found: String)
    case invalidSchema(reason: String, hint: String)
    case nullInRequiredColumn(table: String, column: String)
    case appendOnly(table: String)
    case badPartitionValue(column: String, type: String, value: String)
    /// A prepared commit that does not belong here, or whose bytes are broken.
    case badPreparedCommit(reason: String)
    case dataFile(path: String, reason: String)
    case invalidRequest(reason: String, hint: String)
    /// Whoever wanted the work has asked to end it.
    case stopped(table: String)
    case storage(StorageError)

    public var report: ErrorReport {
        switch self {
        case .notATable(let location):
            ErrorReport(
                code: "LAK-001", recovery: .changeRequest, message: "there is no Delta table at \(location)",
                expected: "a folder with a _delta_log", hint: "Check the path, or create the table.")
        case .alreadyATable(let location):
            ErrorReport(
                code: "LAK-002", recovery: .changeRequest, message: "there is a Delta table at \(location) already",
                hint: "Open it, or choose another path.")
        case .unsupportedFeature(let table, let feature, let forWriting):
            ErrorReport(
                code: "LAK-003", recovery: .changeRequest,
                message:
                    "the table \(table) uses \(feature), which is not supported for \(forWriting ? "writing" : "reading")",
                hint: "Turn the feature off with the engine that wrote the table, and rewrite the files that use it.")
        case .unsupportedType(let column, let type, let hint):
            ErrorReport(
                code: "LAK-004", recovery: .changeRequest,
                message: "column \(column) has the type \(type), which a Delta table cannot hold", found: type,
                hint: hint)
        case .corruptLog(let file, let reason):
            ErrorReport(
                code: "LAK-005", recovery: .repairData, message: "the log file \(file) is damaged: \(reason)",
                hint: "Restore the file from a copy; the data files are not affected.")
        case .missingCommit(let location, let version):
            ErrorReport(
                code: "LAK-006", recovery: .repairData,
                message: "commit \(version) of the table at \(location) is missing",
                hint: "Restore the commit's file in _delta_log, or a checkpoint of a later version.")
        case .noSuchVersion(let location, let requested, let available):
            ErrorReport(
                code: "LAK-007", recovery: .changeRequest, message: "the table at \(location) has no \(requested)",
                expected: available, hint: "Ask for a version that is still there.")
        case .conflict(let table, let reason):
            ErrorReport(
                code: "LAK-008", recovery: .retry, message: "another writer changed the table \(table): \(reason)",
                hint: "Read the table again and repeat the operation.")
        case .tooBusy(let table, let attempts):
            ErrorReport(
                code: "LAK-009", recovery: .retry,
                message: "\(attempts) attempts to commit to the table \(table) came too late",
                hint: "Try again, or let fewer writers commit less often.")
        case .commitUnknown(let table, let version, let cause):
            ErrorReport(
                code: "LAK-010", recovery: .retry,
                message: "it is not known whether commit \(version) of the table \(table) succeeded",
                found: cause.report.message,
                hint: "Repeat the commit with the same application and version: it takes effect once.")
        case .schemaMismatch(let table, let column, let expected, let found):
            ErrorReport(
                code: "LAK-011", recovery: .changeProject,
                message: "column \(column) does not fit the table \(table)", expected: expected, found: found,
                hint: "Cast the column where it comes from, or rebuild the table with the new type.")
        case .invalidSchema(let reason, let hint):
            ErrorReport(code: "LAK-012", recovery: .changeProject, message: reason, hint: hint)
        case .nullInRequiredColumn(let table, let column):
            ErrorReport(
                code: "LAK-013", recovery: .changeRequest,
                message: "column \(column) of the table \(table) has a null but must not",
                expected: "a value in every row",
                hint: "Filter such rows, or make the column nullable.")
        case .appendOnly(let table):
            ErrorReport(
                code: "LAK-014", recovery: .changeRequest, message: "the table \(table) only takes new rows",
                found: "delta.appendOnly = true", hint: "Set delta.appendOnly to false to delete or replace rows.")
        case .badPartitionValue(let column, let type, let value):
            ErrorReport(
                code: "LAK-015", recovery: .repairData,
                message: "a value of partition column \(column) is not a \(type)",
                expected: type, found: value, hint: "Repair the log, or change the column's type back.")
        case .badPreparedCommit(let reason):
            ErrorReport(
                code: "LAK-016", recovery: .changeRequest, message: "a prepared commit cannot be used: \(reason)",
                hint: "Prepare the rows again; vacuum removes the files of the old attempt.")
        case .dataFile(let path, let reason):
            ErrorReport(
                code: "LAK-017", recovery: .repairData, message: "the data file \(path) failed: \(reason)",
                hint: "Check the file and the disk it lies on.")
        case .invalidRequest(let reason, let hint):
            ErrorReport(code: "LAK-018", recovery: .changeRequest, message: reason, hint: hint)
        case .stopped(let table):
            ErrorReport(
                code: "LAK-019", recovery: .retry, message: "the work on the table \(table) was stopped",
                hint: "Start it again; the table is as it was.")
        case .storage(let error): error.report
        }
    }
}

/// Runs a storage operation; its error becomes the lake's.
func storing<Value>(_ body: () throws(StorageError) -> Value) throws(LakeError) -> Value {
    do throws(StorageError) { return try body() } catch { throw .storage(error) }
}
