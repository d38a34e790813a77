/// Named, whole, durable sequences of bytes: what tables and checkpoints are kept in.
///
/// A path is names separated by `/`, without a leading slash; there are no folders, only prefixes. Every write is atomic
/// and durable when the call returns: readers see the old object or the new one, never a part. All calls block, and may
/// come from any thread.
public protocol ObjectStore: Sendable {
    /// Writes an object, in the place of the one that was there.
    func put(_ path: String, _ bytes: [UInt8]) throws(StorageError)

    /// Makes a finished local file into an object; the file is gone afterwards, unless this throws.
    ///
    /// - Parameter file: best a path from `stagingFile()`, which can be moved without a copy.
    func put(_ path: String, movingFile file: String) throws(StorageError)

    /// Writes an object unless one is there: of several callers, exactly one succeeds.
    ///
    /// - Throws: `alreadyExists`, having written nothing.
    func putIfAbsent(_ path: String, _ bytes: [UInt8]) throws(StorageError)

    /// The whole object.
    func get(_ path: String) throws(StorageError) -> [UInt8]

    /// The bytes of `range`, which must lie inside the object.
    func get(_ path: String, range: Range<Int>) throws(StorageError) -> [UInt8]

    func head(_ path: String) throws(StorageError) -> ObjectMetadata

    /// All objects whose path begins with `prefix`, in byte order of their paths.
    ///
    /// - Parameter startAfter: only paths after this one, which need not exist.
    func list(prefix: String, startAfter: String?) throws(StorageError) -> [ObjectMetadata]

    /// Removes an object; nothing happens where there is none, so that it can be repeated.
    func delete(_ path: String) throws(StorageError)

    /// Writes a second object of the same bytes, in the place of the one that was there.
    func copy(_ source: String, to destination: String) throws(StorageError)

    /// A path on the local disk where nothing is, to build a file for `put(_:movingFile:)`.
    func stagingFile() throws(StorageError) -> String

    /// The object as a file on the local disk, for libraries that read files.
    func localFile(_ path: String) throws(StorageError) -> LocalFile

    /// Deletes staged files that a crash left behind.
    ///
    /// - Parameter olderThanMicros: only those last changed before this time, microseconds since 1970.
    /// - Returns: how many.
    @discardableResult
    func removeStagedFiles(olderThanMicros: Int64) throws(StorageError) -> Int

    /// How people and other programs name an object: an absolute path, or a URL.
    func location(_ path: String) -> String
}

extension ObjectStore {
    public func list(prefix: String) throws(StorageError) -> [ObjectMetadata] {
        try list(prefix: prefix, startAfter: nil)
    }

    public func exists(_ path: String) throws(StorageError) -> Bool {
        do throws(StorageError) {
            _ = try head(path)
            return true
        } catch {
            if case .notFound = error { return false }
            throw error
        }
    }
}

/// What a store knows of an object without reading it.
public struct ObjectMetadata: Sendable, Hashable {
    public let path: String
    /// In bytes.
    public let size: Int
    /// Microseconds since 1970-01-01 00:00 UTC.
    public let modifiedMicros: Int64
    /// Changes whenever the object is written again.
    public let etag: String

    public init(path: String, size: Int, modifiedMicros: Int64, etag: String) {
        (self.path, self.size, self.modifiedMicros, self.etag) = (path, size, modifiedMicros, etag)
    }
}

/// A file on the local disk that holds an object's bytes for as long as this value lives.
public final class LocalFile: Sendable {
    public let path: String
    private let isTemporary: Bool

    /// - Parameter isTemporary: whether the file is a copy that goes with this value.
    public init(path: String, isTemporary: Bool) {
        self.path = path
        self.isTemporary = isTemporary
    }

    deinit {
        if isTemporary { FileCalls.remove(path) }
    }
}
