public import Base
internal import Columnar
public import SQL
internal import Synchronization

/// A query that runs for ever: streams in, changes out, exactly once.
///
/// A job that failed or was stopped starts again from its last checkpoint, with any number of workers.
public final class StreamJob: Sendable {
    public let shape: StreamShape
    private let plan: PhysicalPlan
    private let sources: [any StreamSource]
    private let tables: [String: any TableSource]
    private let sinks: [(any StreamSink)?]
    private let stateDirectory: String
    private let clock: any SteadyClock
    /// Makes the ids of states; one that is made anew while the program runs gets another one.
    private let random: Mutex<SplitMix64>
    private let run: Mutex<Run>
    private let changed = Monitor()

    private struct Run {
        var state = StreamJobStatus.State.stopped
        var shared: JobShared?
        var error: (any PlatformError)?
        var last = Checkpoint()
        var supervisor: Box?
    }
    /// Keeps the thread that cleans up after a run; only `stop` and `start` touch it, one at a time.
    private final class Box: @unchecked Sendable {
        let thread: WorkerThread
        init(_ thread: WorkerThread) { self.thread = thread }
    }

    /// - Parameters:
    ///   - plan: the query; checked here as `StreamCompiler.check` does.
    ///   - sources: a source for each stream that the plan scans, by name.
    ///   - lateSink: takes rows that came after their window; where there is none they are only counted.
    ///   - deadLetterSink: takes rows that the query's own steps refuse; where there is none they are only counted.
    ///   - sourceDeadLetterSinks: by stream, for its records that cannot be decoded; those of others go to
    ///     `deadLetterSink`.
    ///   - stateDirectory: a folder of this job's own; made if it is not there.
    ///   - clock: says when checkpoints are due, and idle partitions.
    ///   - seed: decides the ids of states that are created.
    /// - Throws: `StreamingError`, where the plan cannot run as a stream or does not fit its inputs.
    public init(
        plan: RelationalPlan, emit: EmitMode, sources: [String: any StreamSource],
        tables: [String: any TableSource] = [:],
        sink: any StreamSink, lateSink: (any StreamSink)? = nil, deadLetterSink: (any StreamSink)? = nil,
        sourceDeadLetterSinks: [String: any StreamSink] = [:],
        stateDirectory: String, clock: any SteadyClock, seed: UInt64 = .random(in: 0 ... .max)
    ) throws {
        shape = try StreamCompiler.check(plan, emit: emit)
        self.plan = try StreamCompiler.compile(plan, emit: emit)
        self.sources = try self.plan.sources.map { spec in
            guard let source = sources[spec.scan.relation] else {
                throw StreamingError.missingInput(relation: spec.scan.relation)
            }
            let (expected, found) = (spec.scan.schema, source.schema)
            guard expected.fields.map(\.type) == found.fields.map(\.type),
                expected.fields.map(\.name) == found.fields.map(\.name)
            else {
                throw StreamingError.schemaMismatch(
                    relation: spec.scan.relation, expected: "\(expected)", found: "\(found)")
            }
            return source
        }
        for table in shape.tables where tables[table] == nil { throw StreamingError.missingInput(relation: table) }
        self.tables = tables
        sinks =
            [sink, lateSink, deadLetterSink] + self.plan.sources.map { sourceDeadLetterSinks[$0.scan.relation] }
        self.stateDirectory = stateDirectory
        self.clock = clock
        random = Mutex(SplitMix64(seed: seed))
        run = Mutex(Run())
    }

    // MARK: Start and stop

    /// Takes up the last checkpoint, commits it once more, and starts the workers.
    ///
    /// - Throws: where the state belongs to another query, or a store, table, sink or source cannot be opened.
    public func start(_ settings: StreamJobSettings) throws {
        let claimed = run.withLock { run -> Bool in
            guard run.state != .running else { return false }
            run.state = .running
            run.error = nil
            return true
        }
        guard claimed else { throw StreamingError.wrongMoment("the job runs already") }
        do {
            run.withLock { $0.supervisor }?.thread.join()
            let shared = try prepare(settings)
            let thread = try WorkerThread { [self] in supervise(shared) }
            run.withLock {
                $0.shared = shared
                $0.supervisor = Box(thread)
            }
        } catch {
            let wrapped = StreamingError.wrap(error, at: "starting the job")
            run.withLock { ($0.state, $0.error, $0.supervisor) = (.failed, wrapped, nil) }
            throw wrapped
        }
    }

