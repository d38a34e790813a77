/// The newest batches of a partition, so that readers at its end need no disk. `TailBudget` says how many it may have.
struct TailCache: Sendable {
    struct Batch: Sendable {
        let baseOffset: Int64
        let nextOffset: Int64
        let bytes: [UInt8]

        /// What it takes of the budget: its bytes, and what points at them here and there.
        var cost: Int { bytes.count + 128 }
        fileprivate static let gone = Batch(baseOffset: 0, nextOffset: 0, bytes: [])
    }

    private var batches: [Batch] = []
    /// Batches before this one have been let go.
    private var first = 0

    /// - Precondition: the batch follows the last one.
    mutating func append(_ batch: Batch) { batches.append(batch) }

    /// Lets go of the batches that end at or before `offset`; their bytes are free when this returns.
    mutating func drop(upTo offset: Int64) {
        while first < batches.count, batches[first].nextOffset <= offset {
            batches[first] = .gone
            first += 1
        }
        if first == batches.count { return removeAll() }
        // Removing from the front moves all that is left, so it is done for many at once.
        if first > 64, first * 2 > batches.count {
            batches.removeFirst(first)
            first = 0
        }
    }

    /// The bytes of batches that it keeps from being freed.
    var heldBytes: Int { batches.reduce(0) { $0 + $1.bytes.count } }

    mutating func removeAll() { self = TailCache() }

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
