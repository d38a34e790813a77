internal import Base
internal import Storage

/// What `vacuum` deleted, or would have deleted.
public struct VacuumOutcome: Sendable, Hashable {
    /// In the store, sorted.
    public var paths: [String] = []
    public var byteCount: Int64 = 0
    /// Unfinished files that a crash left.
    public var stagedFiles = 0
}

extension DeltaTable {
    /// Deletes files that no snapshot within the retention needs: removed ones, and those of commits that never came.
    ///
    /// A file stays if it is part of the table, was removed after the limit, or was written after the limit, as then its
    /// commit may still come.
    ///
    /// - Parameters:
    ///   - olderThanMicros: how long ago, at least; nil for the table's `delta.deletedFileRetentionDuration`, a week if
    ///     it has none. Readers of snapshots that are older lose their files.
    ///   - dryRun: whether to only say what would be deleted.
    public func vacuum(olderThanMicros: Int64? = nil, dryRun: Bool = false) throws(LakeError) -> VacuumOutcome {
        let current = try snapshot()
        try TableFeatures.checkWritable(current.tableProtocol, current.metadata)
        let age = olderThanMicros ?? current.metadata.deletedFileRetentionMillis * 1000
        guard age >= 0 else {
            throw .invalidRequest(reason: "an age of \(age) microseconds", hint: "Give an age of 0 or more.")
        }
        let limitMicros = clock.nowMicros() - age
        var kept: Set<String> = []
        for file in current.filesByPath.values {
            if let object = try? TablePath.object(of: file, in: path) { kept.insert(object) }
        }
        for file in current.tombstones.values where (file.deletionTimestamp ?? 0) * 1000 > limitMicros {
            kept.insert(TablePath.object(URIText.decode(file.path), in: path))
        }
        var outcome = VacuumOutcome()
        let prefix = path.isEmpty ? "" : path + "/"
        for object in try storing({ () throws(StorageError) in try store.list(prefix: prefix) })
        where !kept.contains(object.path) && object.modifiedMicros < limitMicros
            && !Self.isHidden(object.path.dropFirst(prefix.count))
        {
            if !dryRun { try storing { () throws(StorageError) in try store.delete(object.path) } }
            outcome.paths.append(object.path)
            outcome.byteCount += Int64(object.size)
        }
        if !dryRun {
            outcome.stagedFiles = try storing { () throws(StorageError) in
                try store.removeStagedFiles(olderThanMicros: limitMicros)
            }
        }
        return outcome
    }

    /// The log, and whatever else is not data: names with `_` or `.` in front, but for folders of partitions.
    private static func isHidden(_ relativePath: Substring) -> Bool {
        relativePath.split(separator: "/").contains { name in
            (name.hasPrefix("_") || name.hasPrefix(".")) && !name.contains("=")
        }
    }
}
