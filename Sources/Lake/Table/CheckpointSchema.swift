internal import Columnar

/// The columns of a checkpoint file: one structure an action, of which each row has one.
///
/// Source: Delta Transaction Log Protocol, "Checkpoint Schema". All fields are nullable, as in rows of other actions they
/// are null.
enum CheckpointSchema {
    private static func map(_ name: String) -> Field {
        Field(
            name, .map(key: Field("key", .utf8, nullable: false), value: Field("value", .utf8), keysSorted: false))
    }
    private static func strings(_ name: String) -> Field {
        Field(name, .list(Field("element", .utf8, nullable: false)))
    }

    static let transaction = [
        Field("appId", .utf8), Field("version", .int64), Field("lastUpdated", .int64),
    ]
    static let add = [
        Field("path", .utf8), map("partitionValues"), Field("size", .int64),
        Field("modificationTime", .int64), Field("dataChange", .bool),
        Field("stats", .utf8), map("tags"),
    ]
    static let remove = [
        Field("path", .utf8), Field("deletionTimestamp", .int64),
        Field("dataChange", .bool), Field("extendedFileMetadata", .bool), map("partitionValues"),
        Field("size", .int64),
    ]
    static let metadata = [
        Field("id", .utf8), Field("name", .utf8), Field("description", .utf8),
        Field("format", .structure([Field("provider", .utf8), map("options")])),
        Field("schemaString", .utf8), strings("partitionColumns"), map("configuration"),
        Field("createdTime", .int64),
    ]
    static let tableProtocol = [
        Field("minReaderVersion", .int32), Field("minWriterVersion", .int32),
        strings("readerFeatures"), strings("writerFeatures"),
    ]

    static let schema = Schema([
        Field("txn", .structure(transaction)), Field("add", .structure(add)), Field("remove", .structure(remove)),
        Field("metaData", .structure(metadata)), Field("protocol", .structure(tableProtocol)),
    ])
}
