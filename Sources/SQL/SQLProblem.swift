public import Base
internal import DuckDB

/// One mistake in a query, at its place in the text.
public struct SQLProblem: Error, Sendable, Hashable {
    /// What kind of mistake it is; its raw value is the stable code of the report.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case syntax = "SQL-001"
        case notASelect = "SQL-002"
        /// Valid SQL that a stream cannot run, or that this dialect does not know.
        case unsupported = "SQL-003"
        case unknownRelation = "SQL-004"
        case unknownColumn = "SQL-005"
        case ambiguousColumn = "SQL-006"
        case unknownFunction = "SQL-007"
        case typeMismatch = "SQL-008"
        case windowArgument = "SQL-009"
        /// An aggregate where none may stand, or a column that is neither grouped nor aggregated.
        case aggregation = "SQL-010"
        case duplicateColumn = "SQL-011"
        case literal = "SQL-012"
        case joinCondition = "SQL-013"
        case nesting = "SQL-014"
    }

    public let kind: Kind
    /// What is wrong, in one sentence without a full stop.
    public let message: String
    public let expected: String?
    public let found: String?
    /// The next step, a full sentence.
    public let hint: String
    /// Where it stands in the text, counted in UTF-8 bytes from 0; nil where the parser does not say.
    public let position: Int?

    public init(
        _ kind: Kind, _ message: String, expected: String? = nil, found: String? = nil, hint: String,
        position: Int? = nil
    ) {
        self.kind = kind
        self.message = message
        self.expected = expected
        self.found = found
        self.hint = hint
        self.position = position
    }

    public func report(location: SourceLocation? = nil) -> ErrorReport {
        ErrorReport(
            code: kind.rawValue, recovery: .changeProject, message: message, location: location, expected: expected,
            found: found, hint: hint)
    }

    /// The report with line and column, for text that begins at the top of `file`.
    public func report(file: String, text: String) -> ErrorReport {
        report(location: position.map { SQLText.location(ofByte: $0, in: text, file: file) })
    }
}
