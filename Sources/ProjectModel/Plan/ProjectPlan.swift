public import Base
public import Columnar

/// What would run where: every dataset with its schema and engine, in an order in which all inputs come first.
public struct ProjectPlan: Sendable {
    public enum Engine: String, Sendable, Hashable, CaseIterable {
        /// Read from files, or from tables that are there already.
        case files
        case log
        case stream
        case lake
        case warehouse
        case http
    }

    public struct Dataset: Sendable, Hashable {
        public let name: DatasetName
        public let kind: DatasetKind
        public let engine: Engine
        /// Nil where a mistake, here or upstream, kept the plan from knowing it.
        public let schema: Schema?
        /// How fresh it is kept; nil for as fresh as its engine makes it.
        public let freshness: TimeSpan?
        public let inputs: [DatasetName]
        public let location: SourceLocation
    }

    public let datasets: [Dataset]
    /// All mistakes, by place. With any, nothing may run.
    public let errors: [ErrorReport]
    public let warnings: [ErrorReport]

    public var isSound: Bool { errors.isEmpty }
    public subscript(name: DatasetName) -> Dataset? { datasets.first { $0.name == name } }
}
