public import Base
internal import Dispatch
internal import Synchronization

/// The durable log: topics of partitions of records, in one folder that one process has open.
///
///     DIR/.lock  clean-shutdown  producer-ids  groups/offsets.log
///     DIR/topics/<topic>/topic.meta
///     DIR/topics/<topic>/<partition>/<first offset, 20 digits>.log  .index  .times  .snapshot   log-start-offset
///     DIR/deleted/...   topics on their way out
public final class DurableLog: Sendable {
    public struct Configuration: Sendable {
        /// What a topic gets that is created without saying otherwise.
        public var topicDefaults = TopicConfiguration()
        /// How much of all partitions' ends together stays in memory for their readers, in bytes.
        public var tailBytesMax = 32 << 20
        /// Is told what those ends take, and has them shrink when the program holds too much; nil where nobody counts.
        public var governor: MemoryGovernor?
        /// How many files of segments that no longer grow stay open for readers; those that grow come on top.
        public var openSegmentsMax = 256
        /// How far the file of committed offsets grows before it is written anew, in bytes.
        public var offsetsFileBytes = 4 << 20
        /// How often retention looks, in milliseconds; 0 leaves it to calls of `enforceRetention`.
        public var retentionIntervalMillis = 60_000
        /// How many partitions a topic may have.
        public var partitionsMax: Int32 = 10_000
        public init() {}
    }

    struct Topic: Sendable {
        var description: TopicDescription
        var partitions: [PartitionLog]
    }

    public let directory: String
    public let configuration: Configuration
    /// What consumer groups have committed.
    public let committedOffsets: CommittedOffsets
    let fileSystem: any LogFileSystem
    private let surroundings: PartitionSurroundings
    private let flusher: Flusher
    private let lock: any LogFile
    private let random: Mutex<SplitMix64>
    private let producerIDs: ProducerIDs
    private let topicMap = Mutex<[TopicName: Topic]>([:])
    /// Held while topics are created and deleted, so that each sees the other's files whole.
    private let administration = Mutex(())
    private let isClosed = Mutex(false)

    /// Opens the log in `directory`, made if it is not there; brings it into order after a crash.
    ///
    /// A damaged partition is offline (`PartitionHandle.failure` says why) and everything else works.
    /// - Parameter seed: decides the ids of topics that are created.
    /// - Throws: `directoryInUse`, `corruptMetadata`, errors of the file system.
    public static func open(
        directory: String, configuration: Configuration = Configuration(),
        fileSystem: any LogFileSystem = PosixFileSystem(), clock: any WallClock = SystemClock(),
        seed: UInt64 = .random(in: 0 ... .max)
    ) throws(LogError) -> DurableLog {
        let log = try DurableLog(directory, configuration, fileSystem, clock, seed)
        try log.openTopics()
        log.scheduleRetention()
        return log
    }

    private init(
        _ directory: String, _ configuration: Configuration, _ fileSystem: any LogFileSystem, _ clock: any WallClock,
        _ seed: UInt64
    ) throws(LogError) {
        (self.directory, self.configuration, self.fileSystem) = (directory, configuration, fileSystem)
        flusher = Flusher()
        surroundings = PartitionSurroundings(
            fileSystem: fileSystem, clock: clock, flusher: flusher,
            tails: TailBudget(bytesMax: configuration.tailBytesMax, governor: configuration.governor),
            openFiles: OpenFiles(max: configuration.openSegmentsMax))
        random = Mutex(SplitMix64(seed: seed))
        try fileSystem.createDirectory("\(directory)/topics")
        lock = try fileSystem.lock("\(directory)/.lock")
        producerIDs = try ProducerIDs(path: "\(directory)/producer-ids", fileSystem: fileSystem)
        committedOffsets = try CommittedOffsets(
            directory: "\(directory)/groups", fileSystem: fileSystem, flusher: flusher,
            fileBytesMax: configuration.offsetsFileBytes)
    }

