#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The operating system's calls for files, with errors as `StorageError`s.
enum FileCalls {
    static func failure(_ code: Int32, _ operation: String, _ path: String, neededBytes: Int? = nil) -> StorageError {
        switch code {
        case ENOENT, ENOTDIR: .notFound(path: path)
        case EEXIST: .alreadyExists(path: path)
        case ENOSPC, EDQUOT: .noSpace(path: path, neededBytes: neededBytes, freeBytes: nil)
        case EACCES, EPERM, EROFS: .permission(path: path, operation: operation)
        case ENAMETOOLONG: .badPath(path, reason: "it is too long")
        case ELOOP: .badPath(path, reason: "it is a symbolic link")
        default:
            .system(path: path, operation: operation, errno: code, text: unsafe String(cString: strerror(code)))
        }
    }

    /// Bytes that an ordinary user can still write on the disk of `folder`.
    static func freeBytes(_ folder: String) -> Int? {
        var disk = statvfs()
        guard unsafe statvfs(folder, &disk) == 0 else { return nil }
        return Int(disk.f_bavail) * Int(disk.f_frsize)
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    /// Creates `path`, which must not be there, with `bytes`, on the disk when this returns. Leaves nothing if it fails.
    static func createFile(_ path: String, _ bytes: [UInt8], naming name: String) throws(StorageError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw failure(errno, "create", name, neededBytes: bytes.count) }
        defer { close(descriptor) }
        do throws(StorageError) {
            try writeAll(bytes, to: descriptor, naming: name)
            guard fsync(descriptor) == 0 else { throw failure(errno, "write", name, neededBytes: bytes.count) }
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, naming name: String) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { memory in
                unsafe write(descriptor, memory.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno, "write", name, neededBytes: bytes.count)
            }
            done += count
        }
    }

    /// Makes what is in a file, or a folder's names, last through a power cut.
    static func sync(_ path: String, naming name: String) throws(StorageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno, "open", name) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(errno, "sync", name) }
    }

    /// The bytes of `range` of a file; all of it without a range.
    static func read(_ path: String, range: Range<Int>?, naming name: String) throws(StorageError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw failure(errno, "read", name) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(errno, "read", name) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notFound(path: name) }
        let size = Int(status.st_size)
        let wanted = range ?? 0..<size
        guard wanted.lowerBound >= 0, wanted.upperBound <= size else {
            throw .badRange(path: name, range: wanted, size: size)
        }
        var failed: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted.count) { memory, done in
            while done < wanted.count {
                let count = unsafe pread(
                    descriptor, memory.baseAddress.unsafelyUnwrapped + done, wanted.count - done,
                    off_t(wanted.lowerBound + done))
                if count == 0 { break }
                if count < 0 {
                    if errno == EINTR { continue }
                    failed = errno
                    break
                }
                done += count
            }
        }
        if failed != 0 { throw failure(failed, "read", name) }
        guard bytes.count == wanted.count else {
            throw .shortRead(path: name, expected: wanted.count, found: bytes.count)
        }
        return bytes
    }

    static func metadata(_ path: String, naming name: String) throws(StorageError) -> ObjectMetadata {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw failure(errno, "look at", name) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notFound(path: name) }
        let micros = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1_000
        // The inode changes with every write, as each write is a new file that is moved into place.
        return ObjectMetadata(
            path: name, size: Int(status.st_size), modifiedMicros: micros,
            etag: "\(status.st_ino)-\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)-\(status.st_size)")
    }

    enum Entry { case file, folder, other }

    /// What lies directly in a folder; nothing where there is no folder.
    static func entries(_ folder: String, naming name: String) throws(StorageError) -> [(name: String, kind: Entry)] {
        guard let stream = unsafe opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw failure(errno, "list", name)
        }
        defer { unsafe closedir(stream) }
        var found: [(name: String, kind: Entry)] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw failure(errno, "list", name) }
                return found
            }
            let entryName = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if entryName == "." || entryName == ".." { continue }
            found.append((entryName, kind(unsafe entry.pointee.d_type, "\(folder)/\(entryName)")))
        }
    }

    /// Symbolic links are `other`, so that a listing never leaves the store.
    private static func kind(_ type: UInt8, _ path: String) -> Entry {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        case Int(DT_UNKNOWN):
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return .other }
            switch status.st_mode & S_IFMT {
            case S_IFREG: return .file
            case S_IFDIR: return .folder
            default: return .other
            }
        default: return .other
        }
    }

    /// Moves a file onto `destination`; false where they lie on different disks.
    static func move(_ source: String, to destination: String, naming name: String) throws(StorageError) -> Bool {
        if unsafe rename(source, destination) == 0 { return true }
        if errno == EXDEV { return false }
        throw failure(errno, "write", name)
    }

    /// Gives a file a second name, unless that name is taken.
    static func hardLink(_ source: String, to destination: String, naming name: String) throws(StorageError) {
        guard unsafe link(source, destination) == 0 else { throw failure(errno, "write", name) }
    }

    static func makeFolder(_ path: String, naming name: String) throws(StorageError) -> Bool {
        if unsafe mkdir(path, 0o755) == 0 { return true }
        if errno == EEXIST { return false }
        throw failure(errno, "make a folder for", name)
    }

    static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