    private func prepare(_ settings: StreamJobSettings) throws -> JobShared {
        let cache = min(64 << 20, max(2 << 20, settings.governor.budgetBytes / 32))
        let store = try StateStore(directory: stateDirectory, cacheBytes: cache)
        // Counted once: what is added from now on waits for the next run.
        let partitions = sources.map(\.partitionCount)
        let start = try takeUp(store, life: try life(of: store), partitions)
        let arrangements = try plan.joins.map { spec in
            let batch = try TableReader.read(spec.table, needed: spec.tableNeeded, tables: tables)
            let version = spec.table.scans.map { "\($0.relation)@\(tables[$0.relation]?.version ?? "")" }.joined(
                separator: ",")
            return try TableArrangement(batch, keys: spec.tableKeys, time: spec.tableTime, version: version)
        }
        let timed = plan.sources.indices.filter { plan.sources[$0].eventTimeColumn != nil }
        let watermarks = plan.sources.indices.map { index in
            SourceWatermarks(
                latenessMicros: settings.latenessMicros, idleAfterMicros: settings.idleAfterMicros,
                maxima: (0..<partitions[index]).map { partition in
                    timed.contains(index) ? start.sources[index].partitions[partition].maxMicros : nil
                }, isTimed: timed.contains(index), startedAt: clock.elapsedMicros())
        }
        run.withLock { $0.last = start }
        let board = WatermarkBoard(sources: watermarks, initial: start.watermarkMicros) { [sources] in
            JobShared.hasUnreadPartitions(sources, partitions)
        }
        return JobShared(
            plan: plan, settings: settings, sources: sources, partitionCounts: partitions, tables: arrangements,
            sinks: sinks, store: store, start: start, board: board, clock: clock)
    }

    /// Compares the last checkpoint with what sources and sinks are now, and commits it once more where that may be
    /// needed.
    ///
    /// - Returns: where to begin.
    private func takeUp(_ store: StateStore, life: String, _ partitions: [Int]) throws -> Checkpoint {
        let stored = try storedCheckpoint(store)
        let committed = try store.get(StateKeys.committed).flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        let isCommitted = stored.map { $0.epoch.rawValue == committed } ?? false
        let fit = StateFit(directory: stateDirectory, checkpoint: stored, isCommitted: isCommitted)
        var start = stored ?? Checkpoint()
        if stored == nil {
            start.sources = try sources.map { .init(identity: try $0.identity()) }
            start.sinks = sinks.map { _ in .init() }
        }
        for (index, source) in sources.enumerated() { try takeUp(source, at: index, partitions[index], &start) }
        for (index, sink) in sinks.enumerated() {
            guard let standing = try sink?.open(life: life) else { continue }
            try fit.check(standing, sink: index)
            start.sinks[index].identity = standing.identity
        }
        if let stored, !isCommitted { try Coordinator.commit(stored, sinks) }
        for sink in sinks { try sink?.abort(after: start.epoch) }
        return start
    }

    private func takeUp(
        _ source: any StreamSource, at index: Int, _ partitionCount: Int, _ start: inout Checkpoint
    ) throws {
        let (known, found) = (start.sources[index].identity, try source.identity())
        if known != found {
            guard source.onDataLoss == .earliest else {
                throw StreamingError.sourceReplaced(
                    relation: plan.sources[index].scan.relation, directory: stateDirectory, expected: known,
                    found: found)
            }
            start.sources[index] = .init(identity: found)
        }
        let missing = partitionCount - start.sources[index].partitions.count
        guard missing >= 0 else {
            throw StreamingError.stateDamaged(
                directory: stateDirectory, problem: "the checkpoint has more partitions than the sources")
        }
        // Partitions that were added since begin at their beginning.
        start.sources[index].partitions += [Checkpoint.Partition](repeating: .init(), count: missing)
    }

    private func storedCheckpoint(_ store: StateStore) throws -> Checkpoint? {
        guard let bytes = try store.get(StateKeys.checkpoint) else { return nil }
        guard let decoded = Checkpoint(bytes), decoded.sources.count == sources.count,
            decoded.sinks.count == sinks.count, decoded.ledger.count == plan.steps.count
        else {
            throw StreamingError.stateDamaged(directory: stateDirectory, problem: "the checkpoint cannot be read")
        }
        return decoded
    }

