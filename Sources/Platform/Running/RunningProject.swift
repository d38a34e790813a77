public import Base
internal import Connectors
internal import EventLog
internal import Foundation
internal import HTTPServer
internal import KafkaServer
internal import ProjectModel
internal import SchemaRegistry
internal import Synchronization
internal import Warehouse

/// A project on this machine's engines, from `start` to `stop`.
public final class RunningProject: Sendable {
    public let endpoints: Endpoints
    private let sound: SoundProject
    private let directory: DataDirectory
    private let memory: MemoryPlan
    private let startedMicros: Int64
    private let clock: any WallClock
    private let log: DurableLog
    private let kafka: KafkaService
    private let servers: [HTTPService]
    private let warehouse: ProjectWarehouse
    private let streams: [StreamRunning]
    private let replays: [ReplayRunning]
    private let models: ModelScheduling
    private let maintenance: TableMaintenance
    private let statusBox: StatusBox
    private let token: String

    /// The status route is mounted before the streams exist; it answers once they do.
    private final class StatusBox: Sendable {
        let make = Mutex<(@Sendable () -> PlatformStatus)?>(nil)
    }

    /// Checks the project, opens everything it needs, and starts it.
    ///
    /// - Throws: `ErrorReports` with the project's mistakes; the error of whatever could not be opened, with everything
    ///   that was open closed again; `CancellationError` where it was stopped meanwhile.
    /// - Parameter shouldStop: asked again and again while sources are loaded and models built.
    public static func start(
        _ options: PlatformOptions, progress: any WorkReporting, clock: any WallClock,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) async throws -> RunningProject {
        // Before the project is read: a change in between is then told, rather than missed.
        let files = ProjectFingerprint(options)
        let sound = try ProjectPlanner.soundProject(options)
        let missing = sound.project.missingDataFiles()
        if !missing.isEmpty { throw ErrorReports(missing) }
        // A platform that runs here has the ports, too; it is what should be told of.
        let data = options.resolvedDataDirectory
        if DataDirectory.isInUse(data) {
            throw PlatformFailure.alreadyRunning(
                directory: data, processID: Endpoints.ofRunning(dataDirectory: data)?.processID)
        }
        let ports = sound.project.settings.ports
        // Before anything is loaded, rather than after minutes of it.
        for (service, port) in [
            ("kafka", options.kafkaPort ?? ports.kafka), ("registry", options.registryPort ?? ports.registry),
            ("http", options.httpPort ?? ports.http),
        ] where PortProbe.probe(port, host: options.host) == .taken {
            throw PlatformFailure.portTaken(service: service, port: port)
        }
        let directory = try DataDirectory(path: options.resolvedDataDirectory)
        return try await RunningProject(sound, files, directory, options, progress, clock, shouldStop)
    }

