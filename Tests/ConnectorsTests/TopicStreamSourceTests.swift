import Base
import Columnar
import EventLog
import Formats
import Foundation
import Streaming
import Testing

@testable import Connectors

/// A topic of records `{at: timestamp-millis}` on a clock that the test moves.
private final class Topic {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("connectors-\(UUID().uuidString)")
    let clock = ManualClock(micros: 1_000_000_000)
    let schema: AvroSchema
    private var opened: DurableLog?
    var log: DurableLog { get throws { try #require(opened) } }
    let name: TopicName

    init(partitions: Int32 = 1) throws {
        schema = try AvroSchema(
            parsing: """
                {"type":"record","name":"e","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}
                """)
        name = try TopicName("t")
        opened = try DurableLog.open(directory: folder.path, clock: clock)
        try log.createTopic(name, partitions: partitions)
    }

    deinit {
        try? opened?.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func reopen() throws {
        try log.close()
        opened = nil  // Lets go of the folder.
        opened = try DurableLog.open(directory: folder.path, clock: clock)
    }

    /// One batch of records with these times in them, all with the producer's `timestamp`.
    func append(_ times: [Int64], timestamp: Int64, isBroken: Bool = false) throws {
        var builder = RecordBatchBuilder()
        for time in times {
            var writer = ByteWriter()
            ConfluentFrame.begin(schemaID: 1, in: &writer)
            if !isBroken { writer.zigzagVarint(time) }
            builder.append(key: nil, value: writer.bytes, timestampMillis: timestamp)
        }
        try log.partition(name, 0).append(try builder.finish())
    }

    func source() throws -> TopicStreamSource {
        let schema = schema
        return try TopicStreamSource(log: log, topic: name, readerSchema: schema) { _ in schema }
    }

    func batches(rowsMax: Int) throws -> [SourceBatch] {
        let reader = try source().openPartition(0, at: nil, wake: SourceWake {})
        defer { reader.close() }
        var found: [SourceBatch] = []
        while let batch = try reader.poll(rowsMax: rowsMax) { found.append(batch) }
        return found
    }
}

/// Nanoseconds given as milliseconds, and the ends of the type.
@Test(arguments: [Int64.max, .min, 1_700_000_000_000_000_000, -1])
func absurdTimestampsOfRecordsDoNoHarm(timestamp: Int64) throws {
    let topic = try Topic()
    try topic.append([1, 2], timestamp: timestamp)
    let batches = try topic.batches(rowsMax: 100)
    #expect(batches.map(\.batch.count) == [2])
    #expect(batches.first?.appendedMicros == 1_000_000_000)
}

/// What the producers' clocks say is not when the log took the records; it is the same after a restart, and however the
/// records are cut into batches.
@Test(arguments: [1, 2, 100]) func recordsAreDatedByTheLog(rowsMax: Int) throws {
    let topic = try Topic()
    try topic.append([1, 2, 3], timestamp: 40_000_000)
    topic.clock.advance(micros: 5_000_000)
    try topic.append([0], timestamp: 0, isBroken: true)
    topic.clock.advance(micros: 5_000_000)
    try topic.append([4, 5], timestamp: -7)
    for restarts in [false, true] {
        if restarts { try topic.reopen() }
        var dated: [Int64] = []
        var seen: Set<Int64> = []
        for polled in try topic.batches(rowsMax: rowsMax) {
            var row = 0
            for run in polled.appends {
                seen.insert(run.micros)
                while row < run.rowEnd {
                    dated.append(run.micros)
                    row += 1
                }
            }
            #expect(row == polled.batch.count, "every row has a time")
        }
        #expect(dated == [1_000_000_000, 1_000_000_000, 1_000_000_000, 1_010_000_000, 1_010_000_000])
        #expect(seen == [1_000_000_000, 1_005_000_000, 1_010_000_000], "also of the record that cannot be read")
    }
}

@Test func aTopicThatGrowsHasMorePartitions() throws {
    let topic = try Topic(partitions: 2)
    let source = try topic.source()
    #expect(source.partitionCount == 2)
    try topic.log.addPartitions(topic.name, total: 5)
    #expect(source.partitionCount == 5)
}
