import Base
import Synchronization
import Testing

@testable import EventLog

@Test func topicsAreMadeGrownAndDeleted() throws {
    let fileSystem = MemoryFileSystem()
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem, seed: 1)
    let made = try log.createTopic(orders, partitions: 2)
    #expect(throws: LogError.topicExists("orders")) { try log.createTopic(orders, partitions: 1) }
    #expect(throws: LogError.self) { try log.createTopic(TopicName("none"), partitions: 0) }
    try log.partition(orders, 1).append(try batch(["kept"]))
    try log.addPartitions(orders, total: 5)
    #expect(throws: LogError.self) { try log.addPartitions(orders, total: 5) }
    #expect(throws: LogError.unknownPartition(topic: "orders", partition: 5)) { try log.partition(orders, 5) }
    try log.close()

    let again = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    #expect(try again.topic(orders)?.id == made.id)
    #expect(again.topics.map(\.partitionCount) == [5])
    let partition = try again.partition(orders, 1)
    #expect(try contents(partition).map(\.value) == ["kept"])
    try again.deleteTopic(orders)
    #expect(throws: LogError.unknownTopic("orders")) { try again.partition(orders, 0) }
    #expect(throws: LogError.unknownTopic("orders")) { try partition.append(try batch(["late"])) }
    #expect(fileSystem.state.withLock { $0.names.keys.filter { $0.contains("orders") } } == [])
    #expect(try again.createTopic(orders, partitions: 1).id != made.id)
    #expect(try contents(again.partition(orders, 0)).isEmpty)
}

@Test(arguments: ["", ".", "..", "a/b", "a b", "ä", String(repeating: "x", count: 250)])
func badNamesAreRefused(name: String) {
    #expect(throws: LogError.self) { try TopicName(name) }
}

@Test(arguments: [
    ("cleanup.policy", "compact", "LOG-016"), ("cleanup.policy", "shred", "LOG-008"),
    ("retention.ms", "soon", "LOG-008"),
    ("segment.bytes", "1", "LOG-008"), ("compression.type", "zstd", "LOG-008"), ("colour", "red", "LOG-008"),
])
func badTopicConfigurationsAreRefused(key: String, value: String, code: String) throws {
    let error = #expect(throws: LogError.self) { try TopicConfiguration([(key, value)]) }
    #expect(error?.report.code == code)
}

@Test func oldAndManySegmentsGo() throws {
    let (fileSystem, clock) = (MemoryFileSystem(), ManualClock(micros: 10_000_000_000))
    var settings = configuration(segmentBytes: 200)
    settings.topicDefaults.retentionMillis = 1_000_000
    let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem, clock: clock)
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    for number in 0..<20 {
        try partition.append(try batch(["value \(number)"], timestamp: 9_100_000 + Int64(number) * 10_000))
    }
    try log.enforceRetention()
    #expect(partition.startOffset == Offset(0))
    clock.advance(micros: 200_000_000)
    try log.enforceRetention()
    let start = partition.startOffset
    #expect((9...11).contains(start.rawValue), "\(start)")
    #expect(throws: LogError.offsetOutOfRange(requested: Offset(3), available: start..<Offset(20))) {
        try partition.read(from: Offset(3), bytesMax: 10)
    }
    #expect(try contents(partition).map(\.offset) == Array(start.rawValue..<20))
    #expect(try partition.deleteRecords(before: Offset(15)) == Offset(15))
    try log.close()
    settings.topicDefaults.retentionBytes = 300
    let again = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem, clock: clock)
    #expect(try contents(again.partition(orders, 0)).map(\.offset) == Array(15..<20))
    try again.enforceRetention()
    #expect(try contents(again.partition(orders, 0)).map(\.offset) == Array(15..<20))
}

@Test(arguments: [1, 40, 1 << 20], [0, 1 << 20])
func timesAreFound(recordsPerBatch: Int, segmentBytes: Int) throws {
    let log = try DurableLog.open(
        directory: "log", configuration: configuration(segmentBytes: max(segmentBytes, 4000)),
        fileSystem: MemoryFileSystem())
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    var random = SplitMix64(seed: 3)
    let times = (0..<400).map { Int64($0) * 10 + Int64.random(in: -100...100, using: &random) + 1000 }
    var next = 0
    while next < times.count {
        var builder = RecordBatchBuilder()
        for time in times[next..<min(next + recordsPerBatch, times.count)] {
            builder.append(key: nil, value: [UInt8](repeating: 1, count: 20), timestampMillis: time)
            next += 1
        }
        try partition.append(builder.finish())
    }
    for wanted in stride(from: Int64(800), to: 5200, by: 37) {
        let expected = times.firstIndex { $0 >= wanted }
        #expect(try partition.offset(atOrAfter: wanted)?.offset == expected.map { Offset(Int64($0)) }, "\(wanted)")
    }
    #expect(try partition.newestTimestamp()?.timestampMillis == times.max())
}

