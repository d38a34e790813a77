import Base
import Foundation

@testable import EventLog

/// A folder of its own, removed when the test is done.
final class TemporaryFolder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-log-\(UUID())").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

func configuration(segmentBytes: Int = 1 << 20, tailBytes: Int = 0) -> DurableLog.Configuration {
    var configuration = DurableLog.Configuration()
    configuration.retentionIntervalMillis = 0
    configuration.topicDefaults.segmentBytes = segmentBytes
    configuration.tailBytesMax = tailBytes
    return configuration
}

func batch(
    _ values: [String], codec: CompressionCodec = .none, producer: RecordBatchBuilder.Producer? = nil,
    timestamp: Int64 = 1_000
) throws -> [UInt8] {
    var builder = RecordBatchBuilder(codec: codec, producer: producer)
    for (place, value) in values.enumerated() {
        builder.append(key: nil, value: Array(value.utf8), timestampMillis: timestamp + Int64(place))
    }
    return try builder.finish()
}

/// Every durable record's offset and value, read in pieces of `bytesMax`.
func contents(_ partition: PartitionHandle, bytesMax: Int = 1000) throws -> [(offset: Int64, value: String)] {
    var result: [(offset: Int64, value: String)] = []
    var next = partition.startOffset
    while true {
        let chunk = try partition.read(from: next, bytesMax: bytesMax)
        if chunk.isEmpty { return result }
        var reader = RecordBatchReader(chunk)
        while let record = try reader.next() {
            result.append((record.offset.rawValue, String(decoding: record.valueBytes ?? [], as: UTF8.self)))
        }
        next = chunk.nextOffset
    }
}

/// A topic for tests.
var orders: TopicName { get throws { try TopicName("orders") } }
