/// The changes that a commit consists of. Source: Delta Transaction Log Protocol, "Actions".
enum Action: Sendable, Hashable {
    case `protocol`(TableProtocol)
    case metadata(TableMetadata)
    case add(AddFile)
    case remove(RemoveFile)
    case transaction(SetTransaction)
    /// Where the commit comes from; not part of the table's state.
    case commitInfo(JSONValue)
    /// An action that readers need not know; the protocol lets them skip it.
    case other(String)

    /// Whether readers may see other rows or columns after it.
    var changesData: Bool {
        switch self {
        case .add(let file): file.dataChange
        case .remove(let file): file.dataChange
        case .metadata: true
        case .protocol, .transaction, .commitInfo, .other: false
        }
    }
}

/// What a program must know to read and to write the table.
public struct TableProtocol: Sendable, Hashable {
    public var minReaderVersion: Int
    public var minWriterVersion: Int
    /// There exactly when `minReaderVersion` is 3.
    public var readerFeatures: [String]?
    /// There exactly when `minWriterVersion` is 7.
    public var writerFeatures: [String]?
}

/// A data file that is part of the table.
public struct AddFile: Sendable, Hashable {
    /// Relative to the table, percent-encoded, as the log has it.
    public var path: String
    /// Values as text; nil is null.
    public var partitionValues: [String: String?]
    /// In bytes.
    public var size: Int64
    /// Milliseconds since 1970.
    public var modificationTime: Int64
    /// False where a commit only arranges the same rows in other files.
    public var dataChange: Bool
    /// JSON text; see `FileStatistics`.
    public var stats: String?
    public var tags: [String: String?]?
    /// Rows of the file are marked as deleted elsewhere.
    var hasDeletionVector = false
}

/// A data file that is no longer part of the table. Its bytes stay for readers of older snapshots.
struct RemoveFile: Sendable, Hashable {
    var path: String
    /// Milliseconds since 1970.
    var deletionTimestamp: Int64?
    var dataChange: Bool
    var partitionValues: [String: String?]?
    var size: Int64?
}

/// How far an application has come in writing to the table.
public struct SetTransaction: Sendable, Hashable {
    public var application: String
    public var version: Int64
    /// Milliseconds since 1970.
    public var lastUpdated: Int64?
}
