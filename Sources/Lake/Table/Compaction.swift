/// When a table's files are worth being written together by themselves.
public struct CompactionPolicy: Sendable, Hashable {
    /// What a file should have, in bytes; larger ones are left alone.
    public var fileBytes: Int64
    /// So many files of about one size in one partition are too many.
    public var filesMin: Int

    public init(fileBytes: Int64 = 128 << 20, filesMin: Int = 16) {
        precondition(fileBytes > 0 && filesMin > 1)
        (self.fileBytes, self.filesMin) = (fileBytes, filesMin)
    }

    /// Files that differ by less than this count as of one size: 1 MiB where files should have 128.
    var floorBytes: Int64 { fileBytes >> 7 }
}

/// Decides which files are worth being written together. Nothing here does I/O.
enum Compaction {
    /// All files of a partition that are smaller than `fileBytes`, two a heap at least.
    static func heaps(_ files: [AddFile], fileBytes: Int64) -> [[AddFile]] {
        partitions(files, fileBytes: fileBytes).flatMap { smallestFirst -> [[AddFile]] in
            var heaps: [[AddFile]] = []
            var heap: [AddFile] = []
            var bytes: Int64 = 0
            for file in smallestFirst {
                if bytes + file.size > fileBytes, !heap.isEmpty {
                    if heap.count > 1 { heaps.append(heap) }
                    (heap, bytes) = ([], 0)
                }
                heap.append(file)
                bytes += file.size
            }
            if heap.count > 1 { heaps.append(heap) }
            return heaps
        }
    }

    /// Only heaps that are worth it for a table that grows all the time: `filesMin` files, or enough bytes for a whole file.
    ///
    /// A file joins a heap only if it is at most twice as large as all smaller ones there together, so that a row is
    /// written again only with about half as many new ones: as often as the logarithm of the file's size says, and not
    /// with every compaction. Source: size-tiered compaction, as in O'Neil et al., "The Log-Structured Merge-Tree", 1996.
    static func tiers(_ files: [AddFile], _ policy: CompactionPolicy) -> [[AddFile]] {
        partitions(files, fileBytes: policy.fileBytes).flatMap { smallestFirst -> [[AddFile]] in
            var heaps: [[AddFile]] = []
            var heap: [AddFile] = []
            var bytes: Int64 = 0
            func close(atLeast count: Int) {
                if heap.count >= count { heaps.append(inTheOrderOfTheirCommits(heap)) }
                (heap, bytes) = ([], 0)
            }
            for file in smallestFirst {
                if bytes + file.size > policy.fileBytes {
                    close(atLeast: 2)
                } else if file.size > max(policy.floorBytes, 2 * bytes) {
                    close(atLeast: policy.filesMin)
                }
                heap.append(file)
                bytes += file.size
            }
            close(atLeast: policy.filesMin)
            return heaps
        }
    }

    /// So that rows that came together stay together, and ranges of times stay narrow.
    private static func inTheOrderOfTheirCommits(_ heap: [AddFile]) -> [AddFile] {
        heap.sorted { ($0.modificationTime, $0.path) < ($1.modificationTime, $1.path) }
    }

    /// Each partition's files below `fileBytes`, the smallest first; partitions in the order of their first files.
    private static func partitions(_ files: [AddFile], fileBytes: Int64) -> [[AddFile]] {
        var byPartition: [[String: String?]: [AddFile]] = [:]
        var order: [[String: String?]] = []
        for file in files where file.size < fileBytes {
            if byPartition[file.partitionValues] == nil { order.append(file.partitionValues) }
            byPartition[file.partitionValues, default: []].append(file)
        }
        return order.map { partition in
            (byPartition[partition] ?? []).sorted { ($0.size, $0.path) < ($1.size, $1.path) }
        }
    }
}
