internal import Columnar

/// What a commit wants to change, apart from how the table looks at the moment.
///
/// `actions(on:)` says what that means for a snapshot, so that a commit that came too late is planned again on the newer
/// one; what the newer one no longer allows is a conflict. Nothing here does I/O.
enum DeltaOperation: Sendable {
    /// New rows. Never in conflict, as long as the table's columns still take them.
    case append(PreparedCommit)
    /// All rows of a partition (or the table, if the filter is empty) go, and new ones come: whatever is there by then.
    case overwrite(PreparedCommit, partition: [String: Scalar])
    /// All rows of a partition go.
    case delete(partition: [String: Scalar])
    /// The same rows in other files. In conflict with whoever removed one of them.
    case rearrange(removed: [AddFile], added: [AddFile])
    /// New columns. In conflict with every other change of the table's definition.
    case alter(from: TableMetadata, to: TableMetadata, TableProtocol?)

    /// What the history calls it.
    var name: String {
        switch self {
        case .append, .overwrite: "WRITE"
        case .delete: "DELETE"
        case .rearrange: "OPTIMIZE"
        case .alter(let from, let to, _): from.schema == to.schema ? "SET TBLPROPERTIES" : "ADD COLUMNS"
        }
    }

    var parameters: [String: String] {
        switch self {
        case .append: ["mode": "Append"]
        case .overwrite: ["mode": "Overwrite"]
        case .delete(let partition): ["predicate": "\(partition.keys.sorted())"]
        case .rearrange, .alter: [:]
        }
    }

    /// The files that it brings.
    var added: [AddFile] {
        switch self {
        case .append(let prepared), .overwrite(let prepared, _): prepared.files
        case .rearrange(_, let added): added
        case .delete, .alter: []
        }
    }

    var isBlindAppend: Bool { if case .append = self { true } else { false } }

    /// The actions that change `snapshot` as wanted; empty where there is nothing to do.
    ///
    /// - Parameter nowMillis: stamps removals.
    func actions(on snapshot: DeltaSnapshot, nowMillis: Int64) throws(LakeError) -> [Action] {
        let metadata = snapshot.metadata
        switch self {
        case .append(let prepared):
            try prepared.check(fits: metadata)
            return try additions(prepared, to: snapshot)
        case .overwrite(let prepared, let partition):
            try prepared.check(fits: metadata)
            return try removals(of: partition, keeping: prepared, on: snapshot, nowMillis)
                + additions(prepared, to: snapshot)
        case .delete(let partition):
            return try removals(of: partition, keeping: nil, on: snapshot, nowMillis)
        case .rearrange(let removed, let added):
            for file in removed where snapshot.filesByPath[file.path] == nil {
                throw .conflict(
                    table: metadata.displayName, reason: "it removed \(file.path), which was being compacted")
            }
            return removed.map { .remove(Self.removal($0, nowMillis, dataChange: false)) } + added.map { .add($0) }
        case .alter(let from, let to, let upgraded):
            guard metadata == from else {
                throw .conflict(table: metadata.displayName, reason: "its columns or properties changed meanwhile")
            }
            return (upgraded.map { [.protocol($0)] } ?? []) + [.metadata(to)]
        }
    }

    /// Files that are in the table already stay as they are, so that a commit can be repeated.
    ///
    /// - Throws: `badPreparedCommit` for a file that was in the table and is no longer: its rows may live on in another.
    private func additions(_ prepared: PreparedCommit, to snapshot: DeltaSnapshot) throws(LakeError) -> [Action] {
        if let old = prepared.files.first(where: { snapshot.tombstones[$0.path] != nil }) {
            throw .badPreparedCommit(reason: "its file \(old.path) was committed and removed before")
        }
        return prepared.files.filter { snapshot.filesByPath[$0.path] == nil }.map { .add($0) }
    }

    private func removals(
        of partition: [String: Scalar], keeping prepared: PreparedCommit?, on snapshot: DeltaSnapshot,
        _ nowMillis: Int64
    ) throws(LakeError) -> [Action] {
        if snapshot.metadata.isAppendOnly { throw .appendOnly(table: snapshot.metadata.displayName) }
        var wanted: [String: String?] = [:]
        for (column, value) in partition {
            guard snapshot.partitionColumns.contains(column), let field = snapshot.schema.field(named: column) else {
                throw .invalidRequest(
                    reason: "\(column) is not a partition column of the table \(snapshot.metadata.displayName)",
                    hint: snapshot.partitionColumns.isEmpty
                        ? "The table has no partitions; overwrite it as a whole."
                        : "Use \(snapshot.partitionColumns.joined(separator: ", ")).")
            }
            wanted[column] = .some(PartitionValue.text(value, type: field.type))
        }
        let kept = Set(prepared?.files.map(\.path) ?? [])
        let removed = snapshot.files.filter { file in
            !kept.contains(file.path)
                && wanted.allSatisfy { column, value in
                    let text = (file.partitionValues[column] ?? nil).flatMap { $0.isEmpty ? nil : $0 }
                    return text == value
                }
        }
        return removed.map { .remove(Self.removal($0, nowMillis, dataChange: true)) }
    }

    private static func removal(_ file: AddFile, _ nowMillis: Int64, dataChange: Bool) -> RemoveFile {
        RemoveFile(
            path: file.path, deletionTimestamp: nowMillis, dataChange: dataChange,
            partitionValues: file.partitionValues, size: file.size)
    }
}
