internal import Synchronization

/// Knows what buffers, state, caches and engines hold, and how much the program may have.
///
/// Holders ask before they grow. A refused holder spills, shrinks or waits; nothing is killed.
public final class MemoryGovernor: Sendable {
    /// How much the program may have, in bytes.
    public let budgetBytes: Int
    private let held = Mutex<[String: Int]>([:])

    public init(budgetBytes: Int) { self.budgetBytes = budgetBytes }

    /// A part of the budget for an engine that keeps its own account (DuckDB, RocksDB's cache).
    ///
    /// - Parameter share: between 0 and 1.
    public func carve(_ holder: String, share: Double) -> Int {
        let bytes = Int(Double(budgetBytes) * share)
        held.withLock { $0[holder, default: 0] += bytes }
        return bytes
    }

    /// Takes `bytes` for `holder` if the budget has room for them; false, with nothing taken, if not.
    public func reserve(_ bytes: Int, for holder: String) -> Bool {
        held.withLock { held in
            let total = held.values.reduce(0, +)
            guard total + bytes <= budgetBytes else { return false }
            held[holder, default: 0] += bytes
            return true
        }
    }

    /// Takes `bytes` whether or not there is room: what is already in memory must be accounted for.
    public func charge(_ bytes: Int, to holder: String) { held.withLock { $0[holder, default: 0] += bytes } }

    public func release(_ bytes: Int, from holder: String) {
        held.withLock { held in
            held[holder, default: 0] -= bytes
            precondition(held[holder]! >= 0, "\(holder) gave back more than it held")
        }
    }

    public var heldBytes: Int { held.withLock { $0.values.reduce(0, +) } }
    /// What each holder has, in bytes.
    public var holders: [String: Int] { held.withLock { $0 } }
}
