import Base
import Foundation
import Synchronization
import Testing

@testable import EventLog

private func segment(_ fileSystem: MemoryFileSystem, _ partition: Int, _ base: Int64 = 0) throws
    -> MemoryFileSystem.Node
{
    try #require(fileSystem.node(Segment.path("log/topics/orders/\(partition)", base, ".log")))
}

/// Two partitions with ten batches each, after a kill.
private func filled(_ fileSystem: MemoryFileSystem) throws -> DurableLog {
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 2)
    for index in 0..<2 as Range<Int32> {
        for number in 0..<10 { try log.partition(orders, index).append(try batch(["a\(number)", "b\(number)"])) }
    }
    return log
}

@Test(arguments: 1...70)
func aTornTailIsCut(bytes: Int) throws {
    let fileSystem = MemoryFileSystem()
    _ = try filled(fileSystem)
    try segment(fileSystem, 0).content.withLock { $0.current.removeLast(bytes) }
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    let partition = try log.partition(orders, 0)
    #expect(partition.failure == nil)
    #expect(partition.endOffset == Offset(18))
    #expect(try contents(partition).count == 18)
    #expect(try partition.append(try batch(["again"])).baseOffset == Offset(18))
    #expect(try contents(log.partition(orders, 1)).count == 20)
}

@Test func zerosAfterTheEndAreCut() throws {
    let fileSystem = MemoryFileSystem()
    _ = try filled(fileSystem)
    try segment(fileSystem, 0).content.withLock { $0.current += [UInt8](repeating: 0, count: 5000) }
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    #expect(try log.partition(orders, 0).endOffset == Offset(20))
}

@Test(arguments: [1, 20, 60, 70])
func damageInTheMiddleTakesThePartitionOffline(byteInBatch: Int) throws {
    let fileSystem = MemoryFileSystem()
    _ = try filled(fileSystem)
    let node = try segment(fileSystem, 0)
    let batchBytes = node.content.withLock { $0.current.count } / 10
    let before = node.content.withLock { content in
        content.current[3 * batchBytes + byteInBatch] ^= 0x55
        return content.current
    }
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    let partition = try log.partition(orders, 0)
    let failure = try #require(partition.failure)
    #expect(failure.report.code == "LOG-011")
    #expect(
        failure.report.found?.contains("byte \(3 * batchBytes) of log/topics/orders/0/00000000000000000000.log") == true
    )
    #expect(throws: failure) { try partition.read(from: .zero, bytesMax: 100) }
    #expect(throws: failure) { try partition.append(try batch(["no"])) }
    #expect(KafkaErrorCode(failure) == .kafkaStorageError)
    #expect(node.content.withLock { $0.current } == before, "nothing is cut")
    #expect(try contents(log.partition(orders, 1)).count == 20)
    try log.close()
    // It stays so after a stop in order.
    let again = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    #expect(try again.partition(orders, 0).failure == failure)
}

@Test func aMissingSegmentIsAHole() throws {
    let fileSystem = MemoryFileSystem()
    let small = configuration(segmentBytes: 300)
    let log = try DurableLog.open(directory: "log", configuration: small, fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 1)
    for number in 0..<20 { try log.partition(orders, 0).append(try batch(["value \(number)"])) }
    let bases = try fileSystem.list("log/topics/orders/0").compactMap { Segment.offset(in: $0, suffix: ".log") }
    #expect(bases.count > 4)
    try fileSystem.removeFile(Segment.path("log/topics/orders/0", bases[2], ".log"))
    let again = try DurableLog.open(directory: "log", configuration: small, fileSystem: fileSystem)
    #expect(try again.partition(orders, 0).failure?.report.found?.contains("are missing") == true)
}

@Test(arguments: ["", "garbage", "remove"])
func indexAndSnapshotAreRebuilt(damage: String) throws {
    let fileSystem = MemoryFileSystem()
    let small = configuration(segmentBytes: 400)
    let log = try DurableLog.open(directory: "log", configuration: small, fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 1)
    for number in 0..<40 {
        let producer = RecordBatchBuilder.Producer(id: 7, epoch: 0, sequence: Int32(number))
        try log.partition(orders, 0).append(try batch(["value \(number)"], producer: producer))
    }
    try log.close()
    for name in try fileSystem.list("log/topics/orders/0") where name.hasSuffix(".index") || name.hasSuffix(".snapshot")
    {
        let path = "log/topics/orders/0/\(name)"
        if damage == "remove" {
            try fileSystem.removeFile(path)
        } else if damage == "garbage" {
            fileSystem.node(path)?.content.withLock { $0.current = Array("what is this".utf8) }
        }
    }
    let again = try DurableLog.open(directory: "log", configuration: small, fileSystem: fileSystem)
    let partition = try again.partition(orders, 0)
    #expect(partition.failure == nil)
    #expect(try contents(partition).map(\.value) == (0..<40).map { "value \($0)" })
    let repeated = try partition.append(try batch(["value 39"], producer: .init(id: 7, epoch: 0, sequence: 39)))
    #expect(repeated == AppendResult(baseOffset: Offset(39), isDuplicate: true))
    #expect(throws: LogError.outOfOrderSequence(producer: 7, expected: 40, found: 42)) {
        try partition.append(try batch(["gap"], producer: .init(id: 7, epoch: 0, sequence: 42)))
    }
}

@Test func damagedTopicMetadataIsToldWithItsFile() throws {
    let fileSystem = MemoryFileSystem()
    _ = try filled(fileSystem)
    fileSystem.node("log/topics/orders/topic.meta")?.content.withLock { $0.current[20] ^= 1 }
    #expect(
        throws: LogError.corruptMetadata(path: "log/topics/orders/topic.meta", problem: "its checksum does not fit")
    ) {
        try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    }
}

