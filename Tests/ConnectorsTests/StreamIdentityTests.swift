import Base
import Columnar
import EventLog
import Formats
import Foundation
import Lake
import SQL
import Storage
import Streaming
import Testing

@testable import Connectors

private let avro = """
    {"type": "record", "name": "event", "fields": [{"name": "id", "type": "int"}]}
    """

/// A topic of events 0, 1, 2 ..., a Delta table, and a stream from one to the other, in a folder of their own.
private final class Pipe {
    let topic: TemporaryLog
    let log: DurableLog
    let root: String

    init() throws {
        topic = try TemporaryLog(topic: "events")
        log = topic.log
        root = topic.folder.path
    }

    static func record(_ id: Int) -> [UInt8] { [0, 0, 0, 0, 1, UInt8(id * 2)] }

    func append(_ values: [[UInt8]], batch: Int = 2) throws {
        let partition = try log.partition(TopicName("events"), 0)
        for start in stride(from: 0, to: values.count, by: batch) {
            var builder = RecordBatchBuilder()
            for value in values[start..<min(values.count, start + batch)] {
                builder.append(key: nil, value: value, timestampMillis: 0)
            }
            try partition.append(builder.finish())
        }
    }

    var table: DeltaTable {
        get throws {
            let store = try LocalObjectStore(root: "\(root)/lake")
            do { return try DeltaTable.open(store: store, path: "out") } catch {
                return try DeltaTable.create(store: store, path: "out", schema: Schema([Field("id", .int32)]))
            }
        }
    }

    var rows: Int64? { get throws { try table.snapshot().rowCount } }
    var state: String { "\(root)/state" }

    func job(onDataLoss: DataLoss = .fail) throws -> StreamJob {
        let schema = try AvroSchema(parsing: avro)
        let name = try TopicName("events")
        let source = try TopicStreamSource(log: log, topic: name, readerSchema: schema, onDataLoss: onDataLoss) {
            $0 == 1 ? schema : nil
        }
        let letters = DeadLetterTopic(log: log, name: try TopicName("dead")) { 0 }
        return try StreamJob(
            plan: .scan(Scan(relation: "events", kind: .stream, schema: source.schema, eventTimeColumn: nil)),
            emit: .changes, sources: ["events": source],
            sink: DeltaSink(table: table, job: "gariep.out", options: AppendOptions()) {},
            deadLetterSink: TopicSink(log: log, topic: TopicName("dead"), job: "out", encoding: .deadLetter) { 0 },
            sourceDeadLetterSinks: ["events": DeadLetterSink(log: log, source: name, letters: letters)],
            stateDirectory: state, clock: MonotonicClock())
    }

    /// Runs until all is read, and stops.
    @discardableResult
    func run(onDataLoss: DataLoss = .fail) throws -> StreamJobStatus {
        let job = try job(onDataLoss: onDataLoss)
        try job.start(StreamJobSettings(governor: MemoryGovernor(budgetBytes: 64 << 20)))
        try job.waitUntilCaughtUp()
        try job.stop()
        return job.status()
    }

    /// The code with which a run refuses to go on.
    func refusal() throws -> String? {
        let job = try job()
        do {
            try job.start(StreamJobSettings(governor: MemoryGovernor(budgetBytes: 64 << 20)))
            let report = try job.waitUntilEnded(timeoutMicros: 2_000_000)
            try? job.stop()
            return report?.code
        } catch {
            return (error as? any PlatformError)?.report.code
        }
    }
}

@Suite struct StreamIdentityTests {
    private let pipe: Pipe

    init() throws {
        pipe = try Pipe()
        try pipe.append((0..<10).map(Pipe.record))
        try pipe.run()
        #expect(try pipe.rows == 10)
    }

    @Test func aTopicMadeAnewIsNotTakenForTheOld() throws {
        try pipe.log.deleteTopic(TopicName("events"))
        try pipe.log.createTopic(TopicName("events"), partitions: 1)
        try pipe.append((20..<24).map(Pipe.record))
        #expect(try pipe.refusal() == "STR-014")
        #expect(try pipe.rows == 10)
        try pipe.run(onDataLoss: .earliest)
        #expect(try pipe.rows == 14)
    }

    @Test func aStateOfEarlierIsRefused() throws {
        let backup = "\(pipe.root)/backup"
        try FileManager.default.copyItem(atPath: pipe.state, toPath: backup)
        try pipe.append((10..<14).map(Pipe.record))
        try pipe.run()
        try FileManager.default.removeItem(atPath: pipe.state)
        try FileManager.default.moveItem(atPath: backup, toPath: pipe.state)
        #expect(try pipe.refusal() == "STR-016")
        #expect(try pipe.rows == 14)
    }

    @Test func aTableOfEarlierIsRefused() throws {
        let (lake, backup) = ("\(pipe.root)/lake", "\(pipe.root)/backup")
        try FileManager.default.copyItem(atPath: lake, toPath: backup)
        try pipe.append((10..<14).map(Pipe.record))
        try pipe.run()
        try FileManager.default.removeItem(atPath: lake)
        try FileManager.default.moveItem(atPath: backup, toPath: lake)
        #expect(try pipe.refusal() == "STR-017")
    }

    @Test func aTableThatIsGoneIsRefused() throws {
        try FileManager.default.removeItem(atPath: "\(pipe.root)/lake")
        #expect(try pipe.refusal() == "STR-015")
    }

    @Test func aStateThatIsGoneIsRefused() throws {
        try FileManager.default.removeItem(atPath: pipe.state)
        #expect(try pipe.refusal() == "CON-031")
        #expect(try pipe.rows == 10)
    }

    /// What the errors advise: nothing is lost on the way.
    @Test func withoutStateAndTableAllBeginsAgain() throws {
        try pipe.append([[1, 2, 3]] + (10..<14).map(Pipe.record))
        try pipe.run()
        for path in [pipe.state, "\(pipe.root)/lake"] { try FileManager.default.removeItem(atPath: path) }
        try pipe.append([[4, 5, 6]])
        let status = try pipe.run()
        #expect(try pipe.rows == 14)
        #expect(status.ledger.reduce(0) { $0 + $1.handOver.refused } == 2)
        #expect(try pipe.topic.records("dead").map { $0.headers["gariep.offset"] } == ["10", "15"])
    }

    @Test func recordsThatAreGoneAreToldOrPassedOver() throws {
        try pipe.append((10..<20).map(Pipe.record))
        _ = try pipe.log.partition(TopicName("events"), 0).deleteRecords(before: Offset(14))
        #expect(try pipe.refusal() == "CON-011")
        #expect(try pipe.rows == 10)
        let status = try pipe.run(onDataLoss: .earliest)
        #expect(try pipe.rows == 16)
        #expect(status.committed.map(\.skipped) == [4])
        #expect(status.committed.map(\.position) == [.offset(20)])
    }

    /// All of them, so that no row follows the gap.
    @Test func aGapUpToTheEndIsPassedOver() throws {
        try pipe.append((10..<20).map(Pipe.record))
        _ = try pipe.log.partition(TopicName("events"), 0).deleteRecords(before: Offset(20))
        let status = try pipe.run(onDataLoss: .earliest)
        #expect(status.committed.map(\.skipped) == [10])
        #expect(status.committed.map(\.position) == [.offset(20)])
    }
}
