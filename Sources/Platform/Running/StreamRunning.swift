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
    private let clock: any SteadyClock
    /// Held by whoever starts or stops the job.
    private let lifecycle = Mutex(())
    private let isStopping = Mutex(false)
    private let jobProblem = Mutex<String?>(nil)
    private let announcer: Announcer

    /// Shows readers what the stream has committed, and tells the scheduler.
    private struct Announcer: Sendable {
        let publisher: LakePublisher
        let committed: @Sendable (DatasetName, Int64) -> Void
        private let failure = Failure()

        /// Why readers do not see the newest commit; nil where they do.
        private final class Failure: Sendable {
            let text = Mutex<String?>(nil)
        }

        init(_ publisher: LakePublisher, _ committed: @escaping @Sendable (DatasetName, Int64) -> Void) {
            self.publisher = publisher
            self.committed = committed
        }

        var problem: String? { failure.text.withLock { $0 } }

        /// The rows are safe in the lake whether or not this works; where it does not, it is tried again.
        func announce() {
            do {
                committed(publisher.model, try publisher.publish())
                failure.text.withLock { $0 = nil }
            } catch {
                failure.text.withLock { $0 = "\(error)" }
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
        /// Which stream publishes the records of a topic that cannot be read; the others that read it only count them.
        /// What a stream refuses itself it publishes in any case.
        let deadLetterOwners: [String: DatasetName]
        /// Told after each commit of a stream, with its table's new version.
        let committed: @Sendable (DatasetName, Int64) -> Void
    }

    init(_ definition: ModelDefinition, _ around: Surroundings) throws {
        let sound = around.sound
        model = definition.name
        log = around.log
        clock = MonotonicClock()
        let inputs = ProjectPlanner.inputs(of: definition, sound.project, sound.plan)
        let plan = try sound.checker.bind(sound.project.composed(definition).text, inputs)
        let emission: EmitMode = definition.config.emission == .final ? .final : .changes

        var sources: [String: any StreamSource] = [:]
        var tables: [String: any TableSource] = [:]
        var topics: [TopicName] = []
        var lateness = definition.config.lateness?.micros
        var idleAfter: Int64?
        var aheadMax: [String: Int64] = [:]
        let scanned = Dictionary(plan.scans.map { ($0.relation, $0.schema) }) { first, _ in first }
        for name in sound.project.physicalReads(definition) {
            guard let schema = scanned[name.description] else { continue }
            if let topic = sound.project.source(name)?.topic {
                topics.append(try TopicName(topic.topic))
                sources[name.description] = try Self.source(topic, columns: schema.fields.map(\.name), around)
                lateness = lateness ?? topic.lateness.micros
                idleAfter = idleAfter ?? topic.idleAfter?.micros
                aheadMax[name.description] = topic.eventTimeAheadMax.micros
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
        var unreadableElsewhere: Set<String> = []
        for name in sound.project.physicalReads(definition) {
            guard let topic = sound.project.source(name)?.topic else { continue }
            let isOwner = around.deadLetterOwners[topic.topic] == model
            if !isOwner { unreadableElsewhere.insert(name.description) }
            guard isOwner || deadLetterSink == nil else { continue }
            deadLetterSink = try Self.topicSink(topic.deadLetter, job: model, encoding: .deadLetter, around)
        }
        job = try StreamJob(
            plan: plan, emit: emission, sources: sources, tables: tables, sink: sink, lateSink: lateSink,
            deadLetterSink: deadLetterSink, stateDirectory: state, clock: clock)
        settings = StreamJobSettings(
            governor: around.governor, workers: around.workers,
            checkpointIntervalMicros: sound.project.settings.checkpointInterval.micros, checkpointRowsMax: 500_000,
            latenessMicros: lateness ?? 0, idleAfterMicros: idleAfter ?? 30_000_000,
            eventTimeAheadMaxMicros: aheadMax, unreadableElsewhere: unreadableElsewhere, batchRows: 4096,
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

    /// Waits for the job's end, and starts it again unless it is meant to end. Takes up partitions that its topics get.
    private func supervise() {
        var restarts = Restarts()
        var startedMicros = clock.elapsedMicros()
        while !isStopping.withLock({ $0 }) {
            if announcer.problem != nil { announcer.announce() }
            guard let ended = try? job.waitUntilEnded(timeoutMicros: 200_000) else {
                takeUpNewPartitions()
                continue
            }
            if isStopping.withLock({ $0 }) { return }
            jobProblem.withLock { $0 = ended.description }
            // A full disk or a locked table needs time, not attempts.
            let due = clock.elapsedMicros() + restarts.failed(ranMicros: clock.elapsedMicros() - startedMicros)
            while clock.elapsedMicros() < due, !isStopping.withLock({ $0 }) { FileSystem.sleep(micros: 100_000) }
            startedMicros = clock.elapsedMicros()
            unlessStopping {
                do {
                    try job.start(settings)
                    jobProblem.withLock { $0 = nil }
                } catch {
                    jobProblem.withLock { $0 = "\(error)" }
                }
            }
        }
    }

    /// A run that fails on the way is the supervisor's to start again.
    private func takeUpNewPartitions() {
        unlessStopping {
            do {
                if try job.takeUpNewPartitions(settings) { jobProblem.withLock { $0 = nil } }
            } catch {
                jobProblem.withLock { $0 = "\(error)" }
            }
        }
    }

    private func unlessStopping(_ body: () -> Void) {
        lifecycle.withLock { _ in
            if !isStopping.withLock({ $0 }) { body() }
        }
    }

    /// Makes visible what has been read, and ends.
    func stop() throws {
        isStopping.withLock { $0 = true }
        defer { supervisor.sync {} }
        try lifecycle.withLock { _ in try job.stop() }
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
