import Base
import Synchronization
import Testing

@testable import EventLog

@Test(arguments: [0, 1, 30, 61, 80])
func aFullDiskTakesTheAppendBackAndNothingElse(bytesThatFit: Int) throws {
    let fileSystem = MemoryFileSystem()
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    let producer = try log.newProducerID()
    try partition.append(try batch(["first"], producer: .init(id: producer, epoch: 0, sequence: 0)))
    fileSystem.setPlan { operation, _ in operation == .write ? .diskFull(after: bytesThatFit) : nil }
    let next = try batch(["second"], producer: .init(id: producer, epoch: 0, sequence: 1))
    #expect(throws: LogError.diskFull(path: "log/topics/orders/0/00000000000000000000.log")) {
        try partition.append(next)
    }
    #expect(try contents(partition).map(\.value) == ["first"])
    fileSystem.setPlan { _, _ in nil }
    #expect(try partition.append(next) == AppendResult(baseOffset: Offset(1), isDuplicate: false))
    #expect(try contents(partition).map(\.value) == ["first", "second"])
    let again = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    #expect(try contents(again.partition(orders, 0)).map(\.value) == ["first", "second"])
}

@Test func aFailedSyncTakesThePartitionOfflineUntilItIsOpenedAgain() throws {
    let fileSystem = MemoryFileSystem()
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 2)
    let partition = try log.partition(orders, 0)
    try partition.append(try batch(["first"]))
    fileSystem.setPlan { operation, _ in operation == .sync ? .failedSync : nil }
    #expect(throws: LogError.self) { try partition.append(try batch(["second"])) }
    fileSystem.setPlan { _, _ in nil }
    #expect(partition.failure?.report.code == "LOG-011")
    #expect(throws: LogError.self) { try partition.append(try batch(["third"])) }
    #expect(throws: LogError.self) { try partition.read(from: .zero, bytesMax: 10) }
    try log.partition(orders, 1).append(try batch(["other"]))
    let again = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    #expect(try again.partition(orders, 0).failure == nil)
    #expect(try contents(again.partition(orders, 0)).first?.value == "first")
}

@Test func readersNeverSeeWhatIsNotSynced() throws {
    let fileSystem = MemoryFileSystem()
    let log = try DurableLog.open(
        directory: "log", configuration: configuration(tailBytes: 1 << 20), fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    let seen = Mutex<[Offset]>([])
    fileSystem.setPlan { operation, _ in
        if operation == .sync { seen.withLock { $0.append(partition.highWatermark) } }
        return nil
    }
    #expect(partition.waitForData(beyond: .zero, timeoutMicros: 1000) == false)
    for number in 0..<10 {
        try partition.append(try batch(["value \(number)"]))
        #expect(partition.highWatermark == Offset(Int64(number + 1)))
    }
    #expect(seen.withLock { $0 } == (0..<10).map { Offset(Int64($0)) })
    #expect(partition.waitForData(beyond: Offset(9), timeoutMicros: 1000))
}

/// A producer has several batches on their way. When its first one is turned away, those behind it must be too, although
/// nobody knows the producer yet; else the log would have a gap where the first one belongs.
@Test(arguments: ["full", "roll", "large"])
func nothingOvertakesABatchThatWasTurnedAway(why: String) throws {
    let fileSystem = MemoryFileSystem()
    var settings = configuration(segmentBytes: 300)
    settings.topicDefaults.messageBytesMax = 250
    let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    try partition.append(try batch(["there before"]))
    func send(_ epoch: Int16, _ sequence: Int32, _ value: String) throws {
        try partition.append(try batch([value], producer: .init(id: 5, epoch: epoch, sequence: sequence)))
    }
    let large = String(repeating: "x", count: why == "large" ? 300 : 170)
    fileSystem.setPlan { operation, _ in
        why == "full" && operation == .write
            ? .diskFull(after: 10) : why == "roll" && operation == .rename ? .failed : nil
    }
    #expect(throws: LogError.self) { try send(0, 0, large) }
    fileSystem.setPlan { _, _ in nil }
    #expect(throws: LogError.outOfOrderSequence(producer: 5, expected: 0, found: 1)) { try send(0, 1, "b") }
    #expect(throws: LogError.outOfOrderSequence(producer: 5, expected: 0, found: 2)) { try send(0, 2, "c") }
    // One that gives the batch up says so with the next epoch.
    let epoch: Int16 = why == "large" ? 1 : 0
    if epoch == 0 { try send(0, 0, large) } else { try send(1, 0, "a") }
    for (place, value) in ["b", "c"].enumerated() { try send(epoch, Int32(place) + 1, value) }
    #expect(try contents(partition).map(\.value) == ["there before", epoch == 0 ? large : "a", "b", "c"])
}

/// Kills the machine after a number of disk operations that the seed decides, again and again. What was acknowledged
/// must be there once, at its offset; what was not may be sent again and must then be there once.
@Test(arguments: 0..<60 as Range<UInt64>)
func nothingAcknowledgedIsLostAndNothingComesTwice(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var fileSystem = MemoryFileSystem()
    let settings = configuration(segmentBytes: 700, tailBytes: seed.isMultiple(of: 2) ? 0 : 4096)
    do {
        let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
        try log.createTopic(orders, partitions: 1)
        try log.close()
    }
    var acknowledged: [Int64] = []
    var sequence: Int32 = 0
    for _ in 0..<8 {
        let last = fileSystem.operations + Int.random(in: 5...120, using: &random)
        fileSystem.setPlan { _, count in count >= last ? .killed : nil }
        do {
            let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
            let partition = try log.partition(orders, 0)
            if let failure = partition.failure {
                try #require(fileSystem.state.withLock { $0.isKilled }, "\(failure), seed \(seed)")
            }
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let result = try partition.append(
                    try batch(["value \(sequence)"], producer: .init(id: 1, epoch: 0, sequence: sequence)))
                acknowledged.append(result.baseOffset.rawValue)
                sequence += 1
            }
            if Bool.random(using: &random) { try log.close() }
        } catch let error as LogError {
            try #require(fileSystem.state.withLock { $0.isKilled }, "\(error), seed \(seed)")
        }
        fileSystem = fileSystem.afterCrash(seed: random.next())
    }
    let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
    let partition = try log.partition(orders, 0)
    #expect(partition.failure == nil, "seed \(seed)")
    // The last one, perhaps written and not acknowledged, is sent once more.
    try partition.append(try batch(["value \(sequence)"], producer: .init(id: 1, epoch: 0, sequence: sequence)))
    #expect(try contents(partition).map(\.value) == (0...sequence).map { "value \($0)" }, "seed \(seed)")
    #expect(acknowledged == (0..<Int64(sequence)).map { $0 }, "seed \(seed)")
}
