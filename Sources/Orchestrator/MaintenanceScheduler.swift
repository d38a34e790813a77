/// Decides when tables of files are compacted and vacuumed: takes events and the time, gives actions. One at a time, so
/// that the machine is the streams'.
///
/// - A table is compacted when enough small files have gathered, and its last compaction began long enough ago.
/// - A table that was changed is vacuumed after a while, and again for as long as there are removed files that wait for
///   the end of their retention.
/// - Work that failed, or that could not be done yet, is tried again later, each time after twice the wait.
/// - First due, first served; a table whose files gather all the time cannot keep the others waiting.
public struct MaintenanceScheduler: Sendable {
    public enum Work: Sendable, Hashable, CaseIterable { case compact, vacuum }

    public struct Table: Sendable, Hashable {
        public let id: NodeID
        public let compacts: Bool
        /// The least time between the starts of two compactions, in microseconds.
        public let compactEveryMicros: Int64
        /// The least time between the starts of two vacuums, in microseconds.
        public let vacuumEveryMicros: Int64

        public init(_ id: NodeID, compacts: Bool, compactEveryMicros: Int64, vacuumEveryMicros: Int64) {
            self.id = id
            self.compacts = compacts
            self.compactEveryMicros = compactEveryMicros
            self.vacuumEveryMicros = vacuumEveryMicros
        }
    }

    public enum Event: Sendable, Hashable {
        /// Somebody has looked at the table: so many files are worth being written together.
        case looked(NodeID, filesToCompact: Int)
        /// The work was done; `hasMore` tells that not all of it was.
        case done(Work, NodeID, hasMore: Bool)
        /// The work could not be done now: something that it must wait for still runs, or memory is short.
        case postponed(Work, NodeID)
        case failed(Work, NodeID)
        case timePassed
    }

    public enum Action: Sendable, Hashable {
        /// Do this now, and tell what came of it. `attempt` counts from 1, again after each success.
        case run(Work, NodeID, attempt: Int)
        /// Nothing to do before this time unless something happens; always alone.
        case wait(untilMicros: Int64)
    }

    private struct State: Sendable {
        var dueMicros: Int64?
        var startedMicros: Int64
        var failures = 0
    }
    private struct Key: Hashable, Sendable, Comparable {
        let id: NodeID
        let work: Work
        static func < (left: Key, right: Key) -> Bool {
            left.id == right.id ? left.work == .compact && right.work == .vacuum : left.id < right.id
        }
    }

    private let tables: [NodeID: Table]
    private let backoff: Backoff
    private var states: [Key: State] = [:]
    private var running: Key?
    private var nowMicros: Int64

    /// - Parameters:
    ///   - firstVacuumMicros: after so long at the latest, what an earlier life of the program has left is looked after.
    ///   - nowMicros: all times count from here: nothing is compacted before an interval has passed.
    public init(
        _ tables: [Table], backoff: Backoff = .init(firstMicros: 5_000_000),
        firstVacuumMicros: Int64 = .max, nowMicros: Int64
    ) {
        self.tables = Dictionary(tables.map { ($0.id, $0) }) { first, _ in first }
        self.backoff = backoff
        self.nowMicros = nowMicros
        for table in tables {
            states[Key(id: table.id, work: .compact)] = State(startedMicros: nowMicros)
            states[Key(id: table.id, work: .vacuum)] = State(
                dueMicros: nowMicros + min(table.vacuumEveryMicros, firstVacuumMicros), startedMicros: nowMicros)
        }
    }

    /// - Parameter time: in microseconds; a time before one that was told already counts as that one.
    public mutating func handle(_ event: Event, at time: Int64) -> Action? {
        nowMicros = max(nowMicros, time)
        switch event {
        case .looked(let id, let files):
            guard let table = tables[id], table.compacts else { break }
            let key = Key(id: id, work: .compact)
            guard files > 0 else {
                states[key]!.dueMicros = nil
                states[key]!.failures = 0
                break
            }
            if states[key]!.dueMicros == nil {
                states[key]!.dueMicros = states[key]!.startedMicros + table.compactEveryMicros
            }
        case .done(let work, let id, let hasMore):
            guard let key = ended(work, id) else { break }
            states[key]!.failures = 0
            states[key]!.dueMicros = nil
            switch work {
            case .compact:
                // Even if nothing was left to do, the files that were removed have to go some time.
                if hasMore { states[key]!.dueMicros = nowMicros + tables[id]!.compactEveryMicros }
            case .vacuum:
                // Removed files grow old without anything happening to the table.
                states[key]!.dueMicros =
                    hasMore ? nowMicros + backoff.firstMicros : states[key]!.startedMicros + interval(key)
            }
        case .postponed(let work, let id), .failed(let work, let id):
            guard let key = ended(work, id) else { break }
            states[key]!.failures += 1
            states[key]!.dueMicros = nowMicros + backoff.wait(after: states[key]!.failures)
        case .timePassed: break
        }
        return next()
    }

    private mutating func ended(_ work: Work, _ id: NodeID) -> Key? {
        guard let key = running, key == Key(id: id, work: work) else { return nil }
        running = nil
        return key
    }

    private func interval(_ key: Key) -> Int64 {
        guard let table = tables[key.id] else { return 0 }
        return key.work == .compact ? table.compactEveryMicros : table.vacuumEveryMicros
    }

    private mutating func next() -> Action? {
        guard running == nil else { return nil }
        let waiting = states.compactMap { key, state in state.dueMicros.map { (due: $0, key: key) } }
        guard let first = waiting.min(by: { ($0.due, $0.key) < ($1.due, $1.key) }) else { return nil }
        guard first.due <= nowMicros else { return .wait(untilMicros: first.due) }
        running = first.key
        states[first.key]!.startedMicros = nowMicros
        return .run(first.key.work, first.key.id, attempt: states[first.key]!.failures + 1)
    }
}
