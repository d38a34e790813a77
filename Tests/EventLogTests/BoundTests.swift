import Base
import Foundation
import Synchronization
import Testing

@testable import EventLog

// What the log holds in memory and open, and what it writes, has bounds.

@Test func whatATailLetsGoIsFreeAtOnce() {
    var tail = TailCache()
    for number in 0..<50 as Range<Int64> {
        tail.append(.init(baseOffset: number, nextOffset: number + 1, bytes: [UInt8](repeating: 1, count: 1000)))
    }
    tail.drop(upTo: 40)
    #expect(tail.heldBytes == 10_000)
    #expect(tail.batches(from: 39, before: 50, bytesMax: .max) == nil)
    #expect(tail.batches(from: 40, before: 50, bytesMax: .max)?.map(\.baseOffset) == Array(40..<50))
    tail.drop(upTo: 50)
    #expect(tail.heldBytes == 0)
    tail.append(.init(baseOffset: 50, nextOffset: 51, bytes: [1]))
    #expect(tail.batches(from: 50, before: 51, bytesMax: .max)?.count == 1)
}

@Test func allPartitionsShareOneBudget() throws {
    let governor = MemoryGovernor(budgetBytes: 1 << 30)
    var settings = configuration(tailBytes: 20_000)
    settings.governor = governor
    let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: MemoryFileSystem())
    try log.createTopic(orders, partitions: 20)
    let big = String(repeating: "x", count: 1_500)
    for round in 0..<5 {
        for index in 0..<20 as Range<Int32> {
            try log.partition(orders, index).append(try batch(["\(round) \(index) \(big)"]))
            #expect(governor.heldBytes <= 20_000)
            #expect(governor.holders["log tails"] == governor.heldBytes)
        }
    }
    let held = try (0..<20 as Range<Int32>).reduce(0) { sum, index in
        sum + (try log.partition(orders, index).log.state.withLock { $0.tail.heldBytes })
    }
    #expect(held > 10_000 && held <= 20_000, "\(held) bytes")
    // The partitions that were appended to last have theirs.
    let last = try log.partition(orders, 19)
    #expect(last.log.state.withLock { $0.tail.batches(from: 4, before: 5, bytesMax: 10)?.count } == 1)
    #expect(try log.partition(orders, 0).log.state.withLock { $0.tail.heldBytes } == 0)
    for index in 0..<20 as Range<Int32> { #expect(try contents(log.partition(orders, index)).count == 5) }
    try log.deleteTopic(orders)
    #expect(governor.heldBytes == 0)
    try log.close()
}

@Test func tailsShrinkWhenTheProgramHoldsTooMuch() throws {
    let governor = MemoryGovernor(budgetBytes: 10_000)
    var settings = configuration(tailBytes: 1 << 20)
    settings.governor = governor
    let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: MemoryFileSystem())
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    for number in 0..<8 { try partition.append(try batch(["\(number)" + String(repeating: "x", count: 1_000)])) }
    #expect((8_000...10_000).contains(governor.heldBytes), "\(governor.heldBytes)")
    governor.charge(6_000, to: "others")
    try partition.append(try batch([String(repeating: "x", count: 1_000)]))
    #expect(governor.heldBytes <= 10_000)
    #expect(governor.holders["log tails", default: 0] <= 4_000)
    #expect(try contents(partition).count == 9)
    try log.close()
    #expect(governor.heldBytes == 6_000)
}

/// How many files of a folder this process has open.
private func openFiles(under path: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))?
            .contains("\(URL(fileURLWithPath: path).lastPathComponent)/topics") ?? false
    }
}

@Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd")))
func onlySoManySegmentsAreOpen() throws {
    let folder = try TemporaryFolder()
    var settings = configuration(segmentBytes: 500)
    settings.openSegmentsMax = 4
    for _ in 0..<2 {
        let log = try DurableLog.open(directory: folder.path, configuration: settings)
        if log.topic(try orders) == nil { try log.createTopic(orders, partitions: 3) }
        for index in 0..<3 as Range<Int32> {
            let partition = try log.partition(orders, index)
            let start = partition.endOffset.rawValue
            for number in start..<(start + 60) {
                try partition.append(try batch(["\(number) " + String(repeating: "x", count: 100)]))
            }
            #expect(try openFiles(under: folder.path) <= 4 + 3)
        }
        for index in 0..<3 as Range<Int32> {
            let partition = try log.partition(orders, index)
            let values = try contents(partition).map { $0.value.prefix { $0 != " " } }
            #expect(values.map(String.init) == (0..<partition.endOffset.rawValue).map(String.init))
            #expect(try openFiles(under: folder.path) <= 4 + 3)
        }
        try log.close()
    }
}

