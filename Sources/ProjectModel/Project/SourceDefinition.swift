public import Base

/// A table or topic that the project reads and does not make.
public struct SourceDefinition: Sendable, Hashable {
    public enum Connector: Sendable, Hashable {
        case csv(CSVSource)
        /// Parquet files; a path may be a glob.
        case parquet(path: String)
        /// JSON, a record a line.
        case json(path: String)
        case topic(TopicSource)
        /// A table that is in the warehouse already.
        case warehouse(schema: String, table: String)
    }
    public let name: DatasetName
    public let description: String
    public let connector: Connector
    public let columns: [ColumnDefinition]
    public let tests: [ColumnTest]
    public let tags: [String]
    /// How old the data may be before a check warns.
    public let freshness: TimeSpan?
    public let location: SourceLocation

    public var topic: TopicSource? {
        if case .topic(let topic) = connector { return topic }
        return nil
    }
}

/// A text file with a row a line.
public struct CSVSource: Sendable, Hashable {
    /// As the machine finds it; may be a glob.
    public let path: Located<String>
    public let delimiter: String
    /// What stands for null, next to an empty field.
    public let nullTexts: [String]
    public let hasHeader: Bool
}

/// A topic of the log.
public struct TopicSource: Sendable, Hashable {
    /// Clocks and time zones of producers that are wrong are wrong by less than this.
    public static let eventTimeAheadMaxDefault = TimeSpan(micros: 86_400_000_000)

    public enum Format: String, Sendable, Hashable, CaseIterable {
        case avro, json
    }
    /// What streams do where records are gone before they were read.
    public enum DataLoss: String, Sendable, Hashable, CaseIterable {
        /// Stop, and say what is missing.
        case fail
        /// Go on with the first record that is there, and count what is missing.
        case earliest
    }
    public let topic: String
    public let partitions: Int
    public let format: Format
    /// The Avro schema's file, as the machine finds it.
    public let schemaFile: Located<String>?
    /// The column by which records are spread over partitions.
    public let key: Located<String>?
    /// Where records go that cannot be read.
    public let deadLetter: String
    public let eventTime: Located<String>?
    /// How far behind the newest event a record may come.
    public let lateness: TimeSpan
    /// After this long without records, a partition no longer holds the watermark back.
    public let idleAfter: TimeSpan?
    public let onDataLoss: DataLoss
    /// How far ahead of the time at which a record is appended its event time may be. A record further ahead goes to
    /// `deadLetter`: it would make everything that comes after it late. Simulations of the future set it higher.
    public let eventTimeAheadMax: TimeSpan
    public let replay: ReplayDefinition?
}

/// Events made from files, in an order, for demonstrations and tests.
public struct ReplayDefinition: Sendable, Hashable {
    /// The data file, as the machine finds it.
    public let path: Located<String>
    /// DuckDB SQL over files that gives the records in order; nil reads `path` as it is, ordered by `orderBy`.
    public let query: RenderedSQL?
    /// SQL expressions.
    public let orderBy: [String]
    /// The column that says when a record happened; it paces the replay and is not part of the record.
    public let time: String?
    /// The column whose value becomes the record's key.
    public let key: String?
    /// Times real time; nil is as fast as it goes.
    public let speed: Double?
    public let brokenRecords: [BrokenRecord]
}

/// A record that no reader can make sense of, put into a replay on purpose.
public struct BrokenRecord: Sendable, Hashable {
    /// It goes in after this many good records.
    public let after: Int
    public let key: String
    public let value: [UInt8]
    /// Whether the registered schema's header stands before `value`.
    public let hasRegisteredHeader: Bool
    public let why: String
}

/// A CSV file of seeds/.
public struct SeedDefinition: Sendable, Hashable {
    public let name: DatasetName
    /// Relative to the project.
    public let file: String
    public let description: String
    public let delimiter: String
    public let columns: [ColumnDefinition]
    public let tests: [ColumnTest]
    public let tags: [String]
}

/// A REST endpoint of apis/.
public struct EndpointDefinition: Sendable, Hashable {
    public let name: Located<String>
    /// Like `/v1/delays`.
    public let path: String
    public let from: Located<DatasetName>
    public let description: String
    public let version: String
    /// Identifies a row; the last part of every order, so that paging is stable.
    public let key: [Located<String>]
    /// The columns that may be seen; empty for all.
    public let columns: [Located<String>]
    /// The columns that may be filtered by; nil for all visible ones.
    public let filters: [Located<String>]?
    /// Columns in order; a minus in the YAML means descending.
    public let defaultOrder: [OrderTerm]
    public let pageSize: Int
    public let pageSizeMax: Int

}

/// One column of an order.
public struct OrderTerm: Sendable, Hashable {
    public let column: Located<String>
    public let descending: Bool
}
