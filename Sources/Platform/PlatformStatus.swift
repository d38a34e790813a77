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
        /// Records in the topics that the stream has not read yet.
        public let lag: Int64
        public let ledger: HandOver
        public let stateBytes: Int64
        public let problem: String?
    }

    public struct Table: Sendable, Codable {
        public let name: String
        /// `source`, `view`, `table`, `incremental`, `stream`.
        public let kind: String
        public let rows: Int64?
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
    /// Rows at each hand-over; `missing` is zero everywhere or something is wrong.
    public let handOvers: [String: HandOver]
    /// Replays and loads that still run.
    public let working: [String]

    /// Whether everything that has come in so far has gone all the way.
    public var isSettled: Bool {
        working.isEmpty && streams.allSatisfy { $0.state == "running" && $0.lag == 0 && $0.ledger.missing == 0 }
            && tables.allSatisfy { $0.isFresh }
    }
}
