internal import Synchronization

/// The watermark of the whole job, which all workers read before they poll and announce behind the rows they sent.
///
/// It is the least of all sources' and never goes back. It stands still while a source has partitions that the job does
/// not read yet: nobody knows what they hold.
final class WatermarkBoard: Sendable {
    private struct State {
        var sources: [SourceWatermarks]
        var global: Int64
    }
    private let state: Mutex<State>
    private let current: Atomic<Int64>
    private let hasUnreadPartitions: @Sendable () -> Bool

    init(
        sources: [SourceWatermarks], initial: Int64, hasUnreadPartitions: @escaping @Sendable () -> Bool = { false }
    ) {
        self.hasUnreadPartitions = hasUnreadPartitions
        state = Mutex(State(sources: sources, global: initial))
        current = Atomic(initial)
    }

    var watermark: Int64 { current.load(ordering: .acquiring) }

    /// Applies a change and gives the new watermark if it moved.
    func update(now: Int64, _ change: (inout [SourceWatermarks]) -> Void) -> Int64? {
        state.withLock { state in
            change(&state.sources)
            guard !state.sources.isEmpty else { return nil }
            // All idle: the watermark holds.
            let candidates = state.sources.compactMap { $0.watermark(now: now) }
            guard candidates.count > 0, let least = candidates.min(), least > state.global, !hasUnreadPartitions()
            else { return nil }
            state.global = least
            current.store(least, ordering: .releasing)
            return least
        }
    }

    func nextDeadline(now: Int64) -> Int64? {
        state.withLock { $0.sources.compactMap { $0.nextDeadline(now: now) }.min() }
    }

    /// The state of one source, for status and tests.
    func snapshot() -> [SourceWatermarks] { state.withLock { $0.sources } }
}
