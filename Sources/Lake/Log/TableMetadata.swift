public import Columnar

/// What a table is: its columns, how it is partitioned and how it is configured.
public struct TableMetadata: Sendable, Hashable {
    /// A UUID that the table keeps for life.
    public let id: String
    public var name: String?
    /// What people wrote about the table.
    public var summary: String?
    /// All columns, the partition columns among them.
    public private(set) var schema: Schema
    /// The schema as the log has it, with notes that this program does not know.
    private(set) var schemaString: String
    public let partitionColumns: [String]
    /// Milliseconds since 1970.
    public var createdTime: Int64?
    public var configuration: [String: String]

    init(
        id: String, name: String? = nil, summary: String? = nil, provider: String = "parquet", schemaString: String,
        partitionColumns: [String], createdTime: Int64?, configuration: [String: String], file: String
    ) throws(LakeError) {
        guard provider == "parquet" else {
            throw .unsupportedFeature(table: name ?? id, feature: "data files in \(provider)", forWriting: false)
        }
        self.id = id
        self.name = name
        self.summary = summary
        self.schemaString = schemaString
        self.partitionColumns = partitionColumns
        self.createdTime = createdTime
        self.configuration = configuration
        schema = try SchemaJSON.decode(schemaString, file: file)
        for column in partitionColumns where schema.field(named: column) == nil {
            throw .corruptLog(file: file, reason: "the partition column \(column) is not in the schema")
        }
    }

    /// How errors and logs call the table.
    public var displayName: String { name ?? id }

    /// The columns that data files have: all but the partition columns.
    public var fileSchema: Schema { Schema(schema.fields.filter { !partitionColumns.contains($0.name) }) }

    /// The same table with more columns behind the others.
    func adding(_ fields: [Field]) throws(LakeError) -> TableMetadata {
        var changed = self
        changed.schemaString = try SchemaJSON.adding(fields, to: schemaString)
        changed.schema = Schema(schema.fields + fields, metadata: schema.metadata)
        return changed
    }

    /// A property with a length of time, such as `interval 7 days`, in milliseconds; nil if it is absent or unknown.
    func intervalMillis(_ property: String) -> Int64? {
        guard let text = configuration[property] else { return nil }
        let words = text.lowercased().split(separator: " ").drop { $0 == "interval" }
        guard words.count == 2, let amount = words.first.flatMap({ Int64($0) }), let unit = words.last else {
            return nil
        }
        let millis: [String: Int64] = [
            "millisecond": 1, "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000,
            "week": 604_800_000,
        ]
        return millis[unit.hasSuffix("s") ? String(unit.dropLast()) : String(unit)].map { $0 * amount }
    }

    /// How long removed files must stay for readers of older snapshots, in milliseconds.
    var deletedFileRetentionMillis: Int64 {
        intervalMillis("delta.deletedFileRetentionDuration") ?? 7 * 86_400_000
    }

    /// How long commits must stay for readers of older versions, in milliseconds.
    var logRetentionMillis: Int64 { intervalMillis("delta.logRetentionDuration") ?? 30 * 86_400_000 }

    /// A checkpoint every so many commits.
    var checkpointInterval: Int64 {
        configuration["delta.checkpointInterval"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 100
    }

    var isAppendOnly: Bool { configuration["delta.appendOnly"]?.lowercased() == "true" }
}
