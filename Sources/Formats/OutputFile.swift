internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file that appears under its name whole or not at all.
///
/// It is written under another name in the same folder, synced if asked to, then renamed. What was begun and not
/// committed is removed.
final class OutputFile {
    let path: String
    /// Where to write until then.
    let temporaryPath: String
    private let synced: Bool
    private var isPending = true
    private static let serial = Atomic<Int>(0)

    /// - Parameter synced: whether `commit()` waits until the bytes and the name are on the disk.
    init(path: String, synced: Bool) {
        self.path = path
        self.synced = synced
        let number = OutputFile.serial.add(1, ordering: .relaxed).newValue
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        // A leading dot keeps readers that list the folder away.
        temporaryPath = "\(path[..<slash]).\(path[slash...]).\(getpid())-\(number).partial"
    }

    deinit { if isPending { unsafe unlink(temporaryPath) } }

    /// Gives the written file its name.
    func commit() throws(FormatsError) {
        if synced { try sync(temporaryPath, flags: O_RDWR) }
        guard unsafe rename(temporaryPath, path) == 0 else { throw OutputFile.failure(path) }
        isPending = false
        if synced {
            let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            try sync(folder, flags: O_RDONLY)
        }
    }

    private func sync(_ name: String, flags: Int32) throws(FormatsError) {
        let descriptor = unsafe open(name, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw OutputFile.failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw OutputFile.failure(path) }
    }

    static func failure(_ path: String) -> FormatsError {
        let code = errno
        if code == ENOSPC || code == EDQUOT { return .diskFull(path: path) }
        if code == ENOENT { return .missingFile(path: path) }
        return unsafe .failedIO(path: path, problem: String(cString: strerror(code)))
    }
}
