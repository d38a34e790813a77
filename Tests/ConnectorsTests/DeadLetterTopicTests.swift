import Base
import Columnar
import EventLog
import Foundation
import Streaming
import Testing

@testable import Connectors

/// Letters of records at these offsets of partition 2.
private func letters(at offsets: [Int64], payloadBytes: Int = 3) throws -> ChangeBatch {
    let builders = DeadLetter.schema.fields.map { ColumnBuilder.make($0.type) }
    for offset in offsets {
        let row: [Scalar] = [
            .string("orders"), .int(2), .string("\(offset)"), .string("FMT-050"), .string("broken"),
            .bytes([UInt8](repeating: 7, count: payloadBytes)),
        ]
        for (builder, value) in zip(builders, row) { try builder.append(value) }
    }
    return ChangeBatch(
        RecordBatch(schema: DeadLetter.schema, columns: builders.map { $0.finish() }, count: offsets.count))
}

@Suite struct DeadLetterTopicTests: Sendable {
    let log: TemporaryLog

    init() throws {
        log = try TemporaryLog(topic: "orders")
    }

    func topic() throws -> DeadLetterTopic { DeadLetterTopic(log: log.log, name: try TopicName("dead")) { 0 } }

    func sink(_ topic: DeadLetterTopic) throws -> DeadLetterSink {
        let sink = DeadLetterSink(log: log.log, source: try TopicName("orders"), letters: topic)
        _ = try sink.open(life: "1")
        return sink
    }

    func commit(_ sink: DeadLetterSink, _ offsets: [Int64], epoch: UInt64) throws {
        try sink.commit(
            epoch: Epoch(epoch), handles: [prepared(sink, letters(at: offsets), epoch: Epoch(epoch)), []])
    }

    var offsets: [Int64] {
        get throws { try log.records("dead").compactMap { $0.headers["gariep.offset"].flatMap { Int64($0) } } }
    }

    /// Two streams with epochs of their own, one ahead of the other, that do not even find the same records broken.
    @Test func eachRecordHasOneLetter() throws {
        let topic = try topic()
        let (ahead, behind) = (try sink(topic), try sink(topic))
        try commit(ahead, [3, 64, 900], epoch: 7)
        try commit(behind, [3], epoch: 1)
        try commit(behind, [5, 64], epoch: 2)
        try commit(behind, [5, 64], epoch: 2)
        try commit(behind, [900, 901], epoch: 3)
        try commit(ahead, [901, 5], epoch: 8)
        #expect(try offsets == [3, 64, 900, 5, 901])
        // Another life of the program reads what is there; a third stream that begins from the start adds nothing.
        try commit(sink(self.topic()), [3, 5, 64, 900, 901, 1_000], epoch: 1)
        #expect(try offsets == [3, 64, 900, 5, 901, 1_000])
    }

    @Test func streamsAtOnceWriteEachLetterOnce() async throws {
        let topic = try topic()
        let sinks = try (0..<4).map { _ in try sink(topic) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, sink) in sinks.enumerated() {
                group.addTask {
                    for epoch in 0..<20 {
                        let start = Int64(epoch * (5 + index))
                        try self.commit(sink, Array(start..<start + Int64(5 + index)), epoch: UInt64(epoch + 1))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try offsets.count == 160)
        #expect(try Set(offsets) == Set(0..<160))
    }

    /// A crash between two batches of a commit: what is there stays, the rest follows.
    @Test func aCommitCutShortGoesOn() throws {
        let sink = try sink(topic())
        let handle = try prepared(sink, letters(at: Array(0..<3000), payloadBytes: 1000), epoch: Epoch(1))
        let half = try prepared(sink, letters(at: Array(0..<1300), payloadBytes: 1000), epoch: Epoch(1))
        try sink.commit(epoch: Epoch(1), handles: [half])
        try self.sink(topic()).commit(epoch: Epoch(1), handles: [handle])
        #expect(try offsets == Array(0..<3000))
    }

    /// The records of a topic made anew under the same name are other records.
    @Test func aSourceMadeAnewHasLettersOfItsOwn() throws {
        let topic = try topic()
        try commit(sink(topic), [1, 2], epoch: 1)
        try log.log.deleteTopic(TopicName("orders"))
        try log.log.createTopic(TopicName("orders"), partitions: 3)
        try commit(sink(topic), [2], epoch: 2)
        #expect(try offsets == [1, 2, 2])
        let ids = try log.records("dead").map { $0.headers["gariep.topic_id"] }
        #expect(Set(ids).count == 2)
    }

    /// Where the letters were deleted at run time, the topic is made again and takes what comes.
    @Test func lettersMayBeDeleted() throws {
        let sink = try sink(topic())
        try commit(sink, [1, 2], epoch: 1)
        try log.log.deleteTopic(TopicName("dead"))
        try commit(sink, [3], epoch: 2)
        #expect(try offsets == [3])
    }

    @Test func aLetterOfAnySizeGoesIn() throws {
        let sink = try sink(topic())
        try sink.commit(
            epoch: Epoch(1), handles: [prepared(sink, letters(at: [1, 2], payloadBytes: 2_000_000), epoch: Epoch(1))])
        #expect(try log.records("dead").map(\.value.count) == [2_000_000, 2_000_000])
    }
}