    private static let formatVersion = 2

    /// Checks the header (a version, the plan's fingerprint, the id of this state's life, spaces between), or makes it.
    ///
    /// - Returns: the id.
    private func life(of store: StateStore) throws -> String {
        if let header = try store.get(StateKeys.header) {
            let parts = String(decoding: header, as: UTF8.self).split(separator: " ").map(String.init)
            guard parts.count >= 2, let version = Int(parts[0]) else {
                throw StreamingError.stateDamaged(directory: stateDirectory, problem: "the header cannot be read")
            }
            guard version == Self.formatVersion else {
                throw StreamingError.stateVersion(
                    directory: stateDirectory, expected: Self.formatVersion, found: version)
            }
            guard parts.count == 3 else {
                throw StreamingError.stateDamaged(directory: stateDirectory, problem: "the header cannot be read")
            }
            guard parts[1] == plan.fingerprint else {
                throw StreamingError.stateOfAnotherPlan(
                    directory: stateDirectory, expected: plan.fingerprint, found: parts[1])
            }
            return parts[2]
        }
        let life = String(random.withLock { $0.next() }, radix: 16)
        var delta = StateDelta()
        delta.put(StateKeys.header, Array("\(Self.formatVersion) \(plan.fingerprint) \(life)".utf8))
        try store.write([delta], synced: true)
        return life
    }

    /// The life of one run: starts the workers, coordinates until the end, and cleans up.
    private func supervise(_ shared: JobShared) {
        var failure: (any PlatformError)?
        var threads: [WorkerThread] = []
        let arrangementBytes = shared.tables.reduce(0) { $0 + $1.byteCount }
        shared.settings.governor.charge(arrangementBytes, to: "stream tables")
        do {
            for worker in 0..<shared.workers {
                threads.append(
                    try WorkerThread {
                        do {
                            let loop = try WorkerLoop(shared: shared, worker: worker)
                            defer { loop.close() }
                            try loop.open()
                            try loop.run()
                        } catch {
                            shared.events.put(.failed(StreamingError.wrap(error, at: "worker \(worker)")))
                        }
                    })
            }
            let coordinator = Coordinator(shared: shared) { [self] checkpoint in
                run.withLock { $0.last = checkpoint }
                changed.locked { changed.signal() }
            }
            try coordinator.run()
        } catch {
            failure = StreamingError.wrap(error, at: "the coordinator")
        }
        shared.stopping.store(true, ordering: .releasing)
        shared.wakeAll()
        for thread in threads { thread.join() }
        shared.store.close()
        shared.settings.governor.release(arrangementBytes, from: "stream tables")
        run.withLock { run in
            run.error = failure
            run.state = failure == nil ? .stopped : .failed
            run.shared = nil
        }
        changed.locked { changed.signal() }
    }

    /// Ends the run. No worker runs once this has returned, however it returns.
    ///
    /// - Parameters:
    ///   - finalCheckpoint: whether to make visible first what has been read so far; otherwise the next start reads it
    ///     again.
    ///   - timeoutMicros: how long to wait for that checkpoint.
    /// - Throws: the error of a job that had failed; why there was no final checkpoint.
    public func stop(finalCheckpoint: Bool = true, timeoutMicros: Int64 = 60_000_000) throws {
        let final = Result {
            if finalCheckpoint, status().state == .running { try checkpoint(timeoutMicros: timeoutMicros) }
        }
        run.withLock { $0.shared }?.events.put(.stop)
        let supervisor = run.withLock { run -> Box? in
            defer { run.supervisor = nil }
            return run.supervisor
        }
        supervisor?.thread.join()
        if let error = run.withLock({ $0.error }) { throw error }
        try final.get()
    }

    /// Reads the partitions too that its sources got since it was started: ends the run with a checkpoint, and starts it
    /// again. Until then its watermark stands still, so that their rows are not late; afterwards a new partition holds
    /// windows open until it has been silent for as long as any other may be.
    ///
    /// - Returns: false where there are none, or the job does not run.
    public func takeUpNewPartitions(_ settings: StreamJobSettings) throws -> Bool {
        guard run.withLock({ $0.state == .running ? $0.shared : nil })?.hasUnreadPartitions == true else {
            return false
        }
        try stop()
        try start(settings)
        return true
    }

