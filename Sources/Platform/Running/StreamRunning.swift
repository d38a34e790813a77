internal import Base
internal import Columnar
internal import Connectors
internal import Dispatch
internal import EventLog
internal import Formats
internal import Lake
internal import Orchestrator
internal import ProjectModel
internal import SQL
internal import SchemaRegistry
internal import Streaming
internal import Synchronization

/// One stream model, running: its job, what it reads and where its rows go. A job that fails starts again from its
/// last checkpoint, each time after a longer wait.
final class StreamRunning: Sendable {
    let model: DatasetName
    let publisher: LakePublisher
    private let job: StreamJob
    private let settings: StreamJobSettings
    private let topics: [TopicName]
    private let log: DurableLog
    private let supervisor = DispatchQueue(label: "gariep.stream")
    private let clock: any WallClock
    private let isStopping = Mutex(false)
    private let jobProblem = Mutex<String?>(nil)
    private let announcer: Announcer

    /// Shows readers what the stream has committed, and tells the scheduler.
    private struct Announcer: Sendable {
        let publisher: LakePublisher
        let committed: @Sendable (DatasetName, Int64) -> Void
        private let attempts = Attempts()

        private final class Attempts: Sendable {
            struct State {
                var begun = 0
                /// The newest attempt that failed, if no later one has worked.
                var failed: (attempt: Int, text: String)?
            }
            let state = Mutex(State())
        }

        init(_ publisher: LakePublisher, _ committed: @escaping @Sendable (DatasetName, Int64) -> Void) {
            self.publisher = publisher
            self.committed = committed
        }

        /// Why readers do not see the newest commit; nil where they do.
        var problem: String? { attempts.state.withLock { $0.failed?.text } }

        /// The rows are safe in the lake whether or not this works; where it does not, it is tried again.
        func announce() {
            let attempt = attempts.state.withLock { state in
                state.begun += 1
                return state.begun
            }
            do {
                committed(publisher.model, try publisher.publish())
                // A later attempt that failed may have been for a newer commit.
                attempts.state.withLock { if $0.failed.map({ $0.attempt < attempt }) ?? false { $0.failed = nil } }
            } catch {
                attempts.state.withLock { state in
                    if state.failed.map({ $0.attempt < attempt }) ?? true { state.failed = (attempt, "\(error)") }
                }
            }
        }
    }

    /// What all streams of a project share.
    struct Surroundings: Sendable {
        let sound: SoundProject
        let warehouse: ProjectWarehouse
        let log: DurableLog
        let registry: SubjectRegistry
        let directory: DataDirectory
        let governor: MemoryGovernor
        let memory: MemoryPlan
        let workers: Int
        let clock: any WallClock
        /// Which stream publishes a topic's dead letters; the others that read it only count them.
        let deadLetterOwners: [String: DatasetName]
        /// Told after each commit of a stream, with its table's new version.
        let committed: @Sendable (DatasetName, Int64) -> Void
    }

    init(_ definition: ModelDefinition, _ around: Surroundings) throws {
        let sound = around.sound
        model = definition.name
        log = around.log
        clock = around.clock
        let inputs = ProjectPlanner.inputs(of: definition, sound.project, sound.plan)
        let plan = try sound.checker.bind(sound.project.composed(definition).text, inputs)
        let emission: EmitMode = definition.config.emission == .final ? .final : .changes

        var sources: [String: any StreamSource] = [:]
        var tables: [String: any TableSource] = [:]
        var topics: [TopicName] = []
        var lateness = definition.config.lateness?.micros
        var idleAfter: Int64?
        let scanned = Dictionary(plan.scans.map { ($0.relation, $0.schema) }) { first, _ in first }
        for name in sound.project.physicalReads(definition) {
            guard let schema = scanned[name.description] else { continue }
            if let topic = sound.project.source(name)?.topic {
                topics.append(try TopicName(topic.topic))
                sources[name.description] = try Self.source(topic, columns: schema.fields.map(\.name), around)
                lateness = lateness ?? topic.lateness.micros
                idleAfter = idleAfter ?? topic.idleAfter?.micros
            } else {
                tables[name.description] = try WarehouseTableSource(
                    engine: around.warehouse.engine, relation: ProjectWarehouse.relation(name), schema: schema)
            }
        }
        self.topics = topics

        let publisher = try LakePublisher(warehouse: around.warehouse, model: definition.name)
        self.publisher = publisher
        let application = "gariep.\(definition.name)"
        let state = around.directory.state(of: definition.name.name)
        try Self.checkStateFits(state, publisher, application)
        let announcer = Announcer(publisher, around.committed)
        self.announcer = announcer
        let sink = DeltaSink(
            table: publisher.table, application: application,
            options: AppendOptions(
                fileBytes: 128 << 20, rowGroupBytes: max(1 << 20, around.memory.streamBytes / 16),
                memoryBytes: max(4 << 20, around.memory.streamBytes / 8), openFiles: 16)
        ) { announcer.announce() }
        let shape = try StreamCompiler.check(plan, emit: emission)
        var lateSink: TopicSink?
        if shape.lateSchema != nil {
            lateSink = try Self.topicSink(definition.lateTopic, job: model, encoding: .json, around)
        }
        var deadLetterSink: TopicSink?
        for name in sound.project.physicalReads(definition) {
            guard let topic = sound.project.source(name)?.topic, around.deadLetterOwners[topic.topic] == model else {
                continue
            }
            deadLetterSink = try Self.topicSink(topic.deadLetter, job: model, encoding: .deadLetter, around)
        }
        job = try StreamJob(
            plan: plan, emit: emission, sources: sources, tables: tables, sink: sink, lateSink: lateSink,
            deadLetterSink: deadLetterSink, stateDirectory: state, clock: around.clock)
        settings = StreamJobSettings(
            governor: around.governor, workers: around.workers,
            checkpointIntervalMicros: sound.project.settings.checkpointInterval.micros, checkpointRowsMax: 500_000,
            latenessMicros: lateness ?? 0, idleAfterMicros: idleAfter ?? 30_000_000, batchRows: 4096,
            inboxRowsMax: 32_768,
            stateBudgetBytes: around.memory.streamBytes / 4)
    }