    private init(
        _ sound: SoundProject, _ files: ProjectFingerprint, _ directory: DataDirectory, _ options: PlatformOptions,
        _ progress: any WorkReporting, _ clock: any WallClock, _ shouldStop: @escaping @Sendable () -> Bool
    ) async throws {
        let project = sound.project
        self.sound = sound
        self.directory = directory
        self.clock = clock
        startedMicros = clock.nowMicros()
        let memory = MemoryPlan(options: options, settings: project.settings)
        self.memory = memory
        let governor = MemoryGovernor(budgetBytes: memory.budgetBytes)
        let workers = PlatformOptions.workers(
            asked: options.workers ?? project.settings.workers,
            processors: ProcessInfo.processInfo.activeProcessorCount)

        var logConfiguration = DurableLog.Configuration()
        logConfiguration.tailBytesMax = memory.logBytes
        logConfiguration.governor = governor
        let log = try DurableLog.open(directory: directory.log, configuration: logConfiguration, clock: clock)
        self.log = log
        let registry = try SubjectRegistry(path: "\(directory.registry)/schemas.journal")
        var opened: [@Sendable () async -> Void] = [{ try? log.close() }]
        do {
            let topics = project.sources.compactMap(\.topic)
            for topic in topics {
                try Self.create(topic, log)
                try ReplayRunning.registerSchema(of: topic, registry)
            }

            let warehouse = try ProjectWarehouse(
                sound, directory: directory, memoryBytes: governor.carve("warehouse", share: 0) + memory.warehouseBytes,
                threads: min(4, ProcessInfo.processInfo.activeProcessorCount), clock: clock, progress: progress)
            self.warehouse = warehouse
            let watch = StopWatch(shouldStop) { warehouse.engine.interruptAll() }
            defer { watch.end() }
            for name in warehouse.loadable {
                try watch.check()
                _ = try warehouse.load(name)
            }

            let models = ModelScheduling(warehouse: warehouse, clock: clock)
            self.models = models
            let definitions = project.graph.order.compactMap(project.model)
                .filter { $0.config.materialized.value == .stream }
            let letters = try Set(topics.map(\.deadLetter)).map { name in
                (name, DeadLetterTopic(log: log, name: try TopicName(name)) { clock.nowMicros() / 1000 })
            }
            let around = StreamRunning.Surroundings(
                sound: sound, warehouse: warehouse, log: log, registry: registry, directory: directory,
                governor: governor,
                memory: memory, workers: workers, clock: clock, deadLetters: Dictionary(letters) { first, _ in first }
            ) { models.inputChanged($0, version: $1) }
            try TableMaintenance.clearStaging(directory.lake, clock)
            var streams: [StreamRunning] = []
            for definition in definitions {
                for model in warehouse.models(readBy: definition) {
                    try watch.check()
                    _ = try warehouse.build(model, runID: UUID().uuidString)
                }
                let stream = try StreamRunning(definition, around)
                try stream.publisher.publish()
                streams.append(stream)
            }
            self.streams = streams
            let maintenance = TableMaintenance(
                streams.map(\.publisher), engine: warehouse.engine, governor: governor,
                memoryBytes: memory.maintenanceBytes, clock: clock
            ) { [streams] model in streams.contains { $0.model == model && $0.hasStarted } }
            self.maintenance = maintenance

            var configuration = KafkaService.Configuration()
            configuration.host = options.host
            configuration.advertisedHost = options.advertisedHost
            configuration.port = options.kafkaPort ?? project.settings.ports.kafka
            let kafka = try await Self.listening("kafka") {
                try await KafkaService.start(log: log, configuration: configuration)
            }
            self.kafka = kafka
            opened.append { try? await kafka.shutdown() }

            let box = StatusBox()
            statusBox = box
            var random = SystemRandomNumberGenerator()
            token = ControlAccess.makeToken(&random)
            let access = ControlAccess(token: token, host: options.host)
            let registryService = try await Self.listening("registry") {
                try await HTTPService.start(
                    .init(host: options.host, port: options.registryPort ?? project.settings.ports.registry),
                    routes: [Self.registryRoutes(registry)])
            }
            opened.append { await registryService.shutdown() }
            let httpService = try await Self.listening("http") {
                try await HTTPService.start(
                    .init(host: options.host, port: options.httpPort ?? project.settings.ports.http),
                    routes: Self.routes(
                        sound, files, access, warehouse, models, log, registry, directory, clock, progress, box))
            }
            opened.append { await httpService.shutdown() }
            servers = [registryService, httpService]

            endpoints = Endpoints(
                processID: getpid(), host: options.host, kafka: kafka.boundPort, registry: registryService.boundPort,
                http: httpService.boundPort)
            for stream in streams {
                try stream.start()
                opened.append { try? stream.stop() }
            }
            maintenance.start()
            opened.append { maintenance.stop() }
            try models.start()
            for stream in streams { models.inputChanged(stream.model, version: try stream.publisher.publish()) }
            let brokers = "\(endpoints.urlHost):\(kafka.boundPort)"
            replays = try project.sources.compactMap { source in
                try ReplayRunning.of(
                    source, brokers: brokers, registry: registry, speed: options.replay,
                    memoryBytes: memory.replayBytes,
                    clock: clock, progress: progress)
            }
        } catch {
            for close in opened.reversed() { await close() }
            // What was interrupted fails in one way or another; that it was meant to is what counts.
            if shouldStop() { throw CancellationError() }
            throw error
        }
        statusBox.make.withLock { $0 = { [unowned self] in status() } }
        for replay in replays { replay.start() }
        try EndpointsFile(endpoints: endpoints, token: token)
            .write(to: DataDirectory.endpointsFile(in: directory.path))
    }

    /// Starts a server, and says in the project's terms which port was taken.
    private static func listening<Server>(_ service: String, _ start: () async throws -> Server) async throws -> Server
    {
        do { return try await start() } catch KafkaServiceError.portInUse(_, let port) {
            throw PlatformFailure.portTaken(service: service, port: port)
        } catch HTTPServerError.portTaken(_, let port) {
            throw PlatformFailure.portTaken(service: service, port: port)
        }
    }

