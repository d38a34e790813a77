internal import Base
internal import Foundation
internal import Lake
internal import Orchestrator
internal import ProjectModel
internal import Storage
internal import Synchronization
internal import Warehouse

/// Compacts and vacuums the tables of streams, and cleans up their logs: a thread that asks the `MaintenanceScheduler` what to do, and does it.
///
/// It works behind the streams: a commit waits for no more than one write to the log because of it, and the thread rests
/// for as long as it works. A file is deleted only when its retention is over and nobody can ask for it any more:
///
/// - not the table, nor the snapshot that the warehouse shows;
/// - not a query that began before the warehouse showed a snapshot without it;
/// - not an epoch that is prepared: what this process wrote, its table knows, and what an earlier one left in its checkpoint
///   is committed when the stream starts, before which its table is left alone.
final class TableMaintenance: Sendable {
    /// How often is often enough.
    struct Pace: Sendable {
        var policy = CompactionPolicy()
        /// How often tables are looked at for files that have gathered.
        var lookEveryMicros: Int64 = 5_000_000
        var compactEveryMicros: Int64 = 60_000_000
        /// At most; a short retention makes it more often.
        var vacuumEveryMicros: Int64 = 6 * 3_600_000_000
        var vacuumEveryMicrosMin: Int64 = 30_000_000
        /// Between two files that are deleted, each of which keeps the disk busy for a moment.
        var pauseMicros: Int64 = 2_000

        func vacuumEvery(retention: TimeSpan) -> Int64 {
            max(vacuumEveryMicrosMin, min(vacuumEveryMicros, retention.micros / 16))
        }
    }

    private struct State {
        var isStopping = false
        var isStarted = false
        var problems: [DatasetName: String] = [:]
    }

    /// What the thread remembers of a table.
    private struct Memory {
        var lookedVersion: Int64 = -1
        /// A snapshot that the warehouse shows, or a later one, and the moment since when; waits for older queries to end.
        var leaving: (snapshot: DeltaSnapshot, mark: ActivityMark)?
        /// Whether files of no commit were looked for; later ones wait for the next start.
        var isSearched = false
    }

    /// A longer time than a batch takes; one heap's end is no reason to rest for its whole commit.
    private static let restMicrosMax: Int64 = 100_000

    private let publishers: [NodeID: LakePublisher]
    private let engine: any WarehouseEngine
    private let governor: MemoryGovernor
    private let memoryBytes: Int
    private let pace: Pace
    /// Whether a model's stream has committed what an earlier process prepared; its table is left alone until then.
    private let isReady: @Sendable (DatasetName) -> Bool
    private let clock: any WallClock
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter memoryBytes: what a compaction may take; it waits where the governor has less.
    init(
        _ publishers: [LakePublisher], engine: any WarehouseEngine, governor: MemoryGovernor, memoryBytes: Int,
        pace: Pace = Pace(), clock: any WallClock, isReady: @escaping @Sendable (DatasetName) -> Bool = { _ in true }
    ) {
        self.isReady = isReady
        self.publishers = Dictionary(publishers.map { (NodeID($0.model.description), $0) }) { first, _ in first }
        self.engine = engine
        self.governor = governor
        self.memoryBytes = memoryBytes
        self.pace = pace
        self.clock = clock
    }

    /// Removes unfinished files of an earlier process, before anybody writes.
    static func clearStaging(_ lakeDirectory: String, _ clock: any WallClock) throws {
        try LocalObjectStore(root: lakeDirectory).removeStagedFiles(olderThanMicros: clock.nowMicros())
    }

