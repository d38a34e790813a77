internal import Base
internal import Foundation
internal import Orchestrator
internal import ProjectModel
internal import Synchronization
internal import Warehouse

/// Keeps batch models fresh: a thread that asks the `FreshnessScheduler` what to do, and does it.
final class ModelScheduling: Sendable {
    private struct State {
        var events: [FreshnessScheduler.Event] = []
        var isStopping = false
        /// As of the thread's last look.
        var fresh: [NodeID: Bool] = [:]
        var builtMicros: [NodeID: Int64] = [:]
        var problems: [NodeID: String] = [:]
    }

    private let warehouse: ProjectWarehouse
    private let clock: any WallClock
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// A model that does not say how fresh it should be is rebuilt at most this often.
    private static let freshnessMicrosDefault: Int64 = 10_000_000
    /// How often files are looked at for changes.
    private static let filesEveryMicros: Int64 = 10_000_000

    init(warehouse: ProjectWarehouse, clock: any WallClock) {
        self.warehouse = warehouse
        self.clock = clock
    }

    private static func id(_ name: DatasetName) -> NodeID { NodeID(name.description) }

    func start() throws {
        let project = warehouse.project
        let models = warehouse.batchModels
        var nodes: [FreshnessScheduler.Node] = []
        var known: Set<DatasetName> = Set(models.map(\.name))
        for model in models {
            for input in project.physicalReads(model) where known.insert(input).inserted {
                nodes.append(.init(Self.id(input), kind: .source))
            }
        }
        for model in models {
            nodes.append(
                .init(
                    Self.id(model.name), inputs: project.physicalReads(model).map(Self.id),
                    kind: model.config.materialized.value == .view ? .view : .table,
                    freshnessMicros: model.config.freshness?.micros ?? Self.freshnessMicrosDefault))
        }
        let scheduler = try FreshnessScheduler(nodes)
        let thread = Thread { [self] in run(scheduler) }
        thread.name = "gariep.models"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// A stream's table or a source has another version.
    func inputChanged(_ name: DatasetName, version: Int64) {
        state.withLock { state in
            state.events.append(.inputChanged(Self.id(name), version: version))
            // Until the thread has looked, nobody can call what reads it fresh.
            for id in state.fresh.keys { state.fresh[id] = false }
        }
        wake.signal()
    }

    /// Somebody else has loaded a source or built a model: what reads it follows.
    func done(_ name: DatasetName, _ outcome: BuildOutcome) {
        let now = clock.nowMicros()
        let isModel = warehouse.project.model(name) != nil
        state.withLock { state in
            state.problems[Self.id(name)] = nil
            if isModel { state.builtMicros[Self.id(name)] = now }
        }
        if isModel {
            state.withLock { $0.events.append(.builtOutside(Self.id(name))) }
            wake.signal()
        } else {
            inputChanged(name, version: outcome.version)
        }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        warehouse.engine.interruptAll()
        wake.signal()
        ended.wait()
    }

    func standing(of name: DatasetName) -> (isFresh: Bool, builtMicros: Int64?, problem: String?) {
        state.withLock { state in
            let id = Self.id(name)
            return (state.fresh[id] ?? false, state.builtMicros[id], state.problems[id])
        }
    }

    private func run(_ initial: FreshnessScheduler) {
        defer { ended.signal() }
        var scheduler = initial
        let models = Dictionary(warehouse.batchModels.map { (Self.id($0.name), $0) }) { first, _ in first }
        var waitUntil = clock.nowMicros()
        var filesAt = clock.nowMicros() + Self.filesEveryMicros
        while true {
            let now = clock.nowMicros()
            let pause = min(max(0, min(waitUntil, filesAt) - now), 1_000_000)
            _ = wake.wait(timeout: .now() + .microseconds(Int(pause)))
            var (events, isStopping) = state.withLock { state in
                defer { state.events = [] }
                return (state.events, state.isStopping)
            }
            if isStopping { return }
            if clock.nowMicros() >= filesAt {
                filesAt = clock.nowMicros() + Self.filesEveryMicros
                events += reload()
            }
            if events.isEmpty { events = [.timePassed] }
            waitUntil = clock.nowMicros() + 1_000_000
            while let event = events.popFirst() {
                for action in scheduler.handle(event, at: clock.nowMicros()) {
                    switch action {
                    case .run(let id, _): if let model = models[id] { events.append(build(model)) }
                    case .skip(let id, let because):
                        state.withLock { $0.problems[id] = "waits for \(because), which failed" }
                    case .wait(let until): waitUntil = min(waitUntil, until)
                    }
                }
            }
            let standing = models.keys.map { ($0, scheduler.status(of: $0) == .fresh) }
            state.withLock { state in
                let nothingNew = state.events.isEmpty
                for (id, fresh) in standing { state.fresh[id] = fresh && nothingNew }
            }
        }
    }

    /// Loads files that have changed since they were loaded.
    private func reload() -> [FreshnessScheduler.Event] {
        var events: [FreshnessScheduler.Event] = []
        for name in warehouse.loadable {
            do {
                guard let outcome = try warehouse.load(name) else { continue }
                state.withLock { $0.problems[Self.id(name)] = nil }
                events.append(.inputChanged(Self.id(name), version: outcome.version))
            } catch {
                state.withLock { $0.problems[Self.id(name)] = "\(error)" }
            }
        }
        return events
    }

    private func build(_ model: ModelDefinition) -> FreshnessScheduler.Event {
        let id = Self.id(model.name)
        do {
            let outcome = try warehouse.build(model, runID: UUID().uuidString)
            let now = clock.nowMicros()
            state.withLock { state in
                state.builtMicros[id] = now
                state.problems[id] = nil
            }
            return .runSucceeded(id, changed: !outcome.repeated)
        } catch {
            state.withLock { $0.problems[id] = "\(error)" }
            return .runFailed(id)
        }
    }
}

extension Array {
    fileprivate mutating func popFirst() -> Element? { isEmpty ? nil : removeFirst() }
}