    // MARK: Waiting and looking

    /// Takes a checkpoint now and waits until its rows are visible.
    ///
    /// - Returns: an epoch that holds every row read before the call.
    @discardableResult
    public func checkpoint(timeoutMicros: Int64 = 60_000_000) throws -> Epoch {
        guard let shared = run.withLock({ $0.shared }) else {
            throw run.withLock({ $0.error }) ?? StreamingError.wrongMoment("the job does not run")
        }
        // A checkpoint under way may have passed some workers already, so the one after it is waited for.
        let underWay = Epoch(shared.barrierRequested.load(ordering: .acquiring))
        let wanted = max(underWay, run.withLock { $0.last.epoch }).next
        shared.events.put(.request)
        try wait(timeoutMicros, "a checkpoint") { run.withLock { $0.last.epoch } >= wanted }
        return wanted
    }

    /// Waits until every row that the sources have now has been worked through; it may not be visible yet.
    public func waitUntilCaughtUp(timeoutMicros: Int64 = 60_000_000) throws {
        try wait(timeoutMicros, "catching up") {
            guard let shared = run.withLock({ $0.shared }) else { return false }
            let before = shared.mailboxes.map(\.rest)
            let after = shared.mailboxes.map(\.rest)
            return zip(before, after).allSatisfy { $0.resting && $1.resting && $0.activity == $1.activity }
        }
    }

    /// Waits until the job is no longer running, and gives its error if it failed.
    public func waitUntilEnded(timeoutMicros: Int64 = 60_000_000) throws -> ErrorReport? {
        let deadline = MonotonicClock().elapsedMicros() + timeoutMicros
        while run.withLock({ $0.state }) == .running {
            guard MonotonicClock().elapsedMicros() < deadline else {
                throw StreamingError.timedOut("the end of the job")
            }
            changed.locked { changed.wait(micros: 20_000) }
        }
        return run.withLock { $0.error?.report }
    }

    private func wait(_ timeoutMicros: Int64, _ what: String, until done: () -> Bool) throws {
        let deadline = MonotonicClock().elapsedMicros() + timeoutMicros
        while !done() {
            let (state, error) = run.withLock { ($0.state, $0.error) }
            if let error { throw error }
            guard state == .running else { throw StreamingError.wrongMoment("the job has stopped") }
            guard MonotonicClock().elapsedMicros() < deadline else { throw StreamingError.timedOut(what) }
            changed.locked { changed.wait(micros: 2_000) }
        }
    }

    public func status() -> StreamJobStatus {
        let (state, shared, error, last) = run.withLock { ($0.state, $0.shared, $0.error, $0.last) }
        var status = StreamJobStatus(
            state: state, epoch: last.epoch, watermarkMicros: nil, partitions: [], committed: committed(last),
            rowsIn: 0, rowsOut: 0, late: 0,
            lateAfterIdle: 0, refused: 0, stateBytes: 0, groups: 0,
            ledger: zip(plan.steps, last.ledger).map { .init(step: $0, handOver: $1.handOver, given: $1.emitted) },
            lastError: error?.report)
        let watermark = shared?.board.watermark ?? last.watermarkMicros
        status.watermarkMicros = watermark == .min ? nil : watermark
        for worker in shared?.published.withLock({ $0 }) ?? [] {
            status.partitions += worker.partitions
            status.rowsIn += worker.rowsIn
            status.rowsOut += worker.rowsOut
            status.late += worker.late
            status.lateAfterIdle += worker.lateAfterIdle
            status.refused += worker.refused
            status.stateBytes += worker.stateBytes
            status.groups += worker.groups
        }
        status.partitions.sort { ($0.relation, $0.partition) < ($1.relation, $1.partition) }
        return status
    }

    private func committed(_ checkpoint: Checkpoint) -> [CommittedPosition] {
        zip(plan.sources, checkpoint.sources).flatMap { spec, source in
            source.partitions.enumerated().map { index, partition in
                CommittedPosition(
                    relation: spec.scan.relation, partition: index, position: partition.position,
                    skipped: partition.skipped)
            }
        }
    }
}
