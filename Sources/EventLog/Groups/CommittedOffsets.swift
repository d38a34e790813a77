internal import Base
internal import Synchronization

/// A position that a consumer group has committed.
public struct CommittedOffset: Sendable, Hashable {
    public var offset: Int64
    public var leaderEpoch: Int32
    public var metadata: String
    /// When it was committed, in milliseconds since 1970.
    public var committedMillis: Int64

    public init(offset: Int64, leaderEpoch: Int32 = -1, metadata: String = "", committedMillis: Int64) {
        (self.offset, self.leaderEpoch, self.metadata) = (offset, leaderEpoch, metadata)
        self.committedMillis = committedMillis
    }
}

public struct GroupPartition: Sendable, Hashable {
    public let group: String
    public let topic: String
    public let partition: Int32
    public init(group: String, topic: String, partition: Int32) {
        (self.group, self.topic, self.partition) = (group, topic, partition)
    }
}

/// What consumer groups have committed, durable in a file of its own. It is written anew with what still counts when the log
/// opens, and whenever it has become too large.
///
///     each entry: length UINT32, CRC-32C UINT32 of the payload, payload
///     payload: kind UINT8 (1 commit, 2 forget), group, topic (UINT16 length + UTF-8), partition INT32,
///              and for a commit: offset INT64, leaderEpoch INT32, metadata (as a name), committedMillis INT64
public final class CommittedOffsets: Flushable {
    public typealias Completion = @Sendable (Result<Void, LogError>) -> Void
    typealias Change = (key: GroupPartition, value: CommittedOffset?)

    private struct State {
        var table: [GroupPartition: CommittedOffset] = [:]
        var pending: [(changes: [Change], completion: Completion)] = []
        var unsynced: [(changes: [Change], completion: Completion)] = []
        var file: any LogFile
        var size = 0
        /// The size from which on the file is written anew.
        var sizeMax = 0
        var failure: LogError?
    }

    private let path: String
    private let fileSystem: any LogFileSystem
    private let flusher: Flusher
    private let fileBytesMax: Int
    private let state: Mutex<State>

    /// - Parameter fileBytesMax: how large the file may grow; at least to twice what counts of it.
    init(
        directory: String, fileSystem: any LogFileSystem, flusher: Flusher, fileBytesMax: Int
    ) throws(LogError) {
        path = "\(directory)/offsets.log"
        (self.fileSystem, self.flusher, self.fileBytesMax) = (fileSystem, flusher, fileBytesMax)
        try fileSystem.createDirectory(directory)
        let table = try OffsetsFile.read(try fileSystem.readAll(path) ?? [], path: path)
        let compacted = OffsetsFile.encode(table.map { ($0.key, $0.value) })
        try fileSystem.writeAtomically(compacted, to: path)
        var state = State(table: table, file: try fileSystem.open(path, create: false), size: compacted.count)
        state.sizeMax = max(fileBytesMax, 2 * compacted.count)
        self.state = Mutex(state)
    }

    /// Commits durably; `completion` is called once, on the log's own thread, or at once when the file cannot be trusted.
    public func commit(_ changes: [(GroupPartition, CommittedOffset)], completion: @escaping Completion) {
        submit(changes.map { ($0.0, $0.1) }, completion)
    }

    public func committed(_ key: GroupPartition) -> CommittedOffset? { state.withLock { $0.table[key] } }

    /// Everything that a group has committed.
    public func committed(group: String) -> [GroupPartition: CommittedOffset] {
        state.withLock { state in state.table.filter { $0.key.group == group } }
    }

    /// The groups that have committed something, sorted.
    public var groups: [String] { state.withLock { Set($0.table.keys.map(\.group)) }.sorted() }

    /// Forgets a group's positions, durably.
    public func forget(group: String, completion: @escaping Completion) {
        forget(completion, where: { key, _ in key.group == group })
    }

