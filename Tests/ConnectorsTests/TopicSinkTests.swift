import Base
import Columnar
import EventLog
import Foundation
import Streaming
import Testing

@testable import Connectors

/// A log in a folder of its own, removed at the end.
final class TemporaryLog: Sendable {
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

func letters(_ count: Int, payloadBytes: Int = 3) throws -> ChangeBatch {
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

private func sink(_ log: TemporaryLog, job: String = "job", life: String = "1") throws -> TopicSink {
    let sink = TopicSink(log: log.log, topic: try TopicName("t"), job: job, encoding: .deadLetter) { 0 }
    _ = try sink.open(life: life)
    return sink
}

func prepared(_ sink: any StreamSink, _ changes: ChangeBatch, epoch: Epoch) throws -> [UInt8] {
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
    #expect(records[0].headers["gariep.model"] == "job")
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

/// A state made anew counts its epochs from 1, and they are not those of the state before.
@Test func anotherLifeHasEpochsOfItsOwn() throws {
    let log = try TemporaryLog(topic: "t")
    let old = try sink(log, life: "1")
    try old.commit(epoch: Epoch(50), handles: [prepared(old, letters(1), epoch: Epoch(50))])
    let new = try sink(log, life: "2")
    try new.commit(epoch: Epoch(1), handles: [prepared(new, letters(1), epoch: Epoch(1))])
    #expect(try log.records("t").count == 2)
    #expect(try new.open(life: "2")?.newest == Epoch(1))
    #expect(try new.open(life: "1")?.newest == Epoch(50))
    #expect(try new.open(life: "3")?.newest == nil)
}

/// A checkpoint holds them already, so there is no size at which they could still be turned away.
@Test(arguments: [900_000, 1_048_588, 3_000_000]) func largeRecordsGoIn(bytes: Int) throws {
    let log = try TemporaryLog(topic: "t")
    let sink = try sink(log)
    let handle = try prepared(sink, letters(3, payloadBytes: bytes), epoch: Epoch(1))
    try sink.commit(epoch: Epoch(1), handles: [handle])
    #expect(try log.records("t").map(\.value.count) == [bytes, bytes, bytes])
    // Clients still have their bound.
    var builder = RecordBatchBuilder()
    builder.append(key: nil, value: [UInt8](repeating: 1, count: 1_048_588), timestampMillis: 0)
    let error = #expect(throws: LogError.self) { try log.log.partition(TopicName("t"), 0).append(builder.finish()) }
    #expect(error?.report.code == "LOG-015")
}

/// A topic that was deleted is made again at the next start, and one that took its place is looked through.
@Test func aTopicMadeAnewIsTakenUp() throws {
    let log = try TemporaryLog(topic: "t")
    let sink = try sink(log)
    let first = try sink.open(life: "1")
    let handle = try prepared(sink, letters(2), epoch: Epoch(4))
    try sink.commit(epoch: Epoch(4), handles: [handle])
    try log.log.deleteTopic(TopicName("t"))
    let error = #expect(throws: LogError.self) {
        try sink.commit(epoch: Epoch(5), handles: [prepared(sink, letters(1), epoch: Epoch(5))])
    }
    #expect(error?.report.code == "LOG-004")
    let second = try sink.open(life: "1")
    #expect(second?.newest == nil && second?.identity != first?.identity)
    try sink.commit(epoch: Epoch(5), handles: [prepared(sink, letters(1), epoch: Epoch(5))])
    #expect(try log.records("t").count == 1)
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
