internal import Base
internal import Connectors
internal import Dispatch
internal import Formats
internal import Foundation
internal import Orchestrator
internal import ProjectModel
internal import SchemaRegistry
internal import Synchronization

/// A topic's replay on a thread of its own. One that fails goes on where it stopped, each time after a longer wait,
/// unless the project has to change first.
final class ReplayRunning: Sendable {
    let topic: String
    private let replay: Replay
    private let clock: any WallClock
    private let isStopping = Mutex(false)
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var isRunning = true
        /// Why it is not getting on.
        var problem: String?
    }

    private init(topic: String, replay: Replay, clock: any WallClock) {
        self.topic = topic
        self.replay = replay
        self.clock = clock
    }

    /// The replay of a source, where it has one and it is wanted.
    static func of(
        _ source: SourceDefinition, brokers: String, registry: SubjectRegistry, speed: PlatformOptions.ReplaySpeed,
        memoryBytes: Int, clock: any WallClock, progress: any WorkReporting
    ) throws -> ReplayRunning? {
        guard let topic = source.topic, let definition = topic.replay, speed != .off, let file = topic.schemaFile else {
            return nil
        }
        let schema = try EngineChecker.avroSchema(at: file.value).get()
        guard let id = try registerSchema(of: topic, registry) else { return nil }
        let times: Double? =
            switch speed {
            case .asConfigured: definition.speed
            case .timesRealTime(let times): times
            default: nil
            }
        let query: String
        if let text = definition.query?.text {
            query = text
        } else {
            let order = definition.orderBy.isEmpty ? "" : " order by " + definition.orderBy.joined(separator: ", ")
            query = "select * from '\(definition.path.value.replacing("'", with: "''"))'" + order
        }
        var prefix = ByteWriter()
        ConfluentFrame.begin(schemaID: id, in: &prefix)
        let plan = ReplayPlan(
            brokers: brokers, topic: topic.topic, query: query, timeColumn: definition.time,
            keyColumn: definition.key ?? topic.key?.value, schema: schema, schemaID: id, speed: times,
            brokenRecords: definition.brokenRecords.map { broken in
                .init(
                    after: Int64(broken.after), key: broken.key,
                    value: (broken.hasRegisteredHeader ? prefix.bytes : []) + broken.value)
            }, memoryBytes: memoryBytes)
        return ReplayRunning(topic: topic.topic, replay: Replay(plan, clock: clock, progress: progress), clock: clock)
    }

    /// Lets producers of a topic find its schema, whether or not the topic is replayed; the same one again changes
    /// nothing.
    ///
    /// - Returns: the schema's id; nil where the topic has none.
    @discardableResult
    static func registerSchema(of topic: TopicSource, _ registry: SubjectRegistry) throws -> Int32? {
        guard topic.format == .avro, let file = topic.schemaFile else { return nil }
        let schema = try EngineChecker.avroSchema(at: file.value).get()
        return try registry.register(schema.text, subject: "\(topic.topic)-value")
    }

    func start() {
        let thread = Thread { [self] in
            run()
            state.withLock { $0.isRunning = false }
            ended.signal()
        }
        thread.name = "gariep.replay"
        thread.stackSize = 4 << 20
        thread.start()
    }

    private func run() {
        var restarts = Restarts()
        while !isStopping.withLock({ $0 }) {
            let startedMicros = clock.nowMicros()
            do {
                state.withLock { $0.problem = nil }
                _ = try replay.run {
                    isStopping.withLock { $0 }
                } stalled: { [self] problem in
                    state.withLock { $0.problem = problem?.report.description }
                }
                return
            } catch {
                let report = (error as? any PlatformError)?.report
                state.withLock { $0.problem = report?.description ?? "\(error)" }
                if report?.recovery == .changeProject { return }
                let due = clock.nowMicros() + restarts.failed(ranMicros: clock.nowMicros() - startedMicros)
                while clock.nowMicros() < due, !isStopping.withLock({ $0 }) { FileSystem.sleep(micros: 100_000) }
            }
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        ended.wait()
    }

    /// Whether there is something left to send and somebody trying to.
    var isRunning: Bool { state.withLock { $0.isRunning } }
    var problem: String? { state.withLock { $0.problem } }
}
