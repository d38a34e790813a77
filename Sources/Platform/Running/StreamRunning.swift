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
    /// The topic of each stream that the query scans.
    private let topics: [String: TopicName]
    private let log: DurableLog
    private let supervisor = DispatchQueue(label: "gariep.stream")
    private let clock: any SteadyClock
    /// Held by whoever starts or stops the job.
    private let lifecycle = Mutex(())
    private let isStopping = Mutex(false)
    private let jobProblem = Mutex<String?>(nil)
    private let isStarted = Mutex(false)
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
        /// By name; the streams that read a topic write its dead letters together.
        let deadLetters: [String: DeadLetterTopic]
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
        var topics: [String: TopicName] = [:]
        var letterSinks: [String: any StreamSink] = [:]
        var ownLetters: String?
        var lateness = definition.config.lateness?.micros
        var idleAfter: Int64?
        var aheadMax: [String: Int64] = [:]
        let scanned = Dictionary(plan.scans.map { ($0.relation, $0.schema) }) { first, _ in first }
        for name in sound.project.physicalReads(definition) {
            guard let schema = scanned[name.description] else { continue }
            if let topic = sound.project.source(name)?.topic {
                let topicName = try TopicName(topic.topic)
                topics[name.description] = topicName
                letterSinks[name.description] = around.deadLetters[topic.deadLetter].map {
                    DeadLetterSink(log: around.log, source: topicName, letters: $0)
                }
                ownLetters = ownLetters ?? topic.deadLetter
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
        let announcer = Announcer(publisher, around.committed)
        self.announcer = announcer
        let sink = DeltaSink(
            table: publisher.table, job: "gariep.\(definition.name)",
            options: AppendOptions(
                fileBytes: 128 << 20, rowGroupBytes: max(1 << 20, around.memory.streamBytes / 16),
                memoryBytes: max(4 << 20, around.memory.streamBytes / 8), openFiles: 16)
        ) { announcer.announce() }
        let shape = try StreamCompiler.check(plan, emit: emission)
        var lateSink: TopicSink?
        if shape.lateSchema != nil {
            lateSink = try Self.topicSink(definition.lateTopic, job: model, encoding: .json, around)
        }
        // Rows that the query's own steps refuse go beside the records of its first topic that could not be read.
        let ownLetterSink = try ownLetters.map {
            try Self.topicSink($0, job: definition.name, encoding: .deadLetter, around)
        }
        job = try StreamJob(
            plan: plan, emit: emission, sources: sources, tables: tables, sink: sink, lateSink: lateSink,
            deadLetterSink: ownLetterSink, sourceDeadLetterSinks: letterSinks,
            stateDirectory: around.directory.state(of: definition.name.name), clock: clock)
        settings = StreamJobSettings(
            governor: around.governor, workers: around.workers,
            checkpointIntervalMicros: sound.project.settings.checkpointInterval.micros, checkpointRowsMax: 500_000,
            latenessMicros: lateness ?? 0, idleAfterMicros: idleAfter ?? 30_000_000,
            eventTimeAheadMaxMicros: aheadMax, batchRows: 4096,
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
            log: around.log, topic: TopicName(topic.topic), readerSchema: schema, columns: columns,
            onDataLoss: topic.onDataLoss == .earliest ? .earliest : .fail
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
        let clock = around.clock
        return TopicSink(log: around.log, topic: try TopicName(name), job: job.description, encoding: encoding) {
            clock.nowMicros() / 1000
        }
    }

    // MARK: Running

    /// Starts the job. One that does not start is started again like one that failed; the platform runs meanwhile.
    ///
    /// - Throws: where the table's rows cannot be shown.
    func start() throws {
        _ = try publisher.publish()
        startJob()
        supervisor.async { [self] in supervise() }
    }

    /// Whether the job has started in this process, and so has committed what an earlier one had prepared.
    var hasStarted: Bool { isStarted.withLock { $0 } }

    private func startJob() {
        do {
            try job.start(settings)
            isStarted.withLock { $0 = true }
            jobProblem.withLock { $0 = nil }
        } catch {
            jobProblem.withLock { $0 = "\(error)" }
        }
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
            unlessStopping { startJob() }
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
        // First the supervisor, so that it does not start the job again behind this.
        supervisor.sync {}
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
        let problem = problem(status)
        let state = status.state != .running && problem != nil ? "restarting" : status.state.rawValue
        return PlatformStatus.Stream(
            model: model.description, state: state, epoch: status.epoch.rawValue,
            watermarkMicros: status.watermarkMicros,
            lag: lag(status.committed), rowsWritten: publisher.rows,
            skipped: status.committed.reduce(0) { $0 + $1.skipped },
            steps: status.ledger.map { .init(step: $0.step, handOver: $0.handOver, given: $0.given) },
            stateBytes: Int64(status.stateBytes),
            problem: problem)
    }

    /// How many records stand behind the committed position of each partition.
    private func lag(_ committed: [CommittedPosition]) -> Int64 {
        topics.reduce(0) { total, entry in
            let (relation, topic) = entry
            guard let description = log.topic(topic) else { return total }
            return (0..<description.partitionCount).reduce(total) { total, index in
                guard let partition = try? log.partition(topic, index) else { return total }
                let offsets = committed.filter { $0.relation == relation && $0.partition == Int(index) }.map {
                    if case .offset(let offset)? = $0.position { Offset(offset) } else { partition.startOffset }
                }
                return total + max(0, partition.highWatermark - (offsets.min() ?? partition.startOffset))
            }
        }
    }

    /// Records that a topic has taken so far.
    static func records(_ log: DurableLog, _ topic: TopicName) -> Int64 {
        guard let description = log.topic(topic) else { return 0 }
        return (0..<description.partitionCount).reduce(0) { total, index in
            total + ((try? log.partition(topic, index).highWatermark.rawValue) ?? 0)
        }
    }
}