    private func openTopics() throws(LogError) {
        let marker = "\(directory)/clean-shutdown"
        let wasClosedCleanly = fileSystem.exists(marker)
        if wasClosedCleanly {
            try fileSystem.removeFile(marker)
            try fileSystem.syncDirectory(directory)
        }
        try removeDeleted()
        for name in try fileSystem.list("\(directory)/topics") {
            let folder = "\(directory)/topics/\(name)"
            guard let bytes = try fileSystem.readAll("\(folder)/topic.meta") else {
                try removeUnfinished(folder)
                continue
            }
            let description = try TopicDescription(decoding: bytes, path: "\(folder)/topic.meta")
            let partitions = (0..<description.partitionCount).map { makePartition(description, $0) }
            for partition in partitions { partition.open(wasClosedCleanly: wasClosedCleanly) }
            topicMap.withLock {
                $0[description.name] = Topic(description: description, partitions: partitions)
            }
        }
        // What a crash left of a deletion: a topic that gets the name anew must not begin at the old one's offsets.
        let names = Set(topics.map(\.name.value))
        try committedOffsets.forget { !names.contains($0.topic) }
    }

    /// A topic gets its `topic.meta` last; a folder without one is a creation that a crash cut short, unless it has data.
    private func removeUnfinished(_ folder: String) throws(LogError) {
        for partition in try fileSystem.list(folder) where Int32(partition) != nil {
            for name in try fileSystem.list("\(folder)/\(partition)") where name.hasSuffix(".log") {
                let file = try fileSystem.open("\(folder)/\(partition)/\(name)", create: false)
                guard try file.size() == 0 else {
                    throw .corruptMetadata(
                        path: "\(folder)/topic.meta", problem: "it is missing beside a topic's records")
                }
            }
        }
        try fileSystem.removeDirectory(folder)
    }

    private func makePartition(_ topic: TopicDescription, _ index: PartitionIndex) -> PartitionLog {
        PartitionLog(
            topic: topic.name, index: index, directory: "\(directory)/topics/\(topic.name)/\(index)",
            configuration: topic.configuration, surroundings: surroundings)
    }

    // MARK: Topics

    /// All topics, sorted by name.
    public var topics: [TopicDescription] {
        topicMap.withLock { $0.values.map(\.description) }.sorted { $0.name < $1.name }
    }

    public func topic(_ name: TopicName) -> TopicDescription? { topicMap.withLock { $0[name]?.description } }

    /// - Throws: `unknownTopic`, `unknownPartition`.
    public func partition(_ topic: TopicName, _ index: PartitionIndex) throws(LogError) -> PartitionHandle {
        let found = topicMap.withLock { $0[topic] }
        guard let found else { throw .unknownTopic(topic.value) }
        guard index >= 0, index < found.description.partitionCount else {
            throw .unknownPartition(topic: topic.value, partition: index)
        }
        return PartitionHandle(log: found.partitions[Int(index)])
    }

    /// Creates a topic, durably.
    ///
    /// - Parameter topicConfiguration: nil for the log's defaults.
    /// - Throws: `topicExists`, `invalidConfiguration`, `closed`, errors of the file system.
    @discardableResult
    public func createTopic(
        _ name: TopicName, partitions: Int32, configuration topicConfiguration: TopicConfiguration? = nil
    ) throws(LogError) -> TopicDescription {
        try checkPartitionCount(partitions)
        return try administration.withLock { _ throws(LogError) in
            if isClosed.withLock({ $0 }) { throw .closed }
            guard topic(name) == nil else { throw .topicExists(name.value) }
            let id = random.withLock { TopicID(high: $0.next(), low: $0.next()) }
            let description = TopicDescription(
                name: name, id: id, partitionCount: partitions,
                configuration: topicConfiguration ?? configuration.topicDefaults)
            // Of an earlier topic of this name, should a consumer have been late with them.
            try committedOffsets.forget { $0.topic == name.value }
            try build(description, from: 0)
            return description
        }
    }

    /// Gives a topic more partitions; those it has stay as they are.
    public func addPartitions(_ name: TopicName, total: Int32) throws(LogError) {
        try checkPartitionCount(total)
        try administration.withLock { _ throws(LogError) in
            guard var description = topic(name) else { throw .unknownTopic(name.value) }
            guard total > description.partitionCount else {
                throw .invalidConfiguration(
                    key: "partitions", value: "\(total)", expected: "more than the \(description.partitionCount) it has"
                )
            }
            let before = description.partitionCount
            description.partitionCount = total
            try build(description, from: before)
        }
    }

    private func checkPartitionCount(_ count: Int32) throws(LogError) {
        guard count > 0, count <= configuration.partitionsMax else {
            throw .invalidConfiguration(
                key: "partitions", value: "\(count)", expected: "from 1 to \(configuration.partitionsMax)")
        }
    }

