internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Objects as files under one folder of the local disk.
///
/// A write goes to a file in `.staging/` first, which is fsynced, and then gets its name in one step (rename, or link
/// where the name must be free); the folder is fsynced after that. A crash leaves at most a file in `.staging/`.
public final class LocalObjectStore: ObjectStore {
    /// The folder, without symbolic links.
    public let root: String
    private let counter = Atomic<Int>(0)
    /// Folders known to be there and inside the root, so that a write need not look at each of them again.
    private let knownFolders = Mutex<Set<String>>([])

    /// - Parameter root: the folder, made if it is not there.
    public init(root: String) throws(StorageError) {
        try Self.makeFolders(root)
        guard let resolved = FileCalls.realPath(root) else { throw .notFound(path: root) }
        self.root = resolved
        if try FileCalls.makeFolder("\(resolved)/\(ObjectPath.stagingName)", naming: root) {
            try FileCalls.sync(resolved, naming: root)
        }
    }

    public func location(_ path: String) -> String { "\(root)/\(path)" }

    public func put(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        try ObjectPath.check(path)
        let staged = try stage(bytes, for: path)
        try publish(staged, as: path)
    }

    public func put(_ path: String, movingFile file: String) throws(StorageError) {
        try ObjectPath.check(path)
        try FileCalls.sync(file, naming: file)
        let folder = try folder(of: path)
        let target = location(path)
        if try !FileCalls.move(file, to: target, naming: path) {
            // Another disk: the bytes are copied to this one before they get their name.
            let staged = try stagingFile()
            try FileCopy.copy(file, to: staged, naming: path)
            guard try FileCalls.move(staged, to: target, naming: path) else {
                throw .system(path: path, operation: "move", errno: EXDEV, text: "the store spans several disks")
            }
            FileCalls.remove(file)
        }
        try FileCalls.sync(folder, naming: path)
    }

    public func putIfAbsent(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        try ObjectPath.check(path)
        let folder = try folder(of: path)
        let staged = try stage(bytes, for: path)
        defer { FileCalls.remove(staged) }
        try FileCalls.hardLink(staged, to: location(path), naming: path)
        try FileCalls.sync(folder, naming: path)
    }

    public func get(_ path: String) throws(StorageError) -> [UInt8] {
        try FileCalls.read(readable(path), range: nil, naming: path)
    }

    public func get(_ path: String, range: Range<Int>) throws(StorageError) -> [UInt8] {
        try FileCalls.read(readable(path), range: range, naming: path)
    }

    public func head(_ path: String) throws(StorageError) -> ObjectMetadata {
        try FileCalls.metadata(readable(path), naming: path)
    }

    public func list(prefix: String, startAfter: String?) throws(StorageError) -> [ObjectMetadata] {
        try ObjectPath.checkPrefix(prefix)
        // Only the folder that all wanted paths share is walked.
        let top = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        if !top.isEmpty, !isInside(folder: "\(root)/\(top)") { return [] }
        var found: [ObjectMetadata] = []
        var open = [top]
        while let folder = open.popLast() {
            let path = folder.isEmpty ? root : "\(root)/\(folder)"
            for (name, kind) in try FileCalls.entries(path, naming: folder) {
                let child = folder.isEmpty ? name : "\(folder)/\(name)"
                if child == ObjectPath.stagingName { continue }
                switch kind {
                case .folder:
                    if child.hasPrefix(prefix) || prefix.hasPrefix(child + "/") { open.append(child) }
                case .file:
                    guard child.hasPrefix(prefix) else { continue }
                    if let startAfter, !ObjectPath.precedes(startAfter, child) { continue }
                    do throws(StorageError) {
                        found.append(try FileCalls.metadata("\(root)/\(child)", naming: child))
                    } catch {
                        // Deleted since the folder was read: no longer there to list.
                        if case .notFound = error { continue }
                        throw error
                    }
                case .other: continue
                }
            }
        }
        return found.sorted { ObjectPath.precedes($0.path, $1.path) }
    }

    public func delete(_ path: String) throws(StorageError) {
        let file: String
        do throws(StorageError) { file = try readable(path) } catch {
            if case .notFound = error { return }
            throw error
        }
        guard unsafe unlink(file) != 0 else { return try FileCalls.sync(Self.parent(of: file), naming: path) }
        if errno == ENOENT || errno == EISDIR || errno == ENOTDIR { return }
        throw FileCalls.failure(errno, "delete", path)
    }

