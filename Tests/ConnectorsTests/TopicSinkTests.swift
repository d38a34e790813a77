import Base
import Columnar
import EventLog
import Foundation
import Streaming
import Testing

@testable import Connectors

/// A log in a folder of its own, removed at the end.
private final class TemporaryLog {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("connectors-\(UUID().uuidString)")
    let log: DurableLog

    init(topic: String) throws {
        log = try DurableLog.open(directory: folder.path)
        try log.createTopic(TopicName(topic), partitions: 1)
    }

    deinit {
        try? log.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func records(_ topic: String) throws -> [(value: [UInt8], headers: [String: String])] {
        let partition = try log.partition(TopicName(topic), 0)
        var found: [(value: [UInt8], headers: [String: String])] = []
        var offset = partition.startOffset
        while true {
            let chunk = try partition.read(from: offset, bytesMax: 1 << 20)
            guard !chunk.isEmpty else { return found }
            var reader = RecordBatchReader(chunk)
            while let record = try reader.next() {
                let headers = record.headers.map { ($0.key, String(decoding: $0.value ?? [], as: UTF8.self)) }
                found.append((record.valueBytes ?? [], Dictionary(headers) { first, _ in first }))
            }
            offset = chunk.nextOffset
        }
    }
}

private func letters(_ count: Int, payloadBytes: Int = 3) throws -> ChangeBatch {
    let builders = DeadLetter.schema.fields.map { ColumnBuilder.make($0.type) }
    for index in 0..<count {
        let row: [Scalar] = [
            .string("orders"), .int(2), .string("\(index)"), .string("FMT-050"), .string("broken"),
            .bytes([UInt8](repeating: UInt8(index & 0xff), count: payloadBytes)),
        ]
        for (builder, value) in zip(builders, row) { try builder.append(value) }
    }
    return ChangeBatch(RecordBatch(schema: DeadLetter.schema, columns: builders.map { $0.finish() }, count: count))
}

private func sink(_ log: TemporaryLog, job: String = "job") throws -> TopicSink {
    try TopicSink(log: log.log, topic: TopicName("t"), job: job, encoding: .deadLetter) { 0 }
}

private func prepared(_ sink: TopicSink, _ changes: ChangeBatch, epoch: Epoch) throws -> [UInt8] {
    let writer = try sink.openWriter(worker: 0)
    try writer.write(changes)
    return try writer.prepare(epoch: epoch)
}

@Test func aRepeatedCommitWritesNothing() throws {
    let log = try TemporaryLog(topic: "t")
    let first = try sink(log)
    let one = try prepared(first, letters(3), epoch: Epoch(1))
    try first.commit(epoch: Epoch(1), handles: [one])
    try first.commit(epoch: Epoch(1), handles: [one])
    // Another life of the program knows it too, from the topic alone.
    let second = try sink(log)
    try second.commit(epoch: Epoch(1), handles: [one])
    try second.commit(epoch: Epoch(2), handles: [prepared(second, letters(2), epoch: Epoch(2)), []])
    let records = try log.records("t")
    #expect(records.count == 5)
    #expect(records[0].headers["gariep.cause"] == "broken")
    #expect(records[1].headers["gariep.offset"] == "1")
    #expect(records[0].headers["gariep.partition"] == "2")
}

@Test func aCommitCutShortGoesOnWhereItStopped() throws {
    // Two megabytes are several batches; a crash between two of them leaves the first ones there.
    let whole = try TemporaryLog(topic: "t")
    let handle = try prepared(sink(whole), letters(2000, payloadBytes: 1000), epoch: Epoch(7))
    try sink(whole).commit(epoch: Epoch(7), handles: [handle])
    let all = try whole.records("t")
    #expect(all.count == 2000)
    let marks = Set(all.compactMap { $0.headers["gariep.epoch"] })
    #expect(marks.count > 1, "the commit is more than one batch")

    let cut = try TemporaryLog(topic: "t")
    let source = try whole.log.partition(TopicName("t"), 0)
    var reader = RecordBatchReader(try source.read(from: .zero, bytesMax: 1))
    var builder = RecordBatchBuilder()
    while let record = try reader.next() {
        builder.append(key: nil, value: record.valueBytes, timestampMillis: 0, headers: record.headers)
    }
    #expect(builder.count > 0 && builder.count < 2000)
    try cut.log.partition(TopicName("t"), 0).append(builder.finish())
    try sink(cut).commit(epoch: Epoch(7), handles: [handle])
    #expect(try cut.records("t").map(\.value) == all.map(\.value))
}

@Test func jobsThatShareATopicDoNotHideEachOther() throws {
    let log = try TemporaryLog(topic: "t")
    let (left, right) = (try sink(log, job: "left"), try sink(log, job: "right"))
    try left.commit(epoch: Epoch(5), handles: [prepared(left, letters(1), epoch: Epoch(5))])
    try right.commit(epoch: Epoch(1), handles: [prepared(right, letters(1), epoch: Epoch(1))])
    #expect(try log.records("t").count == 2)
}

@Test func damagedHandlesAreRefused() throws {
    let log = try TemporaryLog(topic: "t")
    let sink = try sink(log)
    let handle = try prepared(sink, letters(1), epoch: Epoch(1))
    for length in 1..<handle.count {
        #expect(throws: LogError.self) { try sink.commit(epoch: Epoch(1), handles: [Array(handle[..<length])]) }
    }
    #expect(try log.records("t").isEmpty)
}
