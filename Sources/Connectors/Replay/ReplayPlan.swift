public import Formats

/// Events made from files and sent to a topic in order, as if they happened now.
public struct ReplayPlan: Sendable {
    /// A record that nobody can read, put in on purpose.
    public struct BrokenRecord: Sendable, Hashable {
        /// How many good records go before it.
        public let after: Int64
        public let key: String
        /// The whole value, schema prefix and all.
        public let value: [UInt8]

        public init(after: Int64, key: String, value: [UInt8]) {
            (self.after, self.key, self.value) = (after, key, value)
        }
    }

    public let brokers: String
    public let topic: String
    /// A DuckDB query that gives the records in order; the same rows in the same order every time.
    public let query: String
    /// The column that says when a record happened, which paces the replay and is not sent.
    public let timeColumn: String?
    /// The column whose text becomes the key.
    public let keyColumn: String?
    public let schema: AvroSchema
    public let schemaID: Int32
    /// Times real time; nil is as fast as it goes.
    public let speed: Double?
    /// In the order of `after`.
    public let brokenRecords: [BrokenRecord]
    /// What DuckDB may hold while it sorts, in bytes.
    public let memoryBytes: Int

    public init(
        brokers: String, topic: String, query: String, timeColumn: String?, keyColumn: String?, schema: AvroSchema,
        schemaID: Int32,
        speed: Double?, brokenRecords: [BrokenRecord], memoryBytes: Int
    ) {
        self.brokers = brokers
        self.topic = topic
        self.query = query
        self.timeColumn = timeColumn
        self.keyColumn = keyColumn
        self.schema = schema
        self.schemaID = schemaID
        self.speed = speed
        self.brokenRecords = brokenRecords.sorted { $0.after < $1.after }
        self.memoryBytes = memoryBytes
    }
}