    public func copy(_ source: String, to destination: String) throws(StorageError) {
        try ObjectPath.check(destination)
        let from = try readable(source)
        let staged = try stagingFile()
        try FileCopy.copy(from, to: staged, naming: source)
        try publish(staged, as: destination)
    }

    public func stagingFile() throws(StorageError) -> String {
        let number = counter.add(1, ordering: .relaxed).newValue
        // The time of the process's name keeps files of an earlier process with the same id apart.
        return
            "\(root)/\(ObjectPath.stagingName)/\(getpid())-\(Self.processMark)-\(ObjectIdentifier(self).hashValue)-\(number)"
    }

    public func localFile(_ path: String) throws(StorageError) -> LocalFile {
        _ = try head(path)
        return LocalFile(path: location(path), isTemporary: false)
    }

    @discardableResult
    public func removeStagedFiles(olderThanMicros: Int64) throws(StorageError) -> Int {
        let folder = "\(root)/\(ObjectPath.stagingName)"
        var removed = 0
        for (name, kind) in try FileCalls.entries(folder, naming: ObjectPath.stagingName) where kind == .file {
            let path = "\(folder)/\(name)"
            guard let found = try? FileCalls.metadata(path, naming: name), found.modifiedMicros < olderThanMicros else {
                continue
            }
            FileCalls.remove(path)
            removed += 1
        }
        return removed
    }

    // MARK: - Writing

    private func stage(_ bytes: [UInt8], for path: String) throws(StorageError) -> String {
        while true {
            let staged = try stagingFile()
            do throws(StorageError) {
                try FileCalls.createFile(staged, bytes, naming: path)
                return staged
            } catch {
                switch error {
                case .alreadyExists: continue
                case .noSpace(let path, let needed, _):
                    throw .noSpace(path: path, neededBytes: needed, freeBytes: FileCalls.freeBytes(root))
                default: throw error
                }
            }
        }
    }

    private func publish(_ staged: String, as path: String) throws(StorageError) {
        do throws(StorageError) {
            let folder = try folder(of: path)
            _ = try FileCalls.move(staged, to: location(path), naming: path)
            try FileCalls.sync(folder, naming: path)
        } catch {
            FileCalls.remove(staged)
            throw error
        }
    }

    // MARK: - Folders

    /// The folder of an object, made if need be, and certain to lie in the root.
    private func folder(of path: String) throws(StorageError) -> String {
        let folder = Self.parent(of: location(path))
        if knownFolders.withLock({ $0.contains(folder) }), FileCalls.realPath(folder) == folder { return folder }
        try Self.makeFolders(folder)
        guard isInside(folder: folder) else { throw .badPath(path, reason: "a symbolic link leads out of the store") }
        knownFolders.withLock { _ = $0.insert(folder) }
        return folder
    }

    private func readable(_ path: String) throws(StorageError) -> String {
        try ObjectPath.check(path)
        let file = location(path)
        let folder = Self.parent(of: file)
        guard let resolved = FileCalls.realPath(folder) else { throw .notFound(path: path) }
        guard resolved == root || resolved.hasPrefix(root + "/") else {
            throw .badPath(path, reason: "a symbolic link leads out of the store")
        }
        return file
    }

    private func isInside(folder: String) -> Bool {
        guard let resolved = FileCalls.realPath(folder) else { return false }
        return resolved == root || resolved.hasPrefix(root + "/")
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// Makes a folder and those above it; each new name is made to last.
    private static func makeFolders(_ path: String) throws(StorageError) {
        if path.isEmpty || path == "/" { return }
        if (try? FileCalls.makeFolder(path, naming: path)) != nil {
            return try FileCalls.sync(parent(of: path), naming: path)
        }
        try makeFolders(parent(of: path))
        _ = try FileCalls.makeFolder(path, naming: path)
        try FileCalls.sync(parent(of: path).isEmpty ? "/" : parent(of: path), naming: path)
    }

    /// Tells this process from an earlier one that had the same number.
    private static let processMark: String = {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return "\(time.tv_sec)\(time.tv_nsec)"
    }()
}
