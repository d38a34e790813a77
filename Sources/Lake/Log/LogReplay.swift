/// Builds a snapshot from a log's actions. Source: Delta Transaction Log Protocol, "Action Reconciliation".
struct LogReplay: Sendable {
    private(set) var version: Int64
    private var dataVersion: Int64
    private var tableProtocol: TableProtocol?
    private var metadata: TableMetadata?
    private var files: [String: AddFile] = [:]
    private var tombstones: [String: RemoveFile] = [:]
    private var transactions: [String: SetTransaction] = [:]

    /// Before the first commit.
    init() { (version, dataVersion) = (-1, -1) }

    /// Goes on from a snapshot.
    init(_ snapshot: DeltaSnapshot) {
        version = snapshot.version
        dataVersion = snapshot.dataVersion
        tableProtocol = snapshot.tableProtocol
        metadata = snapshot.metadata
        files = snapshot.filesByPath
        tombstones = snapshot.tombstones
        transactions = snapshot.transactions
    }

    /// Takes in a whole commit.
    mutating func apply(_ actions: [Action], version: Int64) {
        self.version = version
        if actions.contains(where: \.changesData) { dataVersion = version }
        for action in actions { apply(action) }
    }

    /// Ends a checkpoint, all of whose actions have been taken in. What it does not tell is when rows changed last.
    mutating func endCheckpoint(version: Int64) { (self.version, dataVersion) = (version, version) }

    /// Takes in a part of a checkpoint.
    mutating func apply(_ action: Action) {
        switch action {
        case .protocol(let value): tableProtocol = value
        case .metadata(let value): metadata = value
        case .add(let file):
            files[file.path] = file
            tombstones[file.path] = nil
        case .remove(let file):
            // A commit may remove a path and add it again with another deletion vector, which is refused later on.
            files[file.path] = nil
            // Tables have many more of these than files, and nobody asks for their partitions.
            tombstones[file.path] = RemoveFile(
                path: file.path, deletionTimestamp: file.deletionTimestamp, dataChange: file.dataChange,
                partitionValues: nil, size: file.size)
        case .transaction(let value): transactions[value.application] = value
        case .commitInfo, .other: break
        }
    }

    /// - Parameter location: what errors call the table.
    /// - Throws: `corruptLog` without protocol or metadata; `unsupportedFeature`.
    func snapshot(location: String) throws(LakeError) -> DeltaSnapshot {
        guard let tableProtocol else { throw .corruptLog(file: location, reason: "the log has no protocol action") }
        guard let metadata else { throw .corruptLog(file: location, reason: "the log has no metaData action") }
        try TableFeatures.checkReadable(tableProtocol, metadata)
        if files.values.contains(where: \.hasDeletionVector) {
            throw .unsupportedFeature(
                table: metadata.displayName, feature: "deletion vectors", forWriting: false)
        }
        return DeltaSnapshot(
            version: version, dataVersion: dataVersion, tableProtocol: tableProtocol, metadata: metadata,
            filesByPath: files,
            tombstones: tombstones, transactions: transactions)
    }
}