    private static func source(_ topic: TopicSource, columns: [String], _ around: Surroundings) throws
        -> TopicStreamSource
    {
        guard topic.format == .avro, let file = topic.schemaFile else {
            throw PlatformFailure.unsupported(
                what: "reading topic \(topic.topic) as JSON", hint: "Write the topic as Avro and name its schema file.")
        }
        let schema = try EngineChecker.avroSchema(at: file.value).get()
        let registry = around.registry
        return try TopicStreamSource(
            log: around.log, topic: TopicName(topic.topic), readerSchema: schema, columns: columns
        ) { id in
            do throws(RegistryError) { return try registry.avroSchema(id: id) } catch {
                if case .schemaNotFound = error { return nil }
                throw error
            }
        }
    }

    private static func topicSink(
        _ name: String, job: DatasetName, encoding: TopicSink.Encoding, _ around: Surroundings
    ) throws -> TopicSink {
        let topic = try TopicName(name)
        if around.log.topic(topic) == nil { try around.log.createTopic(topic, partitions: 1) }
        let clock = around.clock
        return try TopicSink(log: around.log, topic: topic, job: job.description, encoding: encoding) {
            clock.nowMicros() / 1000
        }
    }

    /// A table that remembers epochs of a state that is gone would take new epochs for old ones, and drop their rows.
    private static func checkStateFits(_ state: String, _ publisher: LakePublisher, _ application: String) throws {
        guard !FileSystem.exists("\(state)/CURRENT"),
            let epoch = try publisher.table.snapshot().transactionVersion(application)
        else { return }
        throw PlatformFailure.streamFailed(
            model: publisher.model.description,
            problem:
                "its state \(state) is gone, but its table \(publisher.table.location) has rows up to epoch \(epoch);"
                + " restore the state, or remove the table too to begin again")
    }

    // MARK: Running

    func start() throws {
        _ = try publisher.publish()
        try job.start(settings)
        supervisor.async { [self] in supervise() }
    }

    /// Waits for the job's end, and starts it again unless it is meant to end.
    private func supervise() {
        var restarts = Restarts()
        var startedMicros = clock.nowMicros()
        while !isStopping.withLock({ $0 }) {
            if announcer.problem != nil { announcer.announce() }
            guard let ended = try? job.waitUntilEnded(timeoutMicros: 200_000) else { continue }
            if isStopping.withLock({ $0 }) { return }
            jobProblem.withLock { $0 = ended.description }
            // A full disk or a locked table needs time, not attempts.
            let due = clock.nowMicros() + restarts.failed(ranMicros: clock.nowMicros() - startedMicros)
            while clock.nowMicros() < due, !isStopping.withLock({ $0 }) { FileSystem.sleep(micros: 100_000) }
            guard !isStopping.withLock({ $0 }) else { return }
            startedMicros = clock.nowMicros()
            do {
                try job.start(settings)
                jobProblem.withLock { $0 = nil }
            } catch {
                jobProblem.withLock { $0 = "\(error)" }
            }
        }
    }

    /// Makes visible what has been read, and ends.
    func stop() throws {
        isStopping.withLock { $0 = true }
        try job.stop()
        supervisor.sync {}
    }

    /// Why its rows do not come, or are not seen.
    var problem: String? { problem(job.status()) }

    private func problem(_ status: StreamJobStatus) -> String? {
        if status.state == .running { return announcer.problem }
        return jobProblem.withLock { $0 } ?? status.lastError?.description
    }

    func status() -> PlatformStatus.Stream {
        let status = job.status()
        let recorded = topics.reduce(Int64(0)) { $0 + Self.records(log, $1) }
        let read = status.ledger.filter { $0.step.hasPrefix("source ") }.reduce(Int64(0)) { $0 + $1.handOver.read }
        let problem = problem(status)
        let state = status.state != .running && problem != nil ? "restarting" : status.state.rawValue
        return PlatformStatus.Stream(
            model: model.description, state: state, epoch: status.epoch.rawValue,
            watermarkMicros: status.watermarkMicros,
            lag: max(0, recorded - read), rowsWritten: publisher.rows,
            steps: status.ledger.map { .init(step: $0.step, handOver: $0.handOver) },
            stateBytes: Int64(status.stateBytes),
            problem: problem)
    }

    /// Records that a topic has taken so far.
    static func records(_ log: DurableLog, _ topic: TopicName) -> Int64 {
        guard let description = log.topic(topic) else { return 0 }
        return (0..<description.partitionCount).reduce(0) { total, index in
            total + ((try? log.partition(topic, index).highWatermark.rawValue) ?? 0)
        }
    }
}