@Test func producersAreFencedAndRemembered() throws {
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: MemoryFileSystem())
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    func send(_ epoch: Int16, _ sequence: Int32, _ values: [String] = ["a", "b"]) throws -> AppendResult {
        try partition.append(try batch(values, producer: .init(id: 5, epoch: epoch, sequence: sequence)))
    }
    for place in 0..<7 as Range<Int32> { #expect(try send(0, place * 2).baseOffset == Offset(Int64(place) * 2)) }
    for place in 2..<7 as Range<Int32> {
        #expect(try send(0, place * 2) == AppendResult(baseOffset: Offset(Int64(place) * 2), isDuplicate: true))
    }
    // Older than the five that are remembered.
    #expect(throws: LogError.outOfOrderSequence(producer: 5, expected: 14, found: 2)) { try send(0, 2) }
    #expect(throws: LogError.outOfOrderSequence(producer: 5, expected: 14, found: 16)) { try send(0, 16) }
    #expect(throws: LogError.outOfOrderSequence(producer: 5, expected: 0, found: 3)) { try send(1, 3) }
    #expect(try send(1, 0).baseOffset == Offset(14))
    #expect(throws: LogError.producerFenced(producer: 5, current: 1, found: 0)) { try send(0, 14) }
    #expect(ProducerTable.sequence(Int32.max, plus: 1) == 0)
}

@Test func committedOffsetsSurvive() throws {
    let fileSystem = MemoryFileSystem()
    func open() throws -> DurableLog {
        try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    }
    let log = try open()
    try log.createTopic(orders, partitions: 2)
    for round in 0..<20 as Range<Int64> { try commit(log, "g\(round % 3)", Int32(round % 2), round) }
    fileSystem.setPlan { operation, _ in operation == .write ? .diskFull(after: 7) : nil }
    #expect(throws: LogError.diskFull(path: "log/groups/offsets.log")) { try commit(log, "g0", 0, 999) }
    fileSystem.setPlan { _, _ in nil }
    #expect(log.committedOffsets.committed(group: "g0").values.map(\.offset).max() == 18)
    try commit(log, "g0", 0, 100)

    // A torn last entry is left out; damage before sound entries is told.
    let node = try #require(fileSystem.node("log/groups/offsets.log"))
    let whole = node.content.withLock { $0.current }
    node.content.withLock { $0.current.removeLast(5) }
    #expect(try open().committedOffsets.committed(group: "g0").values.map(\.offset).max() == 18)
    let damaged = try #require(fileSystem.node("log/groups/offsets.log"))
    damaged.content.withLock { content in
        content.current = whole
        content.current[12] ^= 1
    }
    #expect(
        throws: LogError.corruptSegment(
            segment: "log/groups/offsets.log", position: 0, problem: "a damaged entry stands")
    ) {
        try open()
    }
    damaged.content.withLock { $0.current = whole }
    let again = try open()
    #expect(again.committedOffsets.groups == ["g0", "g1", "g2"])
    #expect(again.committedOffsets.committed(.init(group: "g0", topic: "orders", partition: 0))?.offset == 100)
    again.committedOffsets.expire(committedBefore: 51, activeGroups: ["g1"])
    try commit(again, "g9", 0, 1)
    #expect(again.committedOffsets.groups == ["g1", "g9"])
}

@Test func aTopicWithAnOldNameHasNoOldOffsets() throws {
    let fileSystem = MemoryFileSystem()
    func open() throws -> DurableLog {
        try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    }
    let key = GroupPartition(group: "g", topic: "orders", partition: 0)
    var log = try open()
    try log.createTopic(orders, partitions: 1)
    try commit(log, "g", 0, 7)
    // The files of the deleted topic cannot be removed.
    fileSystem.setPlan { operation, _ in operation == .remove ? .failed : nil }
    #expect(throws: LogError.self) { try log.deleteTopic(orders) }
    #expect(throws: LogError.unknownTopic("orders")) { try log.deleteTopic(orders) }
    fileSystem.setPlan { _, _ in nil }
    try log.createTopic(orders, partitions: 1)
    #expect(log.committedOffsets.committed(key) == nil)

    // A crash between the deletion and its last step; a commit that comes after the deletion.
    try commit(log, "g", 0, 8)
    try fileSystem.rename("log/topics/orders", to: "log/deleted/1")
    log = try open()
    #expect(log.committedOffsets.committed(key) == nil)
    try commit(log, "g", 0, 9)
    try log.createTopic(orders, partitions: 1)
    #expect(log.committedOffsets.committed(key) == nil)

    // Commits that are still on their way are of the topic that is deleted.
    for offset in 0..<20 as Range<Int64> {
        log.committedOffsets.commit([(key, CommittedOffset(offset: offset, committedMillis: 1))]) { _ in }
    }
    try log.deleteTopic(orders)
    #expect(log.committedOffsets.committed(key) == nil)
    #expect(try open().committedOffsets.groups == [])
}
