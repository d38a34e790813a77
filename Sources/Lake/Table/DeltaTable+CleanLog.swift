internal import Base
internal import Storage

extension DeltaTable {
    /// Deletes commits and checkpoints that tell only of versions older than the limit, oldest first.
    ///
    /// The newest checkpoint from before the limit stays, with all commits from it on; it is read once to be sure of it. So
    /// every version since then can still be read, and so can the table as it was at the limit.
    ///
    /// - Parameters:
    ///   - olderThanMicros: how long ago, at least; nil for the table's `delta.logRetentionDuration`, 30 days if it has none.
    ///   - mayGoOn: asked before each file is deleted.
    /// - Returns: how many files were deleted; 0 where `delta.enableExpiredLogCleanup` is false.
    @discardableResult
    public func cleanLog(
        olderThanMicros: Int64? = nil, mayGoOn: () -> Bool = { true }
    ) throws(LakeError) -> Int {
        let current = try snapshot()
        try TableFeatures.checkWritable(current.tableProtocol, current.metadata)
        guard current.metadata.configuration["delta.enableExpiredLogCleanup"]?.lowercased() != "false" else { return 0 }
        let limitMicros = clock.nowMicros() - (olderThanMicros ?? current.metadata.logRetentionMillis * 1000)
        let objects = try storing { () throws(StorageError) in try store.list(prefix: log.names.folder + "/") }
        let written = Dictionary(objects.map { ($0.path, $0.modifiedMicros) }) { first, _ in first }
        let old = LogListing(names: log.names, objects: objects).checkpoints.filter { checkpoint in
            checkpoint.paths.allSatisfy { (written[$0] ?? .max) < limitMicros }
        }
        guard let kept = old.max(by: { $0.version < $1.version }) else { return 0 }
        let unneeded = objects.map(\.path).filter { path in
            switch log.names.kind(path) {
            case .commit(let version), .checkpoint(let version, _, _): version < kept.version
            case .other: false
            }
        }
        guard !unneeded.isEmpty else { return 0 }
        var replay = LogReplay()
        try CheckpointReader(store: store).read(kept.paths) { replay.apply($0) }
        replay.endCheckpoint(version: kept.version)
        _ = try replay.snapshot(location: location)
        var deleted = 0
        for path in unneeded {
            guard mayGoOn() else { break }
            try storing { () throws(StorageError) in try store.delete(path) }
            deleted += 1
        }
        return deleted
    }
}
