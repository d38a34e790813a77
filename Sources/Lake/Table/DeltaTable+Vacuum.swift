internal import Base
internal import Storage
internal import Synchronization

/// What `vacuum` deleted, or would have deleted.
public struct VacuumOutcome: Sendable, Hashable {
    /// In the store, sorted.
    public var paths: [String] = []
    public var byteCount: Int64 = 0
    /// Unfinished files that a crash left.
    public var stagedFiles = 0
    /// Whether it was told to end before all was done.
    public var hasMore = false
}

extension DeltaTable {
    /// Deletes files that no snapshot within the retention needs: removed ones, and those of commits that never came.
    ///
    /// A file stays if it is part of the table, was removed after the limit, or was written after the limit, as then its
    /// commit may still come. Files that appenders of this object have prepared stay until they are committed, aborted or
    /// disowned, however long ago that was; those that an earlier process has prepared are its heir's to commit before
    /// it calls this.
    ///
    /// - Parameters:
    ///   - olderThanMicros: how long ago, at least; nil for the table's `delta.deletedFileRetentionDuration`, a week if
    ///     it has none. Readers of snapshots that are older lose their files.
    ///   - shown: a snapshot that is still read: its files stay, and whatever was removed after it. nil for none.
    ///   - orphans: whether also files go that no commit names, such as those of a process that died. To find them, the whole
    ///     folder is listed; removed files are known from the log alone.
    ///   - mayGoOn: asked before each file is deleted.
    ///   - removesStaged: whether also unfinished files go, those of other tables in the store too; only for who knows
    ///     that nobody writes there for as long as the retention.
    ///   - dryRun: whether to only say what would be deleted.
    public func vacuum(
        olderThanMicros: Int64? = nil, keeping shown: DeltaSnapshot? = nil, orphans: Bool = true,
        removesStaged: Bool = true, dryRun: Bool = false, mayGoOn: () -> Bool = { true }
    ) throws(LakeError) -> VacuumOutcome {
        let prefix = path.isEmpty ? "" : path + "/"
        // In this order: a file moves from pending to committed, and so it is found in one of the two.
        let objects = orphans ? try storing { () throws(StorageError) in try store.list(prefix: prefix) } : nil
        let uncommitted = pending.all
        let current = try snapshot()
        try TableFeatures.checkWritable(current.tableProtocol, current.metadata)
        let age = olderThanMicros ?? current.metadata.deletedFileRetentionMillis * 1000
        guard age >= 0 else {
            throw .invalidRequest(reason: "an age of \(age) microseconds", hint: "Give an age of 0 or more.")
        }
        let limitMicros = clock.nowMicros() - age
        var kept: Set<String> = []
        for snapshot in [current, shown] {
            for file in (snapshot?.filesByPath ?? [:]).values {
                if let object = try? TablePath.object(of: file, in: path) { kept.insert(object) }
            }
        }
        for logPath in uncommitted { kept.insert(TablePath.object(URIText.decode(logPath), in: path)) }
        var expired: [String: RemoveFile] = [:]
        for file in current.tombstones.values {
            let isNeeded =
                (file.deletionTimestamp ?? 0) * 1000 > limitMicros
                || shown.map { $0.tombstones[file.path] == nil } == true
            if isNeeded {
                kept.insert(TablePath.object(URIText.decode(file.path), in: path))
            } else {
                expired[TablePath.object(URIText.decode(file.path), in: path)] = file
            }
        }
        let unneeded: [(path: String, bytes: Int64)] =
            objects?.filter { $0.modifiedMicros < limitMicros && !Self.isHidden($0.path.dropFirst(prefix.count)) }
            .map { ($0.path, Int64($0.size)) }
            ?? expired.map { ($0.key, $0.value.size ?? 0) }.sorted { $0.0 < $1.0 }
        var outcome = VacuumOutcome()
        for (object, bytes) in unneeded where !kept.contains(object) {
            guard mayGoOn() else {
                outcome.hasMore = true
                break
            }
            if !dryRun { try storing { () throws(StorageError) in try store.delete(object) } }
            outcome.paths.append(object)
            outcome.byteCount += bytes
        }
        if dryRun { return outcome }
        let gone = outcome.hasMore ? outcome.paths.compactMap { expired[$0]?.path } : expired.values.map(\.path)
        forget(Set(gone), upTo: current.version)
        if removesStaged {
            outcome.stagedFiles = try storing { () throws(StorageError) in
                try store.removeStagedFiles(olderThanMicros: limitMicros)
            }
        }
        return outcome
    }

    /// Takes no more memory for removed files that are gone.
    private func forget(_ tombstones: Set<String>, upTo version: Int64) {
        guard !tombstones.isEmpty else { return }
        latest.withLock { latest in
            // Whoever is faster has a snapshot with them again; the next vacuum forgets them.
            if let known = latest, known.version == version { latest = known.withoutTombstones(tombstones) }
        }
    }

    /// The log, and whatever else is not data: names with `_` or `.` in front, but for folders of partitions.
    private static func isHidden(_ relativePath: Substring) -> Bool {
        relativePath.split(separator: "/").contains { name in
            (name.hasPrefix("_") || name.hasPrefix(".")) && !name.contains("=")
        }
    }
}
