import Base
import Connectors
import EventLog
import Formats
import Foundation
import KafkaServer
import Synchronization
import Testing

@testable import Platform

/// A disk for topics that is full when the test says so.
private final class FullDisk: LogFileSystem {
    let isFull = Mutex(false)
    private let files = PosixFileSystem()

    private final class File: LogFile {
        let file: any LogFile
        /// Nil for files that are kept on another disk.
        let disk: FullDisk?
        init(_ file: any LogFile, _ disk: FullDisk?) { (self.file, self.disk) = (file, disk) }
        func size() throws(LogError) -> Int { try file.size() }
        func read(at position: Int, into target: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
            try unsafe file.read(at: position, into: target)
        }
        func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(LogError) {
            if disk?.isFull.withLock({ $0 }) ?? false { throw .diskFull(path: "disk") }
            try unsafe file.write(bytes, at: position)
        }
        func sync() throws(LogError) { try file.sync() }
        func truncate(to size: Int) throws(LogError) { try file.truncate(to: size) }
    }

    func open(_ path: String, create: Bool) throws(LogError) -> any LogFile {
        File(try files.open(path, create: create), path.contains("/topics/") ? self : nil)
    }
    func makeDirectory(_ path: String) throws(LogError) -> Bool { try files.makeDirectory(path) }
    func list(_ path: String) throws(LogError) -> [String] { try files.list(path) }
    func exists(_ path: String) -> Bool { files.exists(path) }
    func modifiedMillis(_ path: String) throws(LogError) -> Int64 { try files.modifiedMillis(path) }
    func rename(_ source: String, to target: String) throws(LogError) { try files.rename(source, to: target) }
    func removeFile(_ path: String) throws(LogError) { try files.removeFile(path) }
    func removeDirectory(_ path: String) throws(LogError) { try files.removeDirectory(path) }
    func syncDirectory(_ path: String) throws(LogError) { try files.syncDirectory(path) }
    func lock(_ path: String) throws(LogError) -> any LogFile { try files.lock(path) }
}

/// Goes ten times as fast as the machine's, so that nobody need wait for patience to run out.
private struct FastClock: WallClock {
    func nowMicros() -> Int64 { SystemClock().nowMicros() * 10 }
}

private func withServer(
    partitions: Int32, configuration topic: TopicConfiguration? = nil,
    _ body: (String, DurableLog, FullDisk) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-replay-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let disk = FullDisk()
    let log = try DurableLog.open(directory: folder, fileSystem: disk)
    try log.createTopic(TopicName("events"), partitions: partitions, configuration: topic)
    var configuration = KafkaService.Configuration()
    configuration.port = 0
    let server = try await KafkaService.start(log: log, configuration: configuration)
    do { try await body("127.0.0.1:\(server.boundPort)", log, disk) } catch {
        try await server.shutdown()
        throw error
    }
    try await server.shutdown()
    try log.close()
}

/// The values of a partition's records, as text.
private func values(_ log: DurableLog, _ partition: Int32) throws -> [String] {
    let handle = try log.partition(TopicName("events"), partition)
    var (result, next) = ([String](), handle.startOffset)
    while true {
        let chunk = try handle.read(from: next, bytesMax: 1 << 20)
        if chunk.isEmpty { return result }
        var reader = RecordBatchReader(chunk)
        while let record = try reader.next() { result.append(String(decoding: record.valueBytes ?? [], as: UTF8.self)) }
        next = chunk.nextOffset
    }
}

/// Runs on a thread of its own, as a replay does.
private func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try work() }) }.start()
    }
}

