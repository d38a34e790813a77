public import Base

/// How a running platform is doing: what `gariep status` prints.
public struct PlatformStatus: Sendable, Codable {
    public struct Topic: Sendable, Codable {
        public let name: String
        public let partitions: Int
        public let records: Int64
        public let bytes: Int64
    }

    public struct Stream: Sendable, Codable {
        public let model: String
        /// `running`, `restarting` or `failed`.
        public let state: String
        public let epoch: UInt64
        /// Event time up to which windows are final, microseconds since 1970; nil before the first event.
        public let watermarkMicros: Int64?
        /// Records in the topics whose effects are not yet committed.
        public let lag: Int64
        /// Rows of the stream's table.
        public let rowsWritten: Int64
        /// Records that were gone before they were read, where the source says `on_data_loss: earliest`.
        public let skipped: Int64
        /// What each step did with its rows, over all committed epochs.
        public let steps: [Step]
        public let stateBytes: Int64
        public let problem: String?
    }

    public struct Step: Sendable, Codable {
        public let step: String
        public let handOver: HandOver
        /// Rows that it gave to the next step; what the next has read must agree before an epoch commits.
        public let given: Int64
    }

    public struct Table: Sendable, Codable {
        public let name: String
        /// `source`, `view`, `table`, `incremental`, `stream`.
        public let kind: String
        public let rows: Int64?
        /// Data files of a stream's table, and how large they are together; nil for tables of the warehouse.
        public let files: Int?
        public let bytes: Int64?
        /// Changes when the rows do.
        public let version: String?
        /// When its content was last made, microseconds since 1970.
        public let builtMicros: Int64?
        /// Whether it has all changes of its inputs.
        public let isFresh: Bool
        public let problem: String?
    }

    public let project: String
    public let endpoints: Endpoints
    public let startedMicros: Int64
    public let residentBytes: Int
    public let peakResidentBytes: Int
    public let memoryBudgetBytes: Int
    public let topics: [Topic]
    public let streams: [Stream]
    public let tables: [Table]
    /// Replays that still run.
    public let working: [String]
    /// Everything that does not work at the moment, and why.
    public let problems: [PlatformProblem]

    /// Whether everything that has come in so far has gone all the way.
    public var isSettled: Bool {
        working.isEmpty && streams.allSatisfy { $0.state == "running" && $0.lag == 0 }
            && tables.allSatisfy { $0.isFresh }
    }

    /// A text that changes when anything has moved.
    var signature: String {
        streams.map { "\($0.model) \($0.lag) \($0.rowsWritten) \($0.steps.map(\.handOver.written))" }.joined(
            separator: ";")
            + tables.map { "\($0.name) \($0.version ?? "") \($0.isFresh)" }.joined(separator: ";")
            + topics.map { "\($0.name) \($0.records)" }.joined(separator: ";")
    }
}
