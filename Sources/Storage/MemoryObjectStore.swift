public import Base
internal import Synchronization

/// Objects in memory, for tests and for tables that nobody keeps.
public final class MemoryObjectStore: ObjectStore {
    private struct Entry {
        var bytes: [UInt8]
        var metadata: ObjectMetadata
    }

    private struct State {
        var objects: [String: Entry] = [:]
        var writes = 0
    }

    private let state = Mutex(State())
    private let clock: any WallClock
    /// Libraries that need files get them from here.
    private let disk: LocalObjectStore

    /// - Parameters:
    ///   - temporaryFolder: where files for libraries go; made if it is not there, and left to its owner to remove.
    ///   - clock: stamps the objects.
    public init(temporaryFolder: String, clock: any WallClock) throws(StorageError) {
        self.clock = clock
        disk = try LocalObjectStore(root: temporaryFolder)
    }

    public func location(_ path: String) -> String { "memory://\(path)" }

    public func put(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        try ObjectPath.check(path)
        store(path, bytes)
    }

    public func put(_ path: String, movingFile file: String) throws(StorageError) {
        try ObjectPath.check(path)
        store(path, try FileCalls.read(file, range: nil, naming: file))
        FileCalls.remove(file)
    }

    public func putIfAbsent(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        try ObjectPath.check(path)
        let micros = clock.nowMicros()
        let isNew = state.withLock { state in
            if state.objects[path] != nil { return false }
            Self.store(path, bytes, micros, in: &state)
            return true
        }
        if !isNew { throw .alreadyExists(path: path) }
    }

    public func get(_ path: String) throws(StorageError) -> [UInt8] { try entry(path).bytes }

    public func get(_ path: String, range: Range<Int>) throws(StorageError) -> [UInt8] {
        let bytes = try entry(path).bytes
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw .badRange(path: path, range: range, size: bytes.count)
        }
        return Array(bytes[range])
    }

    public func head(_ path: String) throws(StorageError) -> ObjectMetadata { try entry(path).metadata }

    public func list(prefix: String, startAfter: String?) throws(StorageError) -> [ObjectMetadata] {
        try ObjectPath.checkPrefix(prefix)
        let all = state.withLock { $0.objects.values.map(\.metadata) }
        return all.filter { object in
            object.path.hasPrefix(prefix) && (startAfter.map { ObjectPath.precedes($0, object.path) } ?? true)
        }.sorted { ObjectPath.precedes($0.path, $1.path) }
    }

    public func delete(_ path: String) throws(StorageError) {
        try ObjectPath.check(path)
        state.withLock { _ = $0.objects.removeValue(forKey: path) }
    }

    public func copy(_ source: String, to destination: String) throws(StorageError) {
        try ObjectPath.check(destination)
        store(destination, try entry(source).bytes)
    }

    public func stagingFile() throws(StorageError) -> String { try disk.stagingFile() }

    public func localFile(_ path: String) throws(StorageError) -> LocalFile {
        let file = try disk.stagingFile()
        try FileCalls.createFile(file, try entry(path).bytes, naming: path)
        return LocalFile(path: file, isTemporary: true)
    }

    @discardableResult
    public func removeStagedFiles(olderThanMicros: Int64) throws(StorageError) -> Int {
        try disk.removeStagedFiles(olderThanMicros: olderThanMicros)
    }

    private func entry(_ path: String) throws(StorageError) -> Entry {
        try ObjectPath.check(path)
        guard let entry = state.withLock({ $0.objects[path] }) else { throw .notFound(path: path) }
        return entry
    }

    private func store(_ path: String, _ bytes: [UInt8]) {
        let micros = clock.nowMicros()
        state.withLock { Self.store(path, bytes, micros, in: &$0) }
    }

    private static func store(_ path: String, _ bytes: [UInt8], _ micros: Int64, in state: inout State) {
        state.writes += 1
        state.objects[path] = Entry(
            bytes: bytes,
            metadata: ObjectMetadata(
                path: path, size: bytes.count, modifiedMicros: micros, etag: "\(state.writes)"))
    }
}
