internal import Base
internal import Connectors
internal import Dispatch
internal import Formats
internal import Foundation
internal import ProjectModel
internal import SchemaRegistry
internal import Synchronization

/// A topic's replay on a thread of its own.
final class ReplayRunning: Sendable {
    let topic: String
    private let replay: Replay
    private let isStopping = Mutex(false)
    private let outcome = Mutex<Result<Int64, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(topic: String, replay: Replay) {
        self.topic = topic
        self.replay = replay
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
        let id = try registry.register(schema.text, subject: "\(topic.topic)-value")
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
        return ReplayRunning(topic: topic.topic, replay: Replay(plan, clock: clock, progress: progress))
    }

    func start() {
        let thread = Thread { [self] in
            let result = Result { try replay.run { isStopping.withLock { $0 } } }
            outcome.withLock { $0 = result }
            ended.signal()
        }
        thread.name = "gariep.replay"
        thread.stackSize = 4 << 20
        thread.start()
    }

    func stop() {
        isStopping.withLock { $0 = true }
        ended.wait()
    }

    var isRunning: Bool { outcome.withLock { $0 == nil } }
    var problem: String? {
        guard case .failure(let error) = outcome.withLock({ $0 }) else { return nil }
        return (error as? any PlatformError)?.report.description ?? "\(error)"
    }
}
