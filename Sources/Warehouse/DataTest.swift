public import Columnar

internal import DuckDB

/// A statement about a relation that must hold: no row may break it.
public struct DataTest: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case unique(column: String)
        case notNull(column: String)
        /// Values are texts, compared as texts where `quote` is true and as SQL expressions where it is not.
        case acceptedValues(column: String, values: [String], quote: Bool)
        /// Every value of the column is a value of `field` of another relation; nulls pass.
        case relationships(column: String, to: RelationName, field: String)
        /// A SELECT that gives the rows that should not be.
        case singular(sql: String)
    }

    public enum Severity: String, Sendable, Hashable { case warn, error }

    public let name: String
    /// What is tested; nil for `singular`.
    public let relation: RelationName?
    public let kind: Kind
    /// Only rows for which this holds are tested.
    public let filter: String?
    public let severity: Severity
    /// How many of the rows that break it are shown.
    public let sampleRows: Int

    public init(
        name: String, relation: RelationName?, kind: Kind, filter: String? = nil, severity: Severity = .error,
        sampleRows: Int = 5
    ) {
        self.name = name
        self.relation = relation
        self.kind = kind
        self.filter = filter
        self.severity = severity
        self.sampleRows = sampleRows
    }

    /// The SELECT whose rows break the test.
    public var failuresSQL: String {
        let from = relation.map(\.sql) ?? "(SELECT NULL)"
        let tested = filter.map { "(SELECT * FROM \(from) WHERE \($0))" } ?? from
        switch kind {
        case .unique(let column):
            let column = SQLText.identifier(column)
            return "SELECT \(column), count(*) AS \"rows\" FROM \(tested) WHERE \(column) IS NOT NULL"
                + " GROUP BY \(column) HAVING count(*) > 1"
        case .notNull(let column):
            return "SELECT * FROM \(tested) WHERE \(SQLText.identifier(column)) IS NULL"
        case .acceptedValues(let column, let values, let quote):
            let column = SQLText.identifier(column)
            let list = values.map { quote ? SQLText.literal($0) : $0 }.joined(separator: ", ")
            return "SELECT \(column), count(*) AS \"rows\" FROM \(tested) WHERE \(column) IS NOT NULL"
                + (values.isEmpty ? "" : " AND \(column) NOT IN (\(list))") + " GROUP BY \(column)"
        case .relationships(let column, let parent, let field):
            let (column, field) = (SQLText.identifier(column), SQLText.identifier(field))
            return "SELECT child.* FROM \(tested) AS child WHERE child.\(column) IS NOT NULL AND NOT EXISTS"
                + " (SELECT 1 FROM \(parent.sql) AS parent WHERE parent.\(field) = child.\(column))"
        case .singular(let sql):
            // On lines of its own: the statement may end in a comment.
            return "SELECT * FROM (\n\(sql)\n)" + (filter.map { " WHERE \($0)" } ?? "")
        }
    }
}

/// How a test ended.
public struct TestOutcome: Sendable {
    public enum Status: String, Sendable, Hashable { case pass, warn, fail }
    public let status: Status
    /// Rows that break the test (values, for `unique` and `acceptedValues`).
    public let failures: Int64
    /// Some of them.
    public let sample: [RecordBatch]
    /// The SELECT that finds them all.
    public let sql: String

    public init(status: Status, failures: Int64, sample: [RecordBatch], sql: String) {
        self.status = status
        self.failures = failures
        self.sample = sample
        self.sql = sql
    }
}
