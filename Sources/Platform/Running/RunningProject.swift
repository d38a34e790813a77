public import Base
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
    private let statusBox: StatusBox

    /// The status route is mounted before the streams exist; it answers once they do.
    private final class StatusBox: Sendable {
        let make = Mutex<(@Sendable () -> PlatformStatus)?>(nil)
    }

    /// Checks the project, opens everything it needs, and starts it.
    ///
    /// - Throws: `ErrorReports` with the project's mistakes; the error of whatever could not be opened, with everything
    ///   that was open closed again.
    public static func start(
        _ options: PlatformOptions, progress: any WorkReporting, clock: any WallClock
    ) async throws -> RunningProject {
        let sound = try ProjectPlanner.soundProject(options)
        let missing = sound.project.missingDataFiles()
        if !missing.isEmpty { throw ErrorReports(missing) }
        let ports = sound.project.settings.ports
        // Before anything is loaded, rather than after minutes of it.
        for (service, port) in [
            ("kafka", options.kafkaPort ?? ports.kafka), ("registry", options.registryPort ?? ports.registry),
            ("http", options.httpPort ?? ports.http),
        ] where PortProbe.probe(port, host: options.host) == .taken {
            throw PlatformFailure.portTaken(service: service, port: port)
        }
        let directory = try DataDirectory(path: options.resolvedDataDirectory)
        return try await RunningProject(sound, directory, options, progress, clock)
    }

    private init(
        _ sound: SoundProject, _ directory: DataDirectory, _ options: PlatformOptions,
        _ progress: any WorkReporting,
        _ clock: any WallClock
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

        let log = try DurableLog.open(directory: directory.log, clock: clock)
        self.log = log
        let registry = try SubjectRegistry(path: "\(directory.registry)/schemas.journal")
        var opened: [@Sendable () async -> Void] = [{ try? log.close() }]
        do {
            let topics = project.sources.compactMap(\.topic)
            for topic in topics { try Self.create(topic, log) }

            let warehouse = try ProjectWarehouse(
                sound, directory: directory, memoryBytes: governor.carve("warehouse", share: 0) + memory.warehouseBytes,
                threads: min(4, ProcessInfo.processInfo.activeProcessorCount), clock: clock, progress: progress)
            self.warehouse = warehouse
            for name in warehouse.loadable { _ = try warehouse.load(name) }

            let models = ModelScheduling(warehouse: warehouse, clock: clock)
            self.models = models
            var owners: [String: DatasetName] = [:]
            let definitions = project.models.filter { $0.config.materialized.value == .stream }
            for definition in definitions {
                for name in project.physicalReads(definition) {
                    if let topic = project.source(name)?.topic, owners[topic.topic] == nil {
                        owners[topic.topic] = definition.name
                    }
                }
            }
            let around = StreamRunning.Surroundings(
                sound: sound, warehouse: warehouse, log: log, registry: registry, directory: directory,
                governor: governor,
                memory: memory, workers: workers, clock: clock, deadLetterOwners: owners
            ) { models.inputChanged($0, version: $1) }
            let streams = try definitions.map { try StreamRunning($0, around) }
            self.streams = streams

            var configuration = KafkaService.Configuration()
            configuration.host = options.host
            configuration.port = options.kafkaPort ?? project.settings.ports.kafka
            let kafka = try await Self.listening("kafka") {
                try await KafkaService.start(log: log, configuration: configuration)
            }
            self.kafka = kafka
            opened.append { try? await kafka.shutdown() }

            let box = StatusBox()
            statusBox = box
            let registryService = try await Self.listening("registry") {
                try await HTTPService.start(
                    .init(host: options.host, port: options.registryPort ?? project.settings.ports.registry),
                    routes: [Self.registryRoutes(registry)])
            }
            opened.append { await registryService.shutdown() }
            let httpService = try await Self.listening("http") {
                try await HTTPService.start(
                    .init(host: options.host, port: options.httpPort ?? project.settings.ports.http),
                    routes: Self.routes(sound, warehouse, log, directory, clock, progress, box))
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
            try models.start()
            for stream in streams { models.inputChanged(stream.model, version: try stream.publisher.publish()) }
            let brokers = "\(options.host):\(kafka.boundPort)"
            replays = try project.sources.compactMap { source in
                try ReplayRunning.of(
                    source, brokers: brokers, registry: registry, speed: options.replay,
                    memoryBytes: memory.replayBytes,
                    clock: clock, progress: progress)
            }
        } catch {
            for close in opened.reversed() { await close() }
            throw error
        }
        statusBox.make.withLock { $0 = { [unowned self] in status() } }
        for replay in replays { replay.start() }
        try endpoints.write(to: DataDirectory.endpointsFile(in: directory.path))
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
        _ sound: SoundProject, _ warehouse: ProjectWarehouse, _ log: DurableLog, _ directory: DataDirectory,
        _ clock: any WallClock, _ progress: any WorkReporting, _ box: StatusBox
    ) -> [any HTTPRoutes] {
        let settings = sound.project.settings
        let (endpoints, relations) = WarehouseRestData.endpoints(sound)
        let control = ControlRoutes(
            status: { box.make.withLock { $0 }?() },
            records: { try TopicRecord.newest(of: $0, limit: $1, in: log) },
            queries: QueryAnswering(engine: warehouse.engine, temporaryDirectory: directory.temporary),
            work: ModelWork(warehouse: warehouse, clock: clock, progress: progress))
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
            working: replays.filter(\.isRunning).map { "replay of \($0.topic)" }, problems: problems())
    }

    /// Everything that does not work at the moment.
    public func problems() -> [PlatformProblem] {
        let offline = log.topics.flatMap { topic in
            (0..<topic.partitionCount).compactMap { index -> PlatformProblem? in
                guard let failure = (try? log.partition(topic.name, index))?.failure else { return nil }
                return PlatformProblem(
                    subject: "partition \(index) of \(topic.name.value)", text: failure.report.description)
            }
        }
        return offline
            + replays.compactMap { replay in
                replay.problem.map { PlatformProblem(subject: "replay of \(replay.topic)", text: $0) }
            }
            + streams.compactMap { stream in
                stream.problem.map { PlatformProblem(subject: "stream \(stream.model)", text: $0) }
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
                    name: name.description, kind: "source", rows: try? engine.rowCount(of: relation),
                    version: (try? engine.version(of: relation)).flatMap { $0.map { String($0, radix: 36) } },
                    builtMicros: nil,
                    isFresh: true, problem: models.standing(of: name).problem))
        }
        for stream in streams {
            let relation = ProjectWarehouse.relation(stream.model)
            tables.append(
                .init(
                    name: stream.model.description, kind: "stream", rows: stream.publisher.rows,
                    version: (try? engine.version(of: relation)).flatMap { $0.map { String($0, radix: 36) } },
                    builtMicros: nil,
                    isFresh: true, problem: nil))
        }
        for model in warehouse.batchModels {
            let relation = ProjectWarehouse.relation(model.name)
            let standing = models.standing(of: model.name)
            let isView = model.config.materialized.value == .view
            tables.append(
                .init(
                    name: model.name.description, kind: model.config.materialized.value.rawValue,
                    rows: isView ? nil : try? engine.rowCount(of: relation),
                    version: (try? engine.version(of: relation)).flatMap { $0.map { String($0, radix: 36) } },
                    builtMicros: standing.builtMicros, isFresh: standing.isFresh, problem: standing.problem))
        }
        return tables
    }

    /// Rows of one SELECT, as the `{"columns", "data"}` document of `QueryFormat.json`.
    public func query(_ sql: String, rowsMax: Int?) throws -> [UInt8] {
        try QueryAnswering(engine: warehouse.engine, temporaryDirectory: directory.temporary)
            .run(sql, format: .json, rowsMax: rowsMax)
    }

    /// The newest records of a topic.
    func records(of topic: String, limit: Int) throws -> [TopicRecord] {
        try TopicRecord.newest(of: topic, limit: limit, in: log)
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

    /// Makes visible what has been read, lets clients finish, and closes everything.
    public func stop() async throws {
        for replay in replays { replay.stop() }
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