@Test func realFilesWorkAndOneProcessHasThem() throws {
    let folder = try TemporaryFolder()
    let log = try DurableLog.open(directory: folder.path, configuration: configuration(segmentBytes: 500))
    try log.createTopic(orders, partitions: 2)
    for number in 0..<30 { try log.partition(orders, 1).append(try batch(["value \(number)"])) }
    #expect(throws: LogError.directoryInUse(path: folder.path)) { try DurableLog.open(directory: folder.path) }
    try log.close()
    #expect(throws: LogError.closed) { try log.partition(orders, 1).append(try batch(["late"])) }
    #expect(FileManager.default.fileExists(atPath: folder.path + "/clean-shutdown"))
}

@Test func realFilesAreOpenedAgain() throws {
    let folder = try TemporaryFolder()
    var ids: Set<Int64> = []
    for round in 0..<4 {
        let log = try DurableLog.open(directory: folder.path, configuration: configuration(segmentBytes: 500))
        if round == 0 { try log.createTopic(orders, partitions: 1) }
        ids.insert(try log.newProducerID())
        let partition = try log.partition(orders, 0)
        #expect(try contents(partition).map(\.value) == (0..<(round * 10)).map { "value \($0)" })
        for number in 0..<10 { try partition.append(try batch(["value \(round * 10 + number)"])) }
        try log.close()
    }
    #expect(ids.count == 4)
}

/// What `body` leaves of a segment that could not be begun: `segments` of a partition with room for about three batches.
private func rollFailing(
    _ fileSystem: MemoryFileSystem, removes: Bool, _ body: (PartitionHandle) throws -> Void
) throws {
    let log = try DurableLog.open(
        directory: "log", configuration: configuration(segmentBytes: 400), fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 1)
    let partition = try log.partition(orders, 0)
    for number in 0..<3 { try partition.append(try batch(["value \(number)"])) }
    // The index and the snapshot come first, then the new segment.
    let folderSyncs = Mutex(0)
    fileSystem.setPlan { operation, _ in
        if operation == .remove, !removes { return .failed }
        guard operation == .syncDirectory else { return nil }
        let count = folderSyncs.withLock { count in
            count += 1
            return count
        }
        return count == 3 ? .failed : nil
    }
    #expect(throws: LogError.self) { try partition.append(try batch([String(repeating: "large", count: 40)])) }
    #expect(partition.failure == nil)
    #expect(partition.appendProblem != nil)
    fileSystem.setPlan { _, _ in nil }
    try body(partition)
}

@Test(arguments: [true, false], [0, 1, 5, 60])
func aSegmentThatCouldNotBeBegunIsNoHole(removes: Bool, tornBytes: Int) throws {
    let fileSystem = MemoryFileSystem()
    try rollFailing(fileSystem, removes: removes) { partition in
        try partition.append(try batch(["small"]))
        #expect(partition.appendProblem == nil)
        try partition.append(try batch(["torn"]))
    }
    let path = Segment.path("log/topics/orders/0", 0, ".log")
    fileSystem.node(path)?.content.withLock { $0.current.removeLast(tornBytes) }
    #expect((fileSystem.node(Segment.path("log/topics/orders/0", 3, ".log")) == nil) == removes)
    let settings = configuration(segmentBytes: 400)
    for _ in 0..<2 {
        let log = try DurableLog.open(directory: "log", configuration: settings, fileSystem: fileSystem)
        let partition = try log.partition(orders, 0)
        #expect(partition.failure == nil)
        let values = try contents(partition).map(\.value)
        let all = ["value 0", "value 1", "value 2", "small", tornBytes == 0 ? "torn" : "again"]
        #expect(values == Array(all.prefix(values.count)) && values.count >= 4)
        if values.count == 4 { try partition.append(try batch(["again"])) }
        try log.close()
    }
}

@Test func aMissingSegmentBeforeAnEmptyOneIsStillAHole() throws {
    let fileSystem = MemoryFileSystem()
    try rollFailing(fileSystem, removes: false) { _ in }
    try fileSystem.node(Segment.path("log/topics/orders/0", 0, ".log"))?.content.withLock { content in
        let before = content.current
        content.current.removeLast(5)
        try #require(before.count > 5)
    }
    let log = try DurableLog.open(directory: "log", configuration: configuration(), fileSystem: fileSystem)
    // The end that was torn off had been synced before the next segment was begun.
    #expect(try log.partition(orders, 0).failure != nil)
}

@Test func newFoldersAreMadeToLast() throws {
    let fileSystem = MemoryFileSystem()
    try fileSystem.createDirectory("/a/b/c")
    #expect(fileSystem.state.withLock { $0.syncedFolders } == ["/", "/a", "/a/b"])
    try fileSystem.createDirectory("/a/b/c/d")
    #expect(fileSystem.state.withLock { $0.syncedFolders } == ["/", "/a", "/a/b", "/a/b/c"])
    let log = try DurableLog.open(directory: "x/log", configuration: configuration(), fileSystem: fileSystem)
    try log.createTopic(orders, partitions: 2)
    let synced = fileSystem.state.withLock { Set($0.syncedFolders) }
    for folder in [".", "x", "x/log", "x/log/topics", "x/log/topics/orders", "x/log/topics/orders/1", "x/log/groups"] {
        #expect(synced.contains(folder), "\(folder)")
    }
}
