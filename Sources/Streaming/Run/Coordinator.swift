internal import Base
internal import SQL
internal import Synchronization

/// Runs a job's checkpoints on a thread of its own: takes what workers prepared, writes it at once, commits the sinks.
final class Coordinator {
    private let shared: JobShared
    private var machine: CheckpointCoordinator
    private var reports: [WorkerReport] = []
    private let base: [StepTotals]
    private var last: Checkpoint
    private let onCommit: (Checkpoint) -> Void

    /// - Parameter onCommit: told of each epoch once it is visible.
    init(shared: JobShared, onCommit: @escaping (Checkpoint) -> Void) {
        self.shared = shared
        self.onCommit = onCommit
        last = shared.start
        let stored = shared.start.ledger
        base = stored.isEmpty ? [StepTotals](repeating: StepTotals(), count: shared.plan.steps.count) : stored
        machine = CheckpointCoordinator(
            workers: shared.workers, intervalMicros: shared.settings.checkpointIntervalMicros,
            rowsMax: shared.settings.checkpointRowsMax, last: shared.start.epoch,
            nowMicros: shared.clock.elapsedMicros())
    }

    /// Works until the job stops.
    ///
    /// - Throws: the first failure of a worker, the store or a sink.
    func run() throws {
        while true {
            let now = shared.clock.elapsedMicros()
            var deadlines: [Int64] = []
            if let due = machine.dueMicros { deadlines.append(due) }
            if let idle = shared.board.nextDeadline(now: now) { deadlines.append(idle) }
            let wait = deadlines.min().map { min(max($0 - now, 0) + 500, 1_000_000) }
            let events = shared.events.take(micros: wait)
            for event in events {
                switch event {
                case .rows(let count): try act(machine.observe(rows: count, nowMicros: shared.clock.elapsedMicros()))
                case .request: try act(machine.request(nowMicros: shared.clock.elapsedMicros()))
                case .prepared(let report):
                    reports.append(report)
                    try act(machine.prepared(worker: report.worker, epoch: report.epoch))
                case .failed(let error): throw error
                case .stop: return
                case .tick: break
                }
            }
            try act(machine.timePassed(nowMicros: shared.clock.elapsedMicros()))
            if shared.board.update(now: shared.clock.elapsedMicros(), { _ in }) != nil { shared.wakeAll() }
        }
    }

    private func act(_ action: CheckpointCoordinator.Action) throws {
        switch action {
        case .nothing: break
        case .injectBarrier(let epoch):
            shared.barrierRequested.store(epoch.rawValue, ordering: .releasing)
            shared.wakeAll()
        case .write(let epoch):
            let checkpoint = try assemble(epoch)
            try checkLedger(checkpoint)
            var note = StateDelta()
            note.put(StateKeys.checkpoint, checkpoint.encode())
            try shared.store.write(reports.sorted { $0.worker < $1.worker }.map(\.delta) + [note], synced: true)
            shared.durable.store(epoch.rawValue, ordering: .releasing)
            reports = []
            shared.wakeAll()
            guard case .commitSinks = machine.written(epoch: epoch) else { return }
            try Coordinator.commit(checkpoint, shared.sinks)
            var committed = StateDelta()
            committed.put(StateKeys.committed, Array("\(epoch)".utf8))
            try shared.store.write([committed], synced: false)
            last = checkpoint
            onCommit(checkpoint)
            try act(machine.committed(epoch: epoch, nowMicros: shared.clock.elapsedMicros()))
        case .commitSinks: break
        }
    }

    static func commit(_ checkpoint: Checkpoint, _ sinks: [(any StreamSink)?]) throws {
        // What went wrong comes out before what went right, so that nobody sees answers without their exceptions.
        for (sink, note) in zip(sinks, checkpoint.sinks).reversed() {
            try sink?.commit(epoch: checkpoint.epoch, handles: note.handles)
        }
    }

    private func assemble(_ epoch: Epoch) throws -> Checkpoint {
        let ordered = reports.sorted { $0.worker < $1.worker }
        var checkpoint = Checkpoint()
        checkpoint.epoch = epoch
        checkpoint.sources = try shared.sources.enumerated().map { source, reader in
            let identity = last.sources[source].identity
            // It may have been replaced between the look at it and the opening of its partitions.
            guard try reader.identity() == identity else {
                throw StreamingError.sourceReplaced(
                    relation: shared.plan.sources[source].scan.relation, directory: shared.store.directory,
                    expected: identity, found: try reader.identity())
            }
            let partitions = (0..<shared.partitionCounts[source]).map { partition in
                let key = PartitionKey(source: source, partition: partition)
                return ordered.lazy.compactMap { $0.positions[key] }.first ?? Checkpoint.Partition()
            }
            return Checkpoint.Source(identity: identity, partitions: partitions)
        }
        checkpoint.watermarkMicros = ordered.map(\.watermarkMicros).min() ?? .min
        checkpoint.sinks = shared.sinks.indices.map { sink in
            Checkpoint.Sink(
                identity: last.sinks[sink].identity, rowsBefore: last.rowsThrough(sink: sink),
                handles: ordered.map { $0.handles[sink] })
        }
        checkpoint.tableVersions = shared.tables.map(\.version)
        checkpoint.ledger = base
        for report in ordered { for (step, totals) in report.totals { checkpoint.ledger[step] += totals } }
        return checkpoint
    }

    /// Nothing is committed while a row is unaccounted for.
    private func checkLedger(_ checkpoint: Checkpoint) throws {
        func fail(_ step: Int, _ detail: String) -> StreamingError {
            StreamingError.ledger(step: shared.plan.steps[step], epoch: checkpoint.epoch, detail: detail)
        }
        for (step, totals) in checkpoint.ledger.enumerated() where totals.handOver.missing != 0 {
            throw fail(step, "\(totals.handOver)")
        }
        var given: [Int: Int64] = [:]
        for edge in shared.plan.edges { given[edge.to, default: 0] += checkpoint.ledger[edge.from].emitted }
        for (step, emitted) in given where emitted != checkpoint.ledger[step].handOver.read {
            throw fail(step, "\(emitted) rows were given and \(checkpoint.ledger[step].handOver.read) read")
        }
        for step in Set(reports.flatMap(\.held.keys)) {
            let held = reports.reduce(0) { $0 + ($1.held[step] ?? 0) }
            let expected = checkpoint.ledger[step].handOver.held
            if held != expected { throw fail(step, "open windows hold \(held) rows, not \(expected)") }
        }
        let refused = zip(checkpoint.ledger, base).reduce(0) { $0 + $1.0.handOver.refused - $1.1.handOver.refused }
        let letters = reports.reduce(0) { $0 + $1.deadRows }
        if refused != letters { throw fail(0, "\(refused) rows were refused, but \(letters) dead letters written") }
    }
}