    private static func create(_ topic: TopicSource, _ log: DurableLog) throws {
        let name = try TopicName(topic.topic)
        if log.topic(name) == nil { try log.createTopic(name, partitions: Int32(topic.partitions)) }
        let letters = try TopicName(topic.deadLetter)
        if log.topic(letters) == nil { try log.createTopic(letters, partitions: 1) }
    }

    private static func registryRoutes(_ registry: SubjectRegistry) -> FunctionRoutes {
        let routes = RegistryRoutes(registry)
        return FunctionRoutes { exchange in
            let response = routes.respond(
                method: exchange.method, path: exchange.rawPath, query: exchange.encodedQuery, body: exchange.body)
            return HTTPAnswer(status: response.status, contentType: RegistryResponse.contentType, body: response.body)
        }
    }

    private static func routes(
        _ sound: SoundProject, _ files: ProjectFingerprint, _ access: ControlAccess, _ warehouse: ProjectWarehouse,
        _ models: ModelScheduling, _ log: DurableLog, _ registry: SubjectRegistry, _ directory: DataDirectory,
        _ clock: any WallClock, _ progress: any WorkReporting,
        _ box: StatusBox
    ) -> [any HTTPRoutes] {
        let settings = sound.project.settings
        let (endpoints, relations) = WarehouseRestData.endpoints(sound)
        let control = ControlRoutes(
            access: access, status: { box.make.withLock { $0 }?() },
            records: { try TopicRecord.newest(of: $0, limit: $1, in: log, decodedBy: registry) },
            queries: QueryAnswering(engine: warehouse.engine, temporaryDirectory: directory.temporary),
            work: ModelWork(
                warehouse: warehouse, clock: clock, progress: progress, done: { models.done($0, $1) }),
            started: files)
        return [
            RestRoutes(
                title: settings.name, version: settings.version.isEmpty ? "0" : settings.version, endpoints: endpoints,
                data: WarehouseRestData(engine: warehouse.engine, relations: relations)),
            control,
            IndexRoutes(
                title: settings.name,
                entries: [.init(path: "/openapi.json", summary: "The API as an OpenAPI 3.1 document.")]
                    + endpoints.map { .init(path: $0.path, summary: $0.summary) }),
        ]
    }

    // MARK: Looking

    public func status() -> PlatformStatus {
        // First: what a replay sends before it ends must be seen in the lags.
        let working = replays.filter(\.isRunning).map { "replay of \($0.topic)" }
        let topics = log.topics.map { topic in
            PlatformStatus.Topic(
                name: topic.name.value, partitions: Int(topic.partitionCount),
                records: StreamRunning.records(log, topic.name),
                bytes: (0..<topic.partitionCount).reduce(0) { total, index in
                    total + Int64((try? log.partition(topic.name, index).byteCount) ?? 0)
                })
        }
        let streamStatus = streams.map { $0.status() }
        return PlatformStatus(
            project: sound.project.settings.name, endpoints: endpoints, startedMicros: startedMicros,
            residentBytes: ProcessUsage.residentBytes, peakResidentBytes: ProcessUsage.peakResidentBytes,
            memoryBudgetBytes: memory.budgetBytes, topics: topics, streams: streamStatus, tables: tables(),
            working: working, problems: problems())
    }

    /// Everything that does not work at the moment.
    public func problems() -> [PlatformProblem] {
        let partitions = log.topics.flatMap { topic in
            (0..<topic.partitionCount).compactMap { index -> PlatformProblem? in
                guard let partition = try? log.partition(topic.name, index),
                    let failure = partition.failure ?? partition.appendProblem
                else { return nil }
                return PlatformProblem(
                    subject: "partition \(index) of \(topic.name.value)", text: failure.report.description)
            }
        }
        return partitions
            + replays.compactMap { replay in
                replay.problem.map { PlatformProblem(subject: "replay of \(replay.topic)", text: $0) }
            }
            + streams.compactMap { stream in
                stream.problem.map { PlatformProblem(subject: "stream \(stream.model)", text: $0) }
            }
            + streams.compactMap { stream in
                maintenance.problem(of: stream.model).map {
                    PlatformProblem(subject: "maintenance of \(stream.model)", text: $0)
                }
            }
            + (warehouse.loadable + warehouse.batchModels.map(\.name)).compactMap { name in
                models.standing(of: name).problem.map { PlatformProblem(subject: "table \(name)", text: $0) }
            }
    }

