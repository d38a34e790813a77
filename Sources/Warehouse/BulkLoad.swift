/// A column to load, with its type as SQL writes it.
public struct LoadColumn: Sendable, Hashable {
    public let name: String
    public let sqlType: String

    public init(_ name: String, _ sqlType: String) {
        self.name = name
        self.sqlType = sqlType
    }
}

/// Files to load into one table, all or none of them.
public struct BulkLoad: Sendable, Hashable {
    public struct CSV: Sendable, Hashable {
        public var delimiter: String
        public var quote: String
        /// What stands for null; the empty string is among them unless it is a value.
        public var nullStrings: [String]
        public var hasHeader: Bool
        /// In the manner of strftime; nil for ISO 8601.
        public var timestampFormat: String?
        public var dateFormat: String?

        public init(
            delimiter: String = ",", quote: String = "\"", nullStrings: [String] = [""], hasHeader: Bool = true,
            timestampFormat: String? = nil, dateFormat: String? = nil
        ) {
            self.delimiter = delimiter
            self.quote = quote
            self.nullStrings = nullStrings
            self.hasHeader = hasHeader
            self.timestampFormat = timestampFormat
            self.dateFormat = dateFormat
        }
    }

    public enum Format: Sendable, Hashable {
        case csv(CSV)
        case parquet
        /// An object a line, or an array of objects.
        case json
    }

    public enum Mode: Sendable, Hashable {
        /// The files' rows become the table.
        case replace
        /// The files' rows are added to the table.
        case append
    }

    public let relation: RelationName
    public let files: [String]
    public let format: Format
    /// The columns wanted, found by name; empty to take all and guess their types.
    public let columns: [LoadColumn]
    public let mode: Mode
    public let runID: String

    public init(
        relation: RelationName, files: [String], format: Format, columns: [LoadColumn] = [], mode: Mode = .replace,
        runID: String
    ) {
        self.relation = relation
        self.files = files
        self.format = format
        self.columns = columns
        self.mode = mode
        self.runID = runID
    }
}