    /// Makes the folders of partitions from `first` on, then the file that makes them count.
    private func build(_ description: TopicDescription, from first: Int32) throws(LogError) {
        let folder = "\(directory)/topics/\(description.name)"
        let added = (first..<description.partitionCount).map { makePartition(description, $0) }
        do throws(LogError) {
            try fileSystem.createDirectory(folder)
            for partition in added {
                partition.open(wasClosedCleanly: false)
                if let failure = partition.state.withLock({ $0.failure }) { throw failure }
            }
            try fileSystem.writeAtomically(description.encoded(), to: "\(folder)/topic.meta")
            try fileSystem.syncDirectory("\(directory)/topics")
        } catch {
            // What the crash of a creation would leave; the error that matters is the first one.
            if first == 0 { try? fileSystem.removeDirectory(folder) }
            throw error
        }
        topicMap.withLock { topics in
            let kept = topics[description.name]?.partitions ?? []
            topics[description.name] = Topic(description: description, partitions: kept + added)
        }
    }

    /// Deletes a topic with all its records.
    ///
    /// - Throws: `unknownTopic`, errors of the file system.
    public func deleteTopic(_ name: TopicName) throws(LogError) {
        try administration.withLock { _ throws(LogError) in
            let found = topicMap.withLock { $0[name] }
            guard let found else { throw .unknownTopic(name.value) }
            try fileSystem.createDirectory("\(directory)/deleted")
            try fileSystem.rename(
                "\(directory)/topics/\(name)", to: "\(directory)/deleted/\(found.description.id)")
            // From here on it is gone, whatever else fails.
            topicMap.withLock { $0[name] = nil }
            for partition in found.partitions { partition.fail(.unknownTopic(name.value)) }
            try fileSystem.syncDirectory("\(directory)/topics")
            try committedOffsets.forget { $0.topic == name.value }
            try removeDeleted()
        }
    }

    private func removeDeleted() throws(LogError) {
        if fileSystem.exists("\(directory)/deleted") { try fileSystem.removeDirectory("\(directory)/deleted") }
    }

    /// An id for an idempotent producer that no other producer ever gets.
    public func newProducerID() throws(LogError) -> Int64 { try producerIDs.next() }

    // MARK: Housekeeping

    /// Lets old segments go, in all topics.
    ///
    /// - Throws: the first error of the file system, after all partitions had their turn.
    public func enforceRetention() throws(LogError) {
        let partitions = topicMap.withLock { $0.values.flatMap(\.partitions) }
        let first = Mutex<LogError?>(nil)
        flusher.perform {
            for partition in partitions {
                do throws(LogError) { try partition.enforceRetention() } catch {
                    first.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let error = first.withLock({ $0 }) { throw error }
    }

    private func scheduleRetention() {
        guard configuration.retentionIntervalMillis > 0 else { return }
        let deadline = DispatchTime.now() + .milliseconds(configuration.retentionIntervalMillis)
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: deadline) { [weak self] in
            guard let self, !self.isClosed.withLock({ $0 }) else { return }
            // A disk error here is met again, and told, by the next append.
            try? self.enforceRetention()
            self.scheduleRetention()
        }
    }

    /// Finishes what is on its way and closes. Appends and reads afterwards fail with `closed`.
    public func close() throws(LogError) {
        let wasClosed = isClosed.withLock { closed in
            defer { closed = true }
            return closed
        }
        if wasClosed { return }
        let partitions = topicMap.withLock { $0.values.flatMap(\.partitions) }
        let first = Mutex<LogError?>(nil)
        surroundings.tails.close()
        flusher.perform {
            committedOffsets.writePending()
            committedOffsets.syncWritten()
            for partition in partitions {
                partition.writePending()
                partition.syncWritten()
                do throws(LogError) { try partition.close() } catch { first.withLock { $0 = $0 ?? error } }
            }
        }
        surroundings.tails.close()
        if let error = first.withLock({ $0 }) { throw error }
        // A partition that was offline must be read in full when the log opens again.
        let isSound = partitions.allSatisfy { $0.state.withLock { $0.failure == .closed } }
        if isSound { try fileSystem.writeAtomically(Array("1".utf8), to: "\(directory)/clean-shutdown") }
    }
}
