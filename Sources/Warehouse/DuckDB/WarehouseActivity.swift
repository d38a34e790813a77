internal import Synchronization

/// A moment in a warehouse's life; see `WarehouseEngine.mark()`.
public struct ActivityMark: Sendable, Hashable {
    /// All that began before has a lower number.
    let next: UInt64
}

/// Knows what runs: sessions and queries are numbered as they begin.
///
/// So files that a view named can be deleted once nothing is left that began before the view was made anew.
final class WarehouseActivity: Sendable {
    private struct State {
        var next: UInt64 = 0
        var running: Set<UInt64> = []
    }
    private let state = Mutex(State())

    func begin() -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.running.insert(state.next)
            return state.next
        }
    }

    func end(_ entry: UInt64) { state.withLock { _ = $0.running.remove(entry) } }

    func mark() -> ActivityMark { state.withLock { ActivityMark(next: $0.next) } }
    func isOver(_ mark: ActivityMark) -> Bool { state.withLock { $0.running.allSatisfy { $0 >= mark.next } } }
}