    private func tables() -> [PlatformStatus.Table] {
        let engine = warehouse.engine
        var tables: [PlatformStatus.Table] = []
        for name in warehouse.loadable {
            let relation = ProjectWarehouse.relation(name)
            tables.append(
                .init(
                    name: name.description, kind: "source", rows: try? engine.rowCount(of: relation), files: nil,
                    bytes: nil,
                    version: (try? engine.version(of: relation)).flatMap { $0.map { String($0, radix: 36) } },
                    builtMicros: nil,
                    isFresh: true, problem: models.standing(of: name).problem))
        }
        for stream in streams {
            let relation = ProjectWarehouse.relation(stream.model)
            tables.append(
                .init(
                    name: stream.model.description, kind: "stream", rows: stream.publisher.rows,
                    files: stream.publisher.files, bytes: stream.publisher.bytes,
                    version: (try? engine.version(of: relation)).flatMap { $0.map { String($0, radix: 36) } },
                    builtMicros: nil,
                    isFresh: true, problem: maintenance.problem(of: stream.model)))
        }
        for model in warehouse.batchModels {
            let relation = ProjectWarehouse.relation(model.name)
            let standing = models.standing(of: model.name)
            let isView = model.config.materialized.value == .view
            tables.append(
                .init(
                    name: model.name.description, kind: model.config.materialized.value.rawValue,
                    rows: isView ? nil : try? engine.rowCount(of: relation), files: nil, bytes: nil,
                    version: (try? engine.version(of: relation)).flatMap { $0.map { String($0, radix: 36) } },
                    builtMicros: standing.builtMicros, isFresh: standing.isFresh, problem: standing.problem))
        }
        return tables
    }

    /// Rows of one SELECT, as the `{"columns", "data"}` document of `QueryFormat.shown`.
    public func query(_ sql: String, rowsMax: Int) throws -> [UInt8] {
        var answer: [UInt8] = []
        try QueryAnswering(engine: warehouse.engine, temporaryDirectory: directory.temporary)
            .run(sql, format: .shown, rowsMax: rowsMax).forEachPiece { answer += $0 }
        return answer
    }

    /// The newest records of a topic.
    func records(of topic: String, limit: Int) throws -> [TopicRecord] {
        try TopicRecord.newest(of: topic, limit: limit, in: log, decodedBy: nil)
    }

    /// Whether another process has the project's data folder open.
    public static func isInUse(_ options: PlatformOptions) -> Bool {
        DataDirectory.isInUse(options.resolvedDataDirectory)
    }

    /// Returns once nothing has moved for as long as a partition may take to be found idle, and everything that came in
    /// has gone all the way or something is in its way.
    ///
    /// - Returns: what is in the way; empty where everything has arrived.
    public func waitUntilSettled(orStopped isStopped: () -> Bool) async -> [PlatformProblem] {
        let quietMicros = (sound.project.sources.compactMap { $0.topic?.idleAfter?.micros }.max() ?? 0) + 1_500_000
        var last = ""
        var since = clock.nowMicros()
        while !isStopped() {
            let status = status()
            let now = clock.nowMicros()
            let signature = status.signature
            if signature != last || (!status.isSettled && status.problems.isEmpty) { (last, since) = (signature, now) }
            if now - since >= quietMicros { return status.problems }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return []
    }

    // MARK: Stopping

    /// Whether all that has come into the topics is committed, and no replay still runs.
    public var hasCaughtUp: Bool {
        replays.allSatisfy { !$0.isRunning } && streams.allSatisfy { $0.status().lag == 0 }
    }

    /// Committed rows that wait for their windows to end.
    public var heldRows: Int64 {
        streams.reduce(0) { $0 + $1.status().steps.reduce(0) { $0 + $1.handOver.held } }
    }

    /// Ends queries and what else was asked for, makes visible what has been read, and closes everything.
    public func stop() async throws {
        warehouse.engine.closeReaders()
        for server in servers { server.cancelWork() }
        for replay in replays { replay.stop() }
        maintenance.stop()
        var firstError: (any Error)?
        for stream in streams { do { try stream.stop() } catch { firstError = firstError ?? error } }
        models.stop()
        do { try await kafka.shutdown() } catch { firstError = firstError ?? error }
        for server in servers { await server.shutdown() }
        do { try log.close() } catch { firstError = firstError ?? error }
        directory.release()
        if let firstError { throw firstError }
    }
}
