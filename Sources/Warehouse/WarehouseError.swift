public import Base
public import DuckDB

/// What can go wrong in the warehouse.
public enum WarehouseError: PlatformError, Equatable {
    /// DuckDB failed while it worked for something with a name: `model shop.orders`, `test not_null ...`.
    case failed(task: String, cause: DuckDBError)
    /// An incremental model's columns are not those of its table, and the model says that this is an error.
    case schemaChanged(RelationName, added: [String], removed: [String], retyped: [String])
    case contractBroken(RelationName, problems: [String])
    case keyMissing(RelationName, column: String, columns: [String])
    case duplicateKeys(RelationName, key: [String], example: String, rows: Int64)
    case badRow(file: String, line: Int, column: Int, name: String?, expected: String, found: String)
    case fileColumnMissing(file: String, column: String, found: [String])
    /// No file matches, or one that is named is not there.
    case nothingToLoad(RelationName, missing: String? = nil)
    case timeout(task: String, seconds: Double)
    case notAQuery(String)
    case unknownRelation(RelationName)
    /// Rows were read and not all of them arrived.
    case rowsMissing(task: String, HandOver)

    public var report: ErrorReport {
        switch self {
        case .failed(let task, let cause):
            let inner = cause.report
            return ErrorReport(
                code: inner.code, recovery: inner.recovery, message: "\(task): \(inner.message)",
                location: inner.location,
                expected: inner.expected, found: inner.found, hint: inner.hint)
        case .schemaChanged(let relation, let added, let removed, let retyped):
            let changes = [("added", added), ("removed", removed), ("of another type", retyped)]
                .filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }
            return ErrorReport(
                code: "WH-001", recovery: .changeProject,
                message: "the columns of the incremental model \(relation) are not those of its table",
                expected: "the columns of the table", found: changes.joined(separator: "; "),
                hint: "Rebuild it with --full-refresh, or set on_schema_change to append_new_columns or ignore.")
        case .contractBroken(let relation, let problems):
            return ErrorReport(
                code: "WH-002", recovery: .changeProject, message: "the model \(relation) breaks its contract",
                expected: "the columns that its YAML file lists", found: problems.joined(separator: "; "),
                hint: "Change the SELECT, or the contract.")
        case .keyMissing(let relation, let column, let columns):
            return ErrorReport(
                code: "WH-003", recovery: .changeProject,
                message: "the unique_key of \(relation) names a column that the model does not have",
                expected: "one of " + columns.joined(separator: ", "), found: column,
                hint: "Correct unique_key, or select the column.")
        case .duplicateKeys(let relation, let key, let example, let rows):
            return ErrorReport(
                code: "WH-004", recovery: .repairData,
                message: "the new rows of \(relation) hold a key more than once, so that none of them can win",
                expected: "one row for each \(key.joined(separator: ", "))", found: "\(rows) rows for \(example)",
                hint: "Make the SELECT give one row a key, with QUALIFY row_number() for example.")
        case .badRow(let file, let line, let column, let name, let expected, let found):
            return ErrorReport(
                code: "WH-005", recovery: .repairData,
                message: "a row cannot be loaded" + (name.map { ": column \($0)" } ?? ""),
                location: SourceLocation(file: file, line: line, column: column), expected: expected, found: found,
                hint: "Mend the file, declare the column's type as it is, or name the text that stands for null.")
        case .fileColumnMissing(let file, let column, let found):
            return ErrorReport(
                code: "WH-006", recovery: .changeProject, message: "a file lacks the column \(column)",
                location: SourceLocation(file: file), expected: column, found: found.joined(separator: ", "),
                hint: "Correct the source's columns, or the file's first line.")
        case .nothingToLoad(let relation, let missing):
            return ErrorReport(
                code: "WH-007", recovery: .changeProject, message: "no files to load into \(relation)",
                expected: missing, found: missing.map { _ in "no such file" }, hint: "Check the path of the source.")
        case .timeout(let task, let seconds):
            return ErrorReport(
                code: "WH-008", recovery: .changeRequest, message: "\(task) was stopped",
                expected: "at most \(seconds) s",
                found: "more", hint: "Ask for less, or allow more time.")
        case .notAQuery(let statement):
            return ErrorReport(
                code: "WH-009", recovery: .changeRequest, message: "only queries are allowed here",
                expected: "a SELECT",
                found: String(statement.prefix(80)), hint: "Change data by models and loads.")
        case .unknownRelation(let relation):
            return ErrorReport(
                code: "WH-010", recovery: .changeRequest, message: "there is no table or view \(relation)",
                hint: "Run the model that makes it.")
        case .rowsMissing(let task, let handOver):
            return ErrorReport(
                code: "WH-011", recovery: .reportDefect, message: "\(task) lost or made up rows; nothing was kept",
                expected: "\(handOver.read) rows", found: "\(handOver.written) rows",
                hint: "Report it with the log.")
        }
    }
}
