/// A column of a dataset.
public struct ColumnSource: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The dataset's name in the project.
    public let relation: String
    public let column: String

    public init(relation: String, column: String) { (self.relation, self.column) = (relation, column) }

    public var description: String { "\(relation).\(column)" }
    public static func < (left: Self, right: Self) -> Bool {
        (left.relation, left.column) < (right.relation, right.column)
    }
}

/// Which columns of which datasets each column of a result comes from.
public struct ColumnLineage: Sendable, Hashable, CustomStringConvertible {
    public enum Derivation: String, Sendable, Hashable {
        /// The value is taken over as it is.
        case direct
        /// The value is computed from it.
        case derived
    }

    public struct Column: Sendable, Hashable {
        public let name: String
        public let sources: [ColumnSource: Derivation]
        public init(name: String, sources: [ColumnSource: Derivation]) { (self.name, self.sources) = (name, sources) }
    }

    public let columns: [Column]
    /// What decides which rows there are: predicates, join keys, group keys, window times.
    public let filters: Set<ColumnSource>

    public init(columns: [Column], filters: Set<ColumnSource>) { (self.columns, self.filters) = (columns, filters) }

    /// A line a column: `name <- relation.column (direct), ...`; then what filters the rows.
    public var description: String {
        let lines = columns.map { column in
            let sources = column.sources.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
            return "\(column.name) <- \(sources.isEmpty ? "nothing" : sources.joined(separator: ", "))"
        }
        return (lines + ["rows <- \(filters.sorted().map(\.description).joined(separator: ", "))"])
            .joined(separator: "\n")
    }
}

/// The sources of one value.
typealias Sources = [ColumnSource: ColumnLineage.Derivation]

extension Sources {
    /// The sources of something computed from these.
    var derived: Sources { mapValues { _ in .derived } }

    mutating func add(_ others: Sources) {
        merge(others) { $0 == .direct && $1 == .direct ? .direct : .derived }
    }
}