    /// Forgets positions, also those whose commit is still on its way, and returns when that is durable. Not for the log's
    /// own thread.
    func forget(_ matches: @escaping @Sendable (GroupPartition) -> Bool) throws(LogError) {
        let failure = Mutex<LogError?>(nil)
        flusher.perform {
            writePending()
            syncWritten()
            forget { outcome in
                if case .failure(let error) = outcome { failure.withLock { $0 = error } }
            } where: { key, _ in
                matches(key)
            }
            writePending()
            syncWritten()
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Forgets positions that are older than `millis`, of groups that are not in `active`.
    public func expire(committedBefore millis: Int64, activeGroups active: Set<String>) {
        forget({ _ in }, where: { key, value in value.committedMillis < millis && !active.contains(key.group) })
    }

    private func forget(
        _ completion: @escaping Completion, where matches: (GroupPartition, CommittedOffset) -> Bool
    ) {
        let gone = state.withLock { state in state.table.filter { matches($0.key, $0.value) }.keys.map { $0 } }
        if gone.isEmpty { return completion(.success(())) }
        submit(gone.map { ($0, nil) }, completion)
    }

    private func submit(_ changes: [Change], _ completion: @escaping Completion) {
        let outcome = state.withLock { state -> (failure: LogError?, isFirst: Bool) in
            if let failure = state.failure { return (failure, false) }
            state.pending.append((changes, completion))
            return (nil, state.pending.count == 1)
        }
        if let failure = outcome.failure { return completion(.failure(failure)) }
        if outcome.isFirst { flusher.enqueue(self) }
    }

    func writePending() {
        let (work, file, size) = state.withLock { state in
            defer { state.pending = [] }
            return (state.pending, state.file, state.size)
        }
        if work.isEmpty { return }
        let bytes = OffsetsFile.encode(work.flatMap(\.changes))
        do throws(LogError) {
            try file.write(bytes, at: size)
            state.withLock { state in
                state.size += bytes.count
                state.unsynced.append(contentsOf: work)
            }
        } catch {
            do throws(LogError) { try file.truncate(to: size) } catch { state.withLock { $0.failure = error } }
            for item in work { item.completion(.failure(error)) }
        }
    }

    func syncWritten() {
        let (work, file) = state.withLock { state in
            defer { state.unsynced = [] }
            return (state.unsynced, state.file)
        }
        if work.isEmpty { return }
        do throws(LogError) {
            try file.sync()
            let isTooLarge = state.withLock { state in
                for (key, value) in work.flatMap(\.changes) { state.table[key] = value }
                return state.size > state.sizeMax
            }
            for item in work { item.completion(.success(())) }
            if isTooLarge { compact() }
        } catch {
            state.withLock { $0.failure = error }
            for item in work { item.completion(.failure(error)) }
        }
    }

    /// Puts a file with only what counts in the place of the one that has grown. All that is in the old one is durable, and
    /// in the table.
    private func compact() {
        let table = state.withLock { $0.table }
        let bytes = OffsetsFile.encode(table.map { ($0.key, $0.value) })
        let temporary = path + ".new"
        let file: any LogFile
        do throws(LogError) {
            file = try fileSystem.open(temporary, create: true)
            try file.truncate(to: 0)
            try file.write(bytes, at: 0)
            try file.sync()
            try fileSystem.rename(temporary, to: path)
        } catch {
            // The old file is as good as it was; there is another try when it has grown on.
            return state.withLock { $0.sizeMax = 2 * $0.size }
        }
        let failure: LogError?
        do throws(LogError) {
            try fileSystem.syncDirectory(parent(of: path))
            failure = nil
        } catch { failure = error }
        state.withLock { state in
            (state.file, state.size, state.sizeMax) = (file, bytes.count, max(fileBytesMax, 2 * bytes.count))
            // Which of the two files a crash would leave is not known, so nothing may be promised any more.
            if let failure { state.failure = failure }
        }
    }
}

/// The bytes of `offsets.log`.
enum OffsetsFile {
    static func encode(_ changes: [CommittedOffsets.Change]) -> [UInt8] {
        var writer = ByteWriter()
        for (key, value) in changes {
            var payload = ByteWriter()
            payload.bigEndian(UInt8(value == nil ? 2 : 1))
            text(key.group, &payload)
            text(key.topic, &payload)
            payload.bigEndian(key.partition)
            if let value {
                payload.bigEndian(value.offset)
                payload.bigEndian(value.leaderEpoch)
                text(value.metadata, &payload)
                payload.bigEndian(value.committedMillis)
            }
            writer.bigEndian(UInt32(payload.count))
            writer.bigEndian(CRC32C.checksum(payload.bytes))
            writer.append(payload.bytes)
        }
        return writer.bytes
    }

    private static func text(_ text: String, _ writer: inout ByteWriter) {
        // Kafka's own strings are no longer than this.
        let bytes = Array(text.utf8.prefix(Int(UInt16.max)))
        writer.bigEndian(UInt16(bytes.count))
        writer.append(bytes)
    }

    /// - Throws: `corruptSegment` when a damaged entry has sound ones after it; a torn last entry is left out.
    static func read(_ bytes: [UInt8], path: String) throws(LogError) -> [GroupPartition: CommittedOffset] {
        var table: [GroupPartition: CommittedOffset] = [:]
        var position = 0
        while position < bytes.count {
            guard let (change, length) = entry(bytes, at: position) else {
                for later in (position + 1)..<max(bytes.count, position + 1) where entry(bytes, at: later) != nil {
                    throw .corruptSegment(segment: path, position: position, problem: "a damaged entry stands")
                }
                break
            }
            table[change.key] = change.value
            position += length
        }
        return table
    }

    private static func entry(_ bytes: [UInt8], at position: Int) -> (change: CommittedOffsets.Change, length: Int)? {
        unsafe bytes.withUnsafeBytes { buffer in
            var reader = unsafe ByteReader(UnsafeRawBufferPointer(rebasing: buffer[position...]))
            guard let length = reader.bigEndian(UInt32.self), length > 0, let crc = reader.bigEndian(UInt32.self),
                let payload = unsafe reader.take(Int(length)), unsafe CRC32C.checksum(payload) == crc
            else { return nil }
            var fields = unsafe ByteReader(payload)
            guard let kind = fields.bigEndian(UInt8.self), let group = text(&fields), let topic = text(&fields),
                let partition = fields.bigEndian(Int32.self)
            else { return nil }
            let key = GroupPartition(group: group, topic: topic, partition: partition)
            if kind == 2 { return ((key, nil), reader.position) }
            guard kind == 1, let offset = fields.bigEndian(Int64.self), let epoch = fields.bigEndian(Int32.self),
                let metadata = text(&fields), let millis = fields.bigEndian(Int64.self)
            else { return nil }
            let value = CommittedOffset(
                offset: offset, leaderEpoch: epoch, metadata: metadata, committedMillis: millis)
            return ((key, value), reader.position)
        }
    }

    private static func text(_ reader: inout ByteReader) -> String? {
        guard let length = reader.bigEndian(UInt16.self), let bytes = unsafe reader.take(Int(length)) else {
            return nil
        }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}
