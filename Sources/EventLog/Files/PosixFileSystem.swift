#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The operating system's files.
public struct PosixFileSystem: LogFileSystem {
    public init() {}

    public func open(_ path: String, create: Bool) throws(LogError) -> any LogFile {
        let flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0)
        let descriptor = retrying { posixOpen(path, flags) }
        guard descriptor >= 0 else { throw failure("open", path) }
        return PosixFile(path: path, descriptor: descriptor)
    }

    public func makeDirectory(_ path: String) throws(LogError) -> Bool {
        if unsafe mkdir(path, 0o755) == 0 { return true }
        guard errno == EEXIST else { throw failure("create", path) }
        return false
    }

    public func list(_ path: String) throws(LogError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw failure("list", path) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    public func modifiedMillis(_ path: String) throws(LogError) -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw failure("measure", path) }
        #if canImport(Glibc)
            let time = status.st_mtim
        #else
            let time = status.st_mtimespec
        #endif
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    public func rename(_ source: String, to target: String) throws(LogError) {
        #if canImport(Glibc)
            let status = unsafe Glibc.rename(source, target)
        #else
            let status = unsafe Darwin.rename(source, target)
        #endif
        guard status == 0 else { throw failure("rename", source) }
    }

    public func removeFile(_ path: String) throws(LogError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    public func removeDirectory(_ path: String) throws(LogError) {
        for name in try list(path) {
            let inner = "\(path)/\(name)"
            if unsafe unlink(inner) != 0 { try removeDirectory(inner) }
        }
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    public func syncDirectory(_ path: String) throws(LogError) {
        let descriptor = retrying { posixOpen(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { _ = close(descriptor) }
        guard retrying({ fsync(descriptor) }) == 0 else { throw failure("sync", path) }
    }

    public func lock(_ path: String) throws(LogError) -> any LogFile {
        let descriptor = retrying { posixOpen(path, O_RDWR | O_CREAT | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            _ = close(descriptor)
            throw .directoryInUse(path: parent(of: path))
        }
        return PosixFile(path: path, descriptor: descriptor)
    }
}

final class PosixFile: LogFile {
    private let path: String
    private let descriptor: Int32

    init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }
    deinit { _ = close(descriptor) }

    func size() throws(LogError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("measure", path) }
        return Int(status.st_size)
    }

    func read(at position: Int, into target: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
        var done = 0
        while done < target.count {
            let count = unsafe pread(
                descriptor, target.baseAddress.unsafelyUnwrapped + done, target.count - done, off_t(position + done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            done += count
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(LogError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe pwrite(
                descriptor, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done, off_t(position + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            done += count
        }
    }

    func sync() throws(LogError) {
        #if canImport(Glibc)
            let status = retrying { fdatasync(descriptor) }
        #else
            let status = retrying { fcntl(descriptor, F_FULLFSYNC) }
        #endif
        guard status == 0 else { throw failure("sync", path) }
    }

    func truncate(to size: Int) throws(LogError) {
        guard retrying({ ftruncate(descriptor, off_t(size)) }) == 0 else { throw failure("truncate", path) }
    }
}

private func posixOpen(_ path: String, _ flags: Int32) -> Int32 {
    #if canImport(Glibc)
        unsafe Glibc.open(path, flags, 0o644)
    #else
        unsafe Darwin.open(path, flags, 0o644)
    #endif
}

private func retrying(_ call: () -> Int32) -> Int32 {
    while true {
        let status = call()
        if status >= 0 || errno != EINTR { return status }
    }
}

/// The system's last error as one of the log's.
private func failure(_ operation: String, _ path: String) -> LogError {
    let number = errno
    if number == ENOSPC || number == EDQUOT { return .diskFull(path: path) }
    return .inputOutput(operation: operation, path: path, problem: unsafe String(cString: strerror(number)))
}
