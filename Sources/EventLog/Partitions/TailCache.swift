/// The newest batches of a partition, so that readers at its end need no disk.
struct TailCache: Sendable {
    struct Batch: Sendable {
        let baseOffset: Int64
        let nextOffset: Int64
        let bytes: [UInt8]
    }

    let bytesMax: Int
    private var batches: [Batch] = []
    /// Batches before this one have been let go.
    private var first = 0
    private var byteCount = 0

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    mutating func append(_ batch: Batch) {
        batches.append(batch)
        byteCount += batch.bytes.count
        while byteCount > bytesMax, first < batches.count {
            byteCount -= batches[first].bytes.count
            first += 1
        }
        // Removing from the front moves all that is left, so it is done for many at once.
        if first > 64, first * 2 > batches.count {
            batches.removeFirst(first)
            first = 0
        }
    }

    mutating func removeAll() { self = TailCache(bytesMax: bytesMax) }

    /// Whole batches from the one that holds `offset`, none that begins at or after `end`; nil when the cache begins later.
    func batches(from offset: Int64, before end: Int64, bytesMax: Int) -> ArraySlice<Batch>? {
        guard first < batches.count, batches[first].baseOffset <= offset else { return nil }
        var (low, high) = (first, batches.count)
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].nextOffset <= offset { low = middle + 1 } else { high = middle }
        }
        var (stop, total) = (low, 0)
        while stop < batches.count, batches[stop].baseOffset < end {
            total += batches[stop].bytes.count
            if total > bytesMax, stop > low { break }
            stop += 1
        }
        return batches[low..<stop]
    }
}
