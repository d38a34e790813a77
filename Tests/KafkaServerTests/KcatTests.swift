import Base
import EventLog
import Foundation
import Testing

@testable import KafkaServer

@Test(arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
func kcatGetsBackWhatItSent(codec: String) async throws {
    guard let kcat = kcat() else { return }
    try await withServer { server, log in
        let address = "127.0.0.1:\(server.boundPort)"
        let sent = (0..<2000).map { "key\($0 % 17):value \($0) of the river" }
        let produced = try await run(
            kcat, ["-P", "-b", address, "-t", "river", "-K:", "-z", codec], input: sent.joined(separator: "\n") + "\n")
        #expect(produced.status == 0, "\(produced.errors)")
        let consumed = try await run(
            kcat, ["-C", "-b", address, "-t", "river", "-o", "beginning", "-e", "-q", "-f", "%p %o %k:%s\\n"])
        #expect(consumed.status == 0, "\(consumed.errors)")
        var next: [Int64: Int64] = [:]
        var got: [String] = []
        for line in consumed.lines {
            let parts = line.split(separator: " ", maxSplits: 2)
            try #require(parts.count == 3)
            let (partition, offset) = (try #require(Int64(parts[0])), try #require(Int64(parts[1])))
            #expect(offset == next[partition, default: 0])
            next[partition] = offset + 1
            got.append(String(parts[2]))
        }
        #expect(got.sorted() == sent.sorted())
        #expect(next.count == 4, "the default partition count")
        // The batches are stored as they were sent; librdkafka leaves those alone that would not become smaller.
        var codecs: Set<CompressionCodec> = []
        for index in 0..<4 as Range<Int32> {
            var reader = RecordBatchReader(
                try log.partition(TopicName("river"), index).read(from: .zero, bytesMax: 1 << 20))
            while try reader.next() != nil {
                if let stored = reader.batch?.codec { codecs.insert(stored) }
            }
        }
        #expect(codecs.contains { "\($0)" == codec }, "\(codecs)")
    }
}

@Test func kcatListsTopicsAndFindsTimes() async throws {
    guard let kcat = kcat() else { return }
    try await withServer { server, log in
        let address = "127.0.0.1:\(server.boundPort)"
        try log.createTopic(TopicName("lakes"), partitions: 3)
        let listed = try await run(kcat, ["-L", "-b", address])
        #expect(listed.output.contains("broker 1 at \(address)"), "\(listed.output) \(listed.errors)")
        #expect(listed.output.contains("topic \"lakes\" with 3 partitions"), "\(listed.output)")
        let partition = try log.partition(TopicName("lakes"), 0)
        for number in 0..<100 {
            var builder = RecordBatchBuilder()
            builder.append(key: nil, value: Array("v\(number)".utf8), timestampMillis: 1_000_000 + Int64(number) * 10)
            try partition.append(builder.finish())
        }
        let asked = try await run(kcat, ["-Q", "-b", address, "-t", "lakes:0:1000405"])
        #expect(asked.output.contains("offset 41"), "\(asked.output) \(asked.errors)")
        let tail = try await run(
            kcat, ["-C", "-b", address, "-t", "lakes", "-p", "0", "-o", "-3", "-e", "-q", "-f", "%T %s\\n"])
        #expect(tail.lines == ["1000970 v97", "1000980 v98", "1000990 v99"], "\(tail.errors)")
    }
}

/// Two members share the partitions; when one goes, the other takes over and goes on where it stopped.
@Test func kcatsShareAGroup() async throws {
    guard let kcat = kcat() else { return }
    try await withServer { server, log in
        let address = "127.0.0.1:\(server.boundPort)"
        let topic = try TopicName("shared")
        try log.createTopic(topic, partitions: 4)
        func send(_ values: Range<Int>) throws {
            for value in values {
                var builder = RecordBatchBuilder()
                builder.append(key: nil, value: Array("v\(value)".utf8), timestampMillis: 1)
                try log.partition(topic, Int32(value % 4)).append(builder.finish())
            }
        }
        try send(0..<100)
        let options = [
            "-b", address, "-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=300", "-X",
            "auto.offset.reset=earliest", "-X", "auto.commit.interval.ms=200", "-q", "-f", "%p %s\\n",
        ]
        // Each ends after so many messages; together they need all of them.
        async let first = run(kcat, ["-G", "team"] + options + ["-c", "30", "shared"], timeoutSeconds: 20)
        async let second = run(kcat, ["-G", "team"] + options + ["-c", "30", "shared"], timeoutSeconds: 20)
        let (one, two) = try await (first, second)
        #expect(one.lines.count == 30, "\(one.errors)")
        #expect(two.lines.count == 30, "\(two.errors)")
        let third = try await run(kcat, ["-G", "team"] + options + ["-c", "40", "shared"], timeoutSeconds: 20)
        #expect(third.lines.count == 40, "\(third.errors)")
        let all = (one.lines + two.lines + third.lines).map { $0.split(separator: " ").last.map(String.init) ?? "" }
        #expect(Set(all).count == all.count, "nothing is delivered twice when members leave in order")
        let committed = log.committedOffsets.committed(group: "team")
        #expect(committed.values.reduce(0) { $0 + $1.offset } == 100)
    }
}

/// A broker on all addresses tells each client the address it came to.
@Test(
    arguments: [
        ("0.0.0.0", nil, "127.0.0.1"), ("127.0.0.1", nil, "127.0.0.1"), ("0.0.0.0", "broker.example", "broker.example"),
    ] as [(String, String?, String)])
func clientsAreToldAnAddressTheyCanUse(host: String, advertised: String?, expected: String) async throws {
    guard let kcat = kcat() else { return }
    try await withServer {
        $0.host = host
        $0.advertisedHost = advertised
    } _: { server, _ in
        func listed(_ more: [String]) async throws -> String {
            try await run(kcat, ["-L", "-b", "127.0.0.1:\(server.boundPort)"] + more).output
        }
        let output = try await listed([])
        #expect(output.contains("broker 1 at \(expected):\(server.boundPort)"), "\(output)")
        let own = try await listed(["-X", "client.id=\(KafkaService.ownClientID)"])
        #expect(own.contains("broker 1 at 127.0.0.1:\(server.boundPort)"), "\(own)")
    }
}