    /// Begins; all streams must have taken up what their checkpoints hold.
    func start() {
        guard !publishers.isEmpty else { return }
        state.withLock { $0.isStarted = true }
        let thread = Thread { [self] in run() }
        thread.name = "gariep.tables"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Returns once nothing is under way any more. What was not finished leaves the tables as they were.
    func stop() {
        let isRunning = state.withLock { state in
            defer { (state.isStopping, state.isStarted) = (true, false) }
            return state.isStarted
        }
        guard isRunning else { return }
        wake.signal()
        ended.wait()
    }

    /// Why the last attempt at a table failed; nil where it did not.
    func problem(of model: DatasetName) -> String? { state.withLock { $0.problems[model] } }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    // MARK: The thread

    private func run() {
        defer { ended.signal() }
        var scheduler = MaintenanceScheduler(
            publishers.map { id, publisher in
                .init(
                    id, compacts: publisher.compaction == .auto, compactEveryMicros: pace.compactEveryMicros,
                    vacuumEveryMicros: pace.vacuumEvery(retention: publisher.retention))
            }, firstVacuumMicros: pace.compactEveryMicros, nowMicros: clock.nowMicros())
        var memories: [NodeID: Memory] = [:]
        while true {
            _ = wake.wait(timeout: .now() + .microseconds(Int(pace.lookEveryMicros)))
            if isStopping { return }
            var events: [MaintenanceScheduler.Event] = []
            for (id, publisher) in publishers {
                guard let shown = publisher.shown, shown.version != memories[id]?.lookedVersion else { continue }
                memories[id, default: Memory()].lookedVersion = shown.version
                events.append(.looked(id, filesToCompact: shown.filesToCompact(pace.policy)))
            }
            events.append(.timePassed)
            while !events.isEmpty, !isStopping {
                let action = scheduler.handle(events.removeFirst(), at: clock.nowMicros())
                guard case .run(let work, let id, _)? = action, let publisher = publishers[id] else { continue }
                events.append(perform(work, id, publisher, &memories[id, default: Memory()]))
            }
        }
    }

    private func perform(
        _ work: MaintenanceScheduler.Work, _ id: NodeID, _ publisher: LakePublisher, _ memory: inout Memory
    ) -> MaintenanceScheduler.Event {
        guard isReady(publisher.model) else { return .postponed(work, id) }
        do {
            let event: MaintenanceScheduler.Event =
                switch work {
                case .compact: try compact(id, publisher)
                case .vacuum: try vacuum(id, publisher, &memory)
                }
            state.withLock { $0.problems[publisher.model] = nil }
            return event
        } catch LakeError.stopped {
            return .postponed(work, id)
        } catch {
            let text = (error as? any PlatformError)?.report.description ?? "\(error)"
            state.withLock { $0.problems[publisher.model] = "\(work): \(text)" }
            return .failed(work, id)
        }
    }

    private func compact(_ id: NodeID, _ publisher: LakePublisher) throws -> MaintenanceScheduler.Event {
        guard governor.reserve(memoryBytes, for: "maintenance") else { return .postponed(.compact, id) }
        defer { governor.release(memoryBytes, from: "maintenance") }
        let options = AppendOptions(
            rowGroupBytes: max(1 << 20, memoryBytes / 4), memoryBytes: memoryBytes, openFiles: 1)
        // Also after a failure, as a part of the work may be done. Nobody is told: the rows are the same.
        defer { _ = try? publisher.publish() }
        var workedSince = clock.nowMicros()
        let outcome = try publisher.table.compact(pace.policy, options: options) {
            // No lock is held here. A lower priority would be held with one, and streams would wait for it.
            FileSystem.sleep(micros: max(0, min(clock.nowMicros() - workedSince, Self.restMicrosMax)))
            workedSince = clock.nowMicros()
            return isStopping
        }
        return .done(.compact, id, hasMore: outcome.conflicts > 0)
    }

    private func vacuum(
        _ id: NodeID, _ publisher: LakePublisher, _ memory: inout Memory
    ) throws -> MaintenanceScheduler.Event {
        if memory.leaving == nil {
            try publisher.publish()
            // In this order: what begins after the moment sees that snapshot or a later one.
            memory.leaving = publisher.shown.map { ($0, engine.mark()) }
        }
        guard let leaving = memory.leaving, engine.isOver(leaving.mark) else { return .postponed(.vacuum, id) }
        let mayGoOn = { [self] in
            FileSystem.sleep(micros: pace.pauseMicros)
            return !isStopping
        }
        let outcome = try publisher.table.vacuum(
            keeping: leaving.snapshot, orphans: !memory.isSearched, removesStaged: false, mayGoOn: mayGoOn)
        try publisher.table.cleanLog(mayGoOn: mayGoOn)
        memory.leaving = nil
        memory.isSearched = memory.isSearched || !outcome.hasMore
        return .done(.vacuum, id, hasMore: outcome.hasMore)
    }
}