@Test func aReaderOfASegmentThatRetentionTookHearsSo() throws {
    let clock = ManualClock(micros: 10_000_000_000)
    var settings = configuration(segmentBytes: 200)
    settings.topicDefaults.retentionMillis = 1_000
    settings.openSegmentsMax = 1
    let folder = try TemporaryFolder()
    let log = try DurableLog.open(directory: folder.path, configuration: settings, clock: clock)
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    for number in 0..<20 { try partition.append(try batch(["value \(number)"], timestamp: 10_000_000)) }
    let first = partition.log.state.withLock { $0.segments[0] }
    clock.advance(micros: 60_000_000)
    try log.enforceRetention()
    #expect(throws: LogError.self) { try first.file.size() }
    #expect(throws: LogError.self) { try partition.read(from: .zero, bytesMax: 10) }
}

@Test func theFileOfOffsetsIsWrittenAnewWhileItGrows() throws {
    let fileSystem = MemoryFileSystem()
    var settings = configuration()
    settings.offsetsFileBytes = 2_000
    var log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 2)
    func size() throws -> Int {
        try #require(fileSystem.node("log/groups/offsets.log")).content.withLock { $0.current.count }
    }
    for round in 0..<500 as Range<Int64> {
        try commit(log, "g\(round % 3)", Int32(round % 2), round)
        #expect(try size() < 2_200)
    }
    #expect(log.committedOffsets.committed(group: "g1").values.map(\.offset).sorted() == [496, 499])
    log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
    #expect(log.committedOffsets.committed(group: "g1").values.map(\.offset).sorted() == [496, 499])

    // Where it cannot be written anew, the old one goes on; where nobody knows which one there is, nothing is promised.
    fileSystem.setPlan { operation, _ in operation == .rename ? .failed : nil }
    for round in 500..<600 as Range<Int64> { try commit(log, "g1", 0, round) }
    #expect(try size() > 3_000)
    fileSystem.setPlan { operation, _ in operation == .syncDirectory ? .failed : nil }
    #expect(throws: LogError.self) {
        for round in 600..<1_000 as Range<Int64> { try commit(log, "g1", 0, round) }
    }
}

/// Kills the machine somewhere while the file is written anew, again and again.
@Test(arguments: 0..<40 as Range<UInt64>)
func noCommittedOffsetIsLostWhenTheFileIsWrittenAnew(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var fileSystem = MemoryFileSystem()
    var settings = configuration()
    settings.offsetsFileBytes = 300
    do {
        let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
        try log.createTopic(orders, partitions: 1)
        try log.close()
    }
    var committed: Int64 = -1
    for _ in 0..<6 {
        let last = fileSystem.operations + Int.random(in: 5...80, using: &random)
        fileSystem.setPlan { _, count in count >= last ? .killed : nil }
        do {
            let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
            for _ in 0..<30 {
                try commit(log, "g", 0, committed + 1)
                committed += 1
            }
        } catch let error as LogError {
            try #require(fileSystem.state.withLock { $0.isKilled }, "\(error), seed \(seed)")
        }
        fileSystem = fileSystem.afterCrash(seed: random.next())
        let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
        let found = log.committedOffsets.committed(.init(group: "g", topic: "orders", partition: 0))?.offset ?? -1
        // One that was on its way may have arrived.
        #expect(found == committed || found == committed + 1, "seed \(seed)")
        committed = found
    }
}

func commit(_ log: DurableLog, _ group: String, _ partition: Int32, _ offset: Int64) throws {
    let reply = Reply<Result<Void, LogError>>()
    let key = GroupPartition(group: group, topic: "orders", partition: partition)
    log.committedOffsets.commit([(key, CommittedOffset(offset: offset, metadata: "m", committedMillis: 50))]) {
        reply.put($0)
    }
    try reply.take().get()
}
