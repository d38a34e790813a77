public import Base
public import Columnar

/// How a model's rows are kept.
public enum Materialization: String, Sendable, Hashable, CaseIterable {
    case view
    /// Rebuilt when its inputs changed.
    case table
    /// Added to, by `unique_key` or by appending.
    case incremental
    /// No dataset of its own: its SQL is put into the models that read it.
    case ephemeral
    /// Continuous, by the stream engine.
    case stream
    /// A table kept as fresh as `freshness` says.
    case materializedView = "materialized_view"
}

/// When a stream gives its rows out.
public enum Emission: String, Sendable, Hashable, CaseIterable {
    /// Once, when the watermark has passed.
    case final
    /// Every change at once, as a changelog.
    case changes
}

/// Whether the small files of a stream's table are written together by themselves.
public enum Compaction: String, Sendable, Hashable, CaseIterable {
    case auto
    case off
}

public enum IncrementalStrategy: String, Sendable, Hashable, CaseIterable {
    case append
    case deleteInsert = "delete+insert"
    case merge
}

/// What configures a model, from all its places: folders in gariep.yaml, YAML beside it, `config(...)` in it.
public struct ModelConfig: Sendable, Hashable {
    public var materialized: Located<Materialization>
    public var isEnabled = true
    public var uniqueKey: [Located<String>] = []
    public var incrementalStrategy: IncrementalStrategy = .deleteInsert
    /// The table is rebuilt at most as often as this.
    public var freshness: TimeSpan?
    public var partitionBy: [Located<String>] = []
    public var emission: Emission = .changes
    /// How far behind the newest a row may come; nil leaves it to the topics.
    public var lateness: TimeSpan?
    public var compaction: Compaction = .auto
    /// How long files that a stream's table no longer needs stay for readers of older snapshots.
    public var retention = TimeSpan(micros: 7 * 86_400_000_000)
    public var tags: [String] = []
    /// Whether `columns` in YAML is a promise that the plan checks in full.
    public var isContractEnforced = false
    /// Everything else that was said, such as `meta`.
    public var other: [String: ConfigValue] = [:]
}

/// A column as its YAML describes it.
public struct ColumnDefinition: Sendable, Hashable {
    public let name: Located<String>
    public let description: String
    public let dataType: Located<DataType>?
    public let tests: [ColumnTest]
}

/// A test of dbt: rows that it finds are failures.
public struct ColumnTest: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case unique
        case notNull
        case acceptedValues([ConfigValue], quoted: Bool)
        case relationships(to: DatasetName, field: Located<String>)
        /// A test of the project itself: `{% test name(model, column_name) %}`; its query.
        case custom(name: String, query: RenderedSQL)
    }
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        case error, warn
    }
    /// Unique in the project: `not_null_orders_id`.
    public let name: String
    public let kind: Kind
    public let dataset: DatasetName
    /// Nil for a test of the whole model.
    public let column: String?
    public let severity: Severity
    /// Only rows that meet this SQL condition are tested.
    public let condition: String?
    public let tags: [String]
    public let location: SourceLocation
}

/// A test in tests/: a query that must find no rows.
public struct SingularTest: Sendable, Hashable {
    public let name: String
    public let file: String
    public let query: RenderedSQL
    public let reads: [Located<DatasetName>]
    public let severity: ColumnTest.Severity
    public let tags: [String]
}

/// One SELECT of models/.
public struct ModelDefinition: Sendable, Hashable {
    public let name: DatasetName
    /// Relative to the project.
    public let file: String
    public let description: String
    public let config: ModelConfig
    /// Rendered as for a first run, with `is_incremental()` false.
    public let sql: RenderedSQL
    /// Rendered as for a later run; only incremental models have it.
    public let incrementalSQL: RenderedSQL?
    /// Everything that either rendering reads, once each, with the first place.
    public let reads: [Located<DatasetName>]
    public let columns: [ColumnDefinition]
    /// Of its columns and of the whole model.
    public let tests: [ColumnTest]

    /// Where a stream's rows go that come after the watermark.
    public var lateTopic: String { "\(name.name).late" }
}
