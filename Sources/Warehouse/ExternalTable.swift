public import Columnar

/// A table whose rows lie in Parquet files that another engine writes: one snapshot of a lake table.
public struct ExternalTable: Sendable, Hashable {
    public struct File: Sendable, Hashable {
        public let path: String
        /// The values of the columns that are not in the file, as text; nil for null.
        public let partitionValues: [String: String?]

        public init(path: String, partitionValues: [String: String?] = [:]) {
            self.path = path
            self.partitionValues = partitionValues
        }
    }

    public let relation: RelationName
    public let files: [File]
    /// All columns, partition columns among them, in the order in which readers see them.
    public let schema: Schema

    public init(relation: RelationName, files: [File], schema: Schema) {
        self.relation = relation
        self.files = files
        self.schema = schema
    }
}
