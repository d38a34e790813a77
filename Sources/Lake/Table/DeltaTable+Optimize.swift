public import Columnar
internal import Storage

/// What `optimize` did.
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
        try TableFeatures.checkWritable(current.tableProtocol, current.metadata)
        var outcome = OptimizeOutcome()
        let predicates = partition.map { column, value -> FilePredicate in
            value.isNull ? .isNull(column) : .equals(column, value)
        }
        for heap in Compaction.heaps(try current.files(where: predicates), fileBytes: Int64(options.fileBytes)) {
            let written = try rewrite(heap, of: current, options: options)
            do throws(LakeError) {
                _ = try commit(.rearrange(removed: heap, added: written.files), transaction: nil)
                outcome.filesRemoved += heap.count
                outcome.filesAdded += written.files.count
            } catch {
                guard case .conflict = error else { throw error }
                try abort([written])
                outcome.conflicts += 1
            }
        }
        return outcome
    }

    private func rewrite(
        _ heap: [AddFile], of snapshot: DeltaSnapshot, options: AppendOptions
    ) throws(LakeError) -> PreparedCommit {
        // The size of the result is that of its parts, so one file is what comes out.
        var wide = options
        wide.fileBytes = .max
        let appender = DeltaAppender(
            store: store, table: path, metadata: snapshot.metadata, options: wide, clock: clock,
            identifiers: identifiers)
        for file in heap {
            try scan(file, of: snapshot, schema: appender.schema) { batch throws(LakeError) in try appender.write(batch)
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

/// Decides which files are worth being written together.
enum Compaction {
    /// Files of one partition, each smaller than `fileBytes` and together not much larger, two a heap at least.
    static func heaps(_ files: [AddFile], fileBytes: Int64) -> [[AddFile]] {
        var byPartition: [[String: String?]: [AddFile]] = [:]
        var order: [[String: String?]] = []
        for file in files where file.size < fileBytes {
            if byPartition[file.partitionValues] == nil { order.append(file.partitionValues) }
            byPartition[file.partitionValues, default: []].append(file)
        }
        var heaps: [[AddFile]] = []
        for partition in order {
            var heap: [AddFile] = []
            var bytes: Int64 = 0
            let smallestFirst = (byPartition[partition] ?? []).sorted { ($0.size, $0.path) < ($1.size, $1.path) }
            for file in smallestFirst {
                if bytes + file.size > fileBytes, !heap.isEmpty {
                    if heap.count > 1 { heaps.append(heap) }
                    (heap, bytes) = ([], 0)
                }
                heap.append(file)
                bytes += file.size
            }
            if heap.count > 1 { heaps.append(heap) }
        }
        return heaps
    }
}
