import Base
import Testing

@testable import EventLog

private func decode(_ api: KafkaAPI, _ version: Int16, _ reader: inout WireReader) throws {
    switch api {
    case .produce: _ = try ProduceRequest(&reader, version: version)
    case .fetch: _ = try FetchRequest(&reader, version: version)
    case .listOffsets: _ = try ListOffsetsRequest(&reader, version: version)
    case .metadata: _ = try MetadataRequest(&reader, version: version)
    case .offsetCommit: _ = try OffsetCommitRequest(&reader, version: version)
    case .offsetFetch: _ = try OffsetFetchRequest(&reader, version: version)
    case .findCoordinator: _ = try FindCoordinatorRequest(&reader, version: version)
    case .joinGroup: _ = try JoinGroupRequest(&reader, version: version)
    case .heartbeat: _ = try HeartbeatRequest(&reader, version: version)
    case .leaveGroup: _ = try LeaveGroupRequest(&reader, version: version)
    case .syncGroup: _ = try SyncGroupRequest(&reader, version: version)
    case .describeGroups: _ = try DescribeGroupsRequest(&reader, version: version)
    case .listGroups: _ = try ListGroupsRequest(&reader, version: version)
    case .createTopics: _ = try CreateTopicsRequest(&reader, version: version)
    case .deleteTopics: _ = try DeleteTopicsRequest(&reader, version: version)
    case .deleteRecords: _ = try DeleteRecordsRequest(&reader, version: version)
    case .initProducerID: _ = try InitProducerIDRequest(&reader, version: version)
    case .offsetForLeaderEpoch: _ = try OffsetForLeaderEpochRequest(&reader, version: version)
    case .describeConfigs: _ = try DescribeConfigsRequest(&reader, version: version)
    case .createPartitions: _ = try CreatePartitionsRequest(&reader, version: version)
    case .deleteGroups: _ = try DeleteGroupsRequest(&reader, version: version)
    case .apiVersions, .describeCluster: break
    }
}

/// Any bytes decode or are refused with LOG-021, in every version of every request.
@Test(arguments: KafkaAPI.allCases)
func noBytesEndTheProcess(api: KafkaAPI) {
    var random = SplitMix64(seed: UInt64(api.rawValue) + 1)
    for version in api.versions {
        for round in 0..<300 {
            let count = Int.random(in: 0...120, using: &random)
            // Small numbers make lengths that fit, and so reach further in.
            let top: UInt8 = round.isMultiple(of: 3) ? 255 : 3
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...top, using: &random) }
            var reader = WireReader(bytes, api: "\(api)", isFlexible: api.isFlexible(version))
            do { try decode(api, version, &reader) } catch {
                #expect((error as? LogError)?.report.code == "LOG-021")
            }
        }
    }
}

@Test func aCountThatCannotBeIsRefusedBeforeMemoryIsTaken() {
    var reader = WireReader([0x7f, 0xff, 0xff, 0xff], api: "test", isFlexible: false)
    #expect(throws: LogError.malformedFrame(api: "test", position: 4, problem: "2147483647 elements in 0 bytes")) {
        try reader.array { reader throws(LogError) in try reader.int8() }
    }
}

@Test(arguments: [false, true])
func fieldsComeBackAsWritten(isFlexible: Bool) throws {
    var writer = WireWriter(isFlexible: isFlexible)
    writer.int8(-3)
    writer.int16(-300)
    writer.int32(70_000)
    writer.int64(-1 << 40)
    writer.bool(true)
    writer.string("Gariep")
    writer.nullableString(nil)
    writer.bytes([1, 2, 3])
    writer.array(["a", ""]) { $0.string($1) }
    writer.nullArray()
    writer.topicID(TopicID(high: 1, low: .max))
    writer.tags()
    var reader = WireReader(writer.bytes, api: "test", isFlexible: isFlexible)
    #expect(try reader.int8() == -3)
    #expect(try reader.int16() == -300)
    #expect(try reader.int32() == 70_000)
    #expect(try reader.int64() == -1 << 40)
    #expect(try reader.bool())
    #expect(try reader.string() == "Gariep")
    #expect(try reader.nullableString() == nil)
    #expect(try reader.byteArray() == [1, 2, 3])
    #expect(try reader.array { reader throws(LogError) in try reader.string() } == ["a", ""])
    #expect(try reader.nullableArray { reader throws(LogError) in try reader.int8() } == nil)
    #expect(try reader.topicID() == TopicID(high: 1, low: .max))
    try reader.tags()
    #expect(reader.remaining == 0)
}

/// A request of version 12 (flexible) byte by byte, from Kafka's protocol guide.
@Test func aFlexibleMetadataRequestIsRead() throws {
    let frame: [UInt8] =
        [0, 3, 0, 12, 0, 0, 0, 9, 0, 2, 0x6d, 0x65, 0]  // key, version, correlation, client "me", no tags
        + [2] + [UInt8](repeating: 0, count: 16) + [5, 0x6c, 0x61, 0x6b, 0x65, 0]  // one topic: no id, "lake", no tags
        + [1, 0, 1, 7, 2, 0xaa, 0xbb]  // may create, no authorised operations, one unknown tagged field
    var (header, reader) = try RequestHeader.decode(frame)
    #expect(header == RequestHeader(apiKey: 3, version: 12, correlationID: 9, clientID: "me"))
    let request = try MetadataRequest(&reader, version: 12)
    #expect(request.topics?.map(\.name) == ["lake"])
    #expect(request.allowsCreation)
    #expect(reader.remaining == 0)
}
