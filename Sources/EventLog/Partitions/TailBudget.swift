internal import Base
internal import Synchronization

/// What the tails of all partitions together hold in memory: the batch that was appended longest ago goes first, whichever
/// partition it is in.
final class TailBudget: Sendable {
    /// One batch in a partition's tail.
    private struct Entry {
        weak var partition: PartitionLog?
        let end: Int64
        let cost: Int
    }

    private struct State {
        /// In the order of their appends; those before `first` have been let go.
        var entries: [Entry?] = []
        var first = 0
        var bytes = 0
    }

    /// The name under which the program's memory governor knows it.
    static let holder = "log tails"

    let bytesMax: Int
    private let governor: MemoryGovernor?
    private let state = Mutex(State())

    /// - Parameter governor: is told what is held, and has it shrink while the program holds too much.
    init(bytesMax: Int, governor: MemoryGovernor?) { (self.bytesMax, self.governor) = (bytesMax, governor) }

    deinit { governor?.release(state.withLock { $0.bytes }, from: Self.holder) }

    var heldBytes: Int { state.withLock { $0.bytes } }

    /// Takes note of batches that are in a partition's tail now, and has as many of the oldest go as must.
    ///
    /// - Parameter batches: where each ends, and its cost, in the order of their offsets.
    func added(_ batches: [(end: Int64, cost: Int)], to partition: PartitionLog) {
        let added = batches.reduce(0) { $0 + $1.cost }
        governor?.charge(added, to: Self.holder)
        var excess = governor.map { $0.heldBytes - $0.budgetBytes } ?? 0
        let gone = state.withLock { state in
            for (end, cost) in batches { state.entries.append(Entry(partition: partition, end: end, cost: cost)) }
            state.bytes += added
            excess = max(excess, state.bytes - bytesMax)
            return Self.takeOldest(excess, from: &state)
        }
        // Not under the lock of the budget: a partition's own is taken for each.
        for entry in gone { entry.partition?.dropTail(upTo: entry.end) }
        governor?.release(gone.reduce(0) { $0 + $1.cost }, from: Self.holder)
    }

    private static func takeOldest(_ excess: Int, from state: inout State) -> [Entry] {
        var (gone, left) = ([Entry](), excess)
        while left > 0, state.first < state.entries.count {
            if let entry = state.entries[state.first] {
                gone.append(entry)
                left -= entry.cost
                state.bytes -= entry.cost
            }
            state.entries[state.first] = nil
            state.first += 1
        }
        if state.first > 64, state.first * 2 > state.entries.count {
            state.entries.removeFirst(state.first)
            state.first = 0
        }
        return gone
    }

    /// Gives back what the tail of a partition that is gone has held.
    func forget(_ partition: PartitionLog) {
        let freed = state.withLock { state in
            let mine = state.entries.reduce(0) { $0 + ($1.map { $0.partition === partition ? $0.cost : 0 } ?? 0) }
            if mine > 0 {
                state.entries.removeFirst(state.first)
                state.first = 0
                state.entries.removeAll { $0?.partition === partition }
                state.bytes -= mine
            }
            return mine
        }
        governor?.release(freed, from: Self.holder)
    }

    /// Gives everything back, whoever's it is. The tails themselves keep what they have until they go.
    func close() {
        let freed = state.withLock { state in
            defer { state = State() }
            return state.bytes
        }
        governor?.release(freed, from: Self.holder)
    }
}
