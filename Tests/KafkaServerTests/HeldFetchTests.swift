import Base
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import EventLog
@testable import KafkaServer

/// A fetch of `hot` from an offset on, and of a partition that gets no records, which it names many times so that asking it
/// takes some time. Source: Kafka protocol, Fetch version 4.
private func fetchFrame(hotOffset: Int64, idleTimes: Int) -> [UInt8] {
    var frame = ByteWriter()
    func name(_ text: String) {
        frame.bigEndian(Int16(text.utf8.count))
        frame.append(text.utf8)
    }
    for number in [Int16(1), 4] { frame.bigEndian(number) }
    frame.bigEndian(Int32(7))
    name("test")
    for number in [Int32(-1), 2_000, 1, 1 << 20] { frame.bigEndian(number) }
    frame.bigEndian(Int8(0))
    frame.bigEndian(Int32(1))
    name("orders")
    frame.bigEndian(Int32(1 + idleTimes))
    for place in 0...idleTimes {
        frame.bigEndian(Int32(place == 0 ? 0 : 1))
        frame.bigEndian(place == 0 ? hotOffset : 0)
        frame.bigEndian(Int32(1 << 20))
    }
    return frame.bytes
}

/// Records that arrive while a fetch is still asking its partitions to wake it.
@Test func aFetchLeavesNobodyWaitingForIt() async throws {
    try await withServer { _, log in
        try log.createTopic(TopicName("orders"), partitions: 2)
        let (hot, idle) = (try log.partition(TopicName("orders"), 0), try log.partition(TopicName("orders"), 1))
        let files = NIOThreadPool(numberOfThreads: 2)
        files.start()
        let broker = Broker(
            log: log, configuration: .init(), files: files, timers: MultiThreadedEventLoopGroup.singleton.next())
        var builder = RecordBatchBuilder()
        builder.append(key: nil, value: [1], timestampMillis: 1)
        let batch = try builder.finish()
        for _ in 0..<30 {
            let frame = fetchFrame(hotOffset: hot.highWatermark.rawValue, idleTimes: 3_000)
            await withCheckedContinuation { (answered: CheckedContinuation<Void, Never>) in
                broker.handle(frame, clientHost: "test") { _ in answered.resume() }
                hot.append(batch, durability: .synced) { _ in }
            }
        }
        // The one that was still asking when its answer came stops what it has begun.
        var waiting = -1
        for _ in 0..<100 where waiting != 0 {
            try await Task.sleep(for: .milliseconds(20))
            waiting = idle.log.state.withLock { $0.waiters.count }
        }
        #expect(waiting == 0)
        try await files.shutdownGracefully()
    }
}