/// A record that the broker never takes is the last one: those behind it must not arrive without it.
@Test(arguments: [0, 10]) func nothingIsSentBehindARecordThatFailed(before: Int) async throws {
    var topic = TopicConfiguration()
    topic.messageBytesMax = 2_000
    try await withServer(partitions: 1, configuration: topic) { brokers, log, _ in
        try await onThread {
            let producer = try KafkaProducer(brokers: brokers)
            func send(_ text: String) throws {
                try unsafe Array(text.utf8).withUnsafeBytes { bytes in
                    try unsafe producer.produce(
                        topic: "events", partition: 0, key: UnsafeRawBufferPointer(start: nil, count: 0), value: bytes)
                }
            }
            for number in 0..<before { try send("\(number)") }
            try producer.flush()
            try send(String(repeating: "large", count: 1_000))
            let error = #expect(throws: KafkaClientError.self) {
                for number in 0..<300 {
                    try send("later \(number)")
                    usleep(10_000)
                }
            }
            #expect(error?.report.code == "CON-003")
            #expect(throws: KafkaClientError.self) { try producer.flush() }
            #expect(throws: KafkaClientError.self) { try send("last") }
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(try values(log, 0) == (0..<before).map { "\($0)" })
    }
}

private func plan(_ brokers: String, rows: Int) throws -> ReplayPlan {
    let schema = try AvroSchema(
        parsing: #"{"type": "record", "name": "Event", "fields": [{"name": "id", "type": "string"}]}"#)
    return ReplayPlan(
        brokers: brokers, topic: "events",
        query: "select repeat('x', 90) || lpad(i::varchar, 10, '0') as id from range(\(rows)) t(i)", timeColumn: nil,
        keyColumn: "id", schema: schema, schemaID: 1, speed: nil, brokenRecords: [], memoryBytes: 64 << 20)
}

@Test func aReplayThatGetsNowhereSaysSoAndStopsWhenAsked() async throws {
    try await withServer(partitions: 1) { brokers, log, disk in
        let plan = try plan(brokers, rows: 300_000)
        let replay = Replay(plan, clock: FastClock(), progress: SilentProgress())
        // More than the producer's queue holds, so that it is asked while a record waits for room.
        disk.isFull.withLock { $0 = true }
        let told = Mutex<[String?]>([])
        let isAsked = Mutex(false)
        // It returns although nothing was taken; and the log still knows why.
        let problem = try await onThread {
            _ = try replay.run {
                isAsked.withLock { $0 }
            } stalled: { problem in
                told.withLock { $0.append(problem?.report.code) }
                isAsked.withLock { $0 = true }
            }
            return try log.partition(TopicName("events"), 0).appendProblem?.report.code
        }
        #expect(told.withLock { $0 } == ["CON-006"])
        #expect(problem == "LOG-010")
        #expect(try values(log, 0).isEmpty)
        disk.isFull.withLock { $0 = false }
    }
}

/// A disk that is full now and then, and a replay that is stopped now and then: every record is there once, in order.
@Test func aReplayLeavesNoGapBehindAFullDisk() async throws {
    let rows = 20_000
    try await withServer(partitions: 3) { brokers, log, disk in
        let plan = try plan(brokers, rows: rows)
        let isOver = Mutex(false)
        let flickering = Task.detached {
            var random = SplitMix64(seed: 7)
            while !isOver.withLock({ $0 }) {
                disk.isFull.withLock { $0.toggle() }
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...60, using: &random)))
            }
            disk.isFull.withLock { $0 = false }
        }
        for round in 0..<6 {
            if round == 5 { isOver.withLock { $0 = true } }
            let stop = ContinuousClock.now + .milliseconds(300 + 100 * round)
            let replay = Replay(plan, clock: SystemClock(), progress: SilentProgress())
            _ = try? await onThread { try replay.run { round < 5 && ContinuousClock.now > stop } }
            if round == 5 { try await flickering.value }
            // What was on its way when the run was stopped.
            try await Task.sleep(for: .milliseconds(300))
        }
        _ = try await onThread { try Replay(plan, clock: SystemClock(), progress: SilentProgress()).run { false } }
        var all: [String] = []
        for partition in 0..<3 as Range<Int32> {
            let numbers = try values(log, partition).map { String($0.suffix(10)) }
            #expect(numbers == numbers.sorted())
            all += numbers
        }
        #expect(all.count == rows)
        #expect(Set(all).count == rows)
    }
}
