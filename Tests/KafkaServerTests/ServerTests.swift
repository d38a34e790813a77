import Base
import EventLog
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import KafkaServer

@Test func aTakenPortIsNamed() async throws {
    try await withServer { server, log in
        var configuration = KafkaService.Configuration()
        configuration.port = server.boundPort
        await #expect(throws: KafkaServiceError.portInUse(host: "127.0.0.1", port: server.boundPort)) {
            try await KafkaService.start(log: log, configuration: configuration)
        }
        #expect(
            KafkaServiceError.portInUse(host: "h", port: server.boundPort).description.contains("\(server.boundPort)"))
    }
}

/// A bare connection that sends bytes and reads frames.
private struct Client {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    static func connect(_ port: Int) async throws -> Client {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return Client(channel: channel)
    }

    /// Sends `bytes`, and reads until `count` frames have come or the server closed; each frame without its size.
    func exchange(_ bytes: [UInt8], frames count: Int) async throws -> [[UInt8]] {
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            var (pending, frames): ([UInt8], [[UInt8]]) = ([], [])
            do {
                for try await part in inbound {
                    pending += Array(part.readableBytesView)
                    while pending.count >= 4 {
                        let size = Int(pending[..<4].reduce(0) { $0 << 8 | UInt32($1) })
                        guard pending.count >= 4 + size else { break }
                        frames.append(Array(pending[4..<(4 + size)]))
                        pending.removeFirst(4 + size)
                    }
                    if frames.count >= count { break }
                }
            } catch is IOError {
                // The server reset the connection, which is one way of closing it.
            }
            return frames
        }
    }
}

private func request(
    _ api: KafkaAPI, _ version: Int16, _ correlation: Int32, _ body: (inout ByteWriter) -> Void = { _ in }
)
    -> [UInt8]
{
    var writer = ByteWriter()
    writer.bigEndian(Int32(0))
    writer.bigEndian(api.rawValue)
    writer.bigEndian(version)
    writer.bigEndian(correlation)
    writer.bigEndian(Int16(-1))
    body(&writer)
    writer.replace(at: 0, bigEndian: Int32(writer.count - 4))
    return writer.bytes
}

@Test func answersComeInTheOrderOfRequests() async throws {
    try await withServer { server, log in
        try log.createTopic(TopicName("t"), partitions: 1)
        // A fetch that is held for 300 ms, and quick requests behind it.
        let fetch = request(.fetch, 4, 1) { writer in
            for field in [-1, 300, 1, 1 << 20] as [Int32] { writer.bigEndian(field) }
            writer.bigEndian(Int8(0))
            writer.bigEndian(Int32(1))
            writer.bigEndian(Int16(1))
            writer.append("t".utf8)
            writer.bigEndian(Int32(1))
            writer.bigEndian(Int32(0))
            writer.bigEndian(Int64(0))
            writer.bigEndian(Int32(1 << 20))
        }
        var bytes = fetch
        for correlation in 2..<40 as Range<Int32> { bytes += request(.apiVersions, 0, correlation) }
        let frames = try await Client.connect(server.boundPort).exchange(bytes, frames: 39)
        #expect(frames.map { $0[3] } == Array(1..<40))
    }
}

@Test func unknownVersionsAreToldWhatThereIs() async throws {
    try await withServer { server, _ in
        let frames = try await Client.connect(server.boundPort).exchange(request(.apiVersions, 99, 5), frames: 1)
        #expect(frames.first?.prefix(6) == [0, 0, 0, 5, 0, 35])
        #expect(try await Client.connect(server.boundPort).exchange(request(.fetch, 99, 5), frames: 1) == [])
    }
}

/// Garbage closes its own connection and no other.
@Test(arguments: 0..<10 as Range<UInt64>)
func garbageClosesTheConnection(seed: UInt64) async throws {
    try await withServer { server, _ in
        var random = SplitMix64(seed: seed)
        let body = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
        let apis = KafkaAPI.allCases
        let api = apis[Int.random(in: 0..<apis.count, using: &random)]
        _ = try await Client.connect(server.boundPort).exchange(
            request(api, api.versions.upperBound, 1) { $0.append([255] + body) } + request(.apiVersions, 0, 2),
            frames: 2)
        _ = try await Client.connect(server.boundPort).exchange([0x7f, 0xff, 0xff, 0xff] + body, frames: 1)
        let frames = try await Client.connect(server.boundPort).exchange(request(.apiVersions, 0, 9), frames: 1)
        #expect(frames.count == 1)
    }
}

@Test func shutdownAnswersWhatIsHeld() async throws {
    let frames = try await withServer { server, log in
        try log.createTopic(TopicName("t"), partitions: 1)
        let fetch = request(.fetch, 4, 7) { writer in
            for field in [-1, 20_000, 1, 1 << 20] as [Int32] { writer.bigEndian(field) }
            writer.bigEndian(Int8(0))
            writer.bigEndian(Int32(1))
            writer.bigEndian(Int16(1))
            writer.append("t".utf8)
            writer.bigEndian(Int32(1))
            writer.bigEndian(Int32(0))
            writer.bigEndian(Int64(0))
            writer.bigEndian(Int32(1 << 20))
        }
        let client = try await Client.connect(server.boundPort)
        async let held = client.exchange(fetch, frames: 1)
        try await Task.sleep(for: .milliseconds(200))
        try await server.shutdown()
        return try await held
    }
    #expect(frames.map { $0[3] } == [7])
}
