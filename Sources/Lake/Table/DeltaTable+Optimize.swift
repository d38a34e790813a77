public import Columnar
internal import Storage

/// What `optimize` and `compact` did.
public struct OptimizeOutcome: Sendable, Hashable {
    public var filesRemoved = 0
    public var filesAdded = 0
    /// Heaps of files that another writer changed meanwhile, and which were left as they are.
    public var conflicts = 0
}

extension DeltaTable {
    /// Writes the small files of each partition into larger ones. The rows stay the same, and so do older snapshots.
    ///
    /// Safe beside appends: what comes meanwhile is not touched. A heap of files of which one is removed meanwhile is left
    /// as it is, and counted.
    ///
    /// - Parameters:
    ///   - partition: only there; empty for the whole table.
    ///   - options: `fileBytes` is what a file should have; smaller ones are taken together up to it.
    public func optimize(
        partition: [String: Scalar] = [:], options: AppendOptions = AppendOptions()
    ) throws(LakeError) -> OptimizeOutcome {
        let current = try snapshot()
        let predicates = partition.map { column, value -> FilePredicate in
            value.isNull ? .isNull(column) : .equals(column, value)
        }
        let heaps = Compaction.heaps(try current.files(where: predicates), fileBytes: Int64(options.fileBytes))
        return try rearrange(heaps, of: current, options: options) { false }
    }

    /// Writes together only what is worth it in a table that grows all the time; see `CompactionPolicy`.
    ///
    /// Like `optimize`, this is safe beside appends, and an append never fails or waits for longer than one write to the
    /// log because of it. Memory is that of two row groups, however large the files are.
    ///
    /// - Parameters:
    ///   - options: `rowGroupBytes` bounds the memory; `fileBytes` is not looked at.
    ///   - isStopped: asked before every batch.
    /// - Throws: `stopped`, with the heaps before done and nothing of the one under way.
    public func compact(
        _ policy: CompactionPolicy, options: AppendOptions = AppendOptions(), isStopped: () -> Bool = { false }
    ) throws(LakeError) -> OptimizeOutcome {
        let current = try snapshot()
        return try rearrange(
            Compaction.tiers(current.files, policy), of: current, options: options, isStopped: isStopped)
    }

    private func rearrange(
        _ heaps: [[AddFile]], of current: DeltaSnapshot, options: AppendOptions, isStopped: () -> Bool
    ) throws(LakeError) -> OptimizeOutcome {
        try TableFeatures.checkWritable(current.tableProtocol, current.metadata)
        var outcome = OptimizeOutcome()
        for heap in heaps {
            let written = try rewrite(heap, of: current, options: options, isStopped: isStopped)
            do throws(LakeError) {
                _ = try commit(.rearrange(removed: heap, added: written.files), transaction: nil)
                outcome.filesRemoved += heap.count
                outcome.filesAdded += written.files.count
            } catch {
                if case .commitUnknown = error { throw error }
                // A full disk must not become fuller with every attempt. What the table has stays.
                try? abort([written])
                guard case .conflict = error else { throw error }
                outcome.conflicts += 1
            }
        }
        return outcome
    }

    private func rewrite(
        _ heap: [AddFile], of snapshot: DeltaSnapshot, options: AppendOptions, isStopped: () -> Bool
    ) throws(LakeError) -> PreparedCommit {
        // The size of the result is that of its parts, so one file is what comes out.
        var wide = options
        wide.fileBytes = .max
        wide.endsRowGroups = true
        let appender = DeltaAppender(
            store: store, table: path, metadata: snapshot.metadata, options: wide, clock: clock,
            identifiers: identifiers, pending: pending)
        for file in heap {
            try scan(file, of: snapshot, schema: appender.schema, batchRows: 8192) { batch throws(LakeError) in
                if isStopped() { throw .stopped(table: snapshot.metadata.displayName) }
                try appender.write(batch)
            }
        }
        let written = try appender.prepare()
        let expected = heap.reduce(Int64?(0)) { sum, file in
            sum.flatMap { sum in FileStatistics.rowCount(file.stats).map { sum + $0 } }
        }
        if let expected, written.rowCount != expected {
            try abort([written])
            throw .dataFile(
                path: heap[0].path,
                reason: "\(heap.count) files have \(written.rowCount) rows, but the log says \(expected)")
        }
        return PreparedCommit(
            tableID: written.tableID,
            files: written.files.map { file in
                var file = file
                file.dataChange = false
                return file
            }, schema: written.schema, partitionColumns: written.partitionColumns, rowCount: written.rowCount)
    }
}

extension DeltaSnapshot {
    /// How many files `compact` would write together, over all partitions.
    public func filesToCompact(_ policy: CompactionPolicy) -> Int {
        Compaction.tiers(Array(filesByPath.values), policy).reduce(0) { $0 + $1.count }
    }
}
