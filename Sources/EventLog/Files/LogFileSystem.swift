/// The disk as the log sees it: the seam where tests put full disks, short writes and failing syncs.
///
/// Paths are absolute or relative to the process; `/` separates. Every failure is a `LogError`; a full disk is `diskFull`.
public protocol LogFileSystem: Sendable {
    /// Opens a file for reading and writing, made if it does not exist and `create` says so.
    func open(_ path: String, create: Bool) throws(LogError) -> any LogFile
    /// Makes one folder in a folder that is there; false where it exists already.
    func makeDirectory(_ path: String) throws(LogError) -> Bool
    /// The names in a folder, without `.` and `..`, sorted.
    func list(_ path: String) throws(LogError) -> [String]
    func exists(_ path: String) -> Bool
    /// When a file was last written, in milliseconds since 1970.
    func modifiedMillis(_ path: String) throws(LogError) -> Int64
    /// Puts a file or folder in another's place, atomically.
    func rename(_ source: String, to target: String) throws(LogError)
    func removeFile(_ path: String) throws(LogError)
    func removeDirectory(_ path: String) throws(LogError)
    /// Makes the names in a folder durable.
    func syncDirectory(_ path: String) throws(LogError)
    /// Keeps other processes out for as long as the returned file lives.
    ///
    /// - Throws: `directoryInUse`.
    func lock(_ path: String) throws(LogError) -> any LogFile
}

/// An open file; closed when the last reference goes.
public protocol LogFile: AnyObject, Sendable {
    func size() throws(LogError) -> Int
    /// Reads until the target is full or the file ends; returns how many bytes were read.
    func read(at position: Int, into target: UnsafeMutableRawBufferPointer) throws(LogError) -> Int
    /// Writes all the bytes. When it throws, some of them may be in the file.
    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(LogError)
    /// Returns when all that was written is on the disk. After a failure nothing about the unsynced bytes is known.
    func sync() throws(LogError)
    func truncate(to size: Int) throws(LogError)
}

extension LogFileSystem {
    /// Makes a folder and its parents, each name made to last; one that exists is fine.
    public func createDirectory(_ path: String) throws(LogError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            if try makeDirectory(made) { try syncDirectory(parent(of: made)) }
        }
    }

    /// The whole content of a small file; nil where there is none.
    func readAll(_ path: String) throws(LogError) -> [UInt8]? {
        guard exists(path) else { return nil }
        let file = try open(path, create: false)
        return try file.bytes(at: 0, count: try file.size())
    }

    /// Replaces a small file so that a crash leaves the old content or the new, never a mixture.
    func writeAtomically(_ bytes: [UInt8], to path: String) throws(LogError) {
        let temporary = path + ".new"
        let file = try open(temporary, create: true)
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
        try file.sync()
        try rename(temporary, to: path)
        try syncDirectory(parent(of: path))
    }
}

extension LogFile {
    func write(_ bytes: [UInt8], at position: Int) throws(LogError) {
        let result = unsafe bytes.withUnsafeBytes { buffer -> Result<Void, LogError> in
            do throws(LogError) { return .success(try unsafe write(buffer, at: position)) } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Up to `count` bytes from `position`; fewer at the end of the file.
    func bytes(at position: Int, count: Int) throws(LogError) -> [UInt8] {
        var failure: LogError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            do throws(LogError) {
                filled = try unsafe read(at: position, into: UnsafeMutableRawBufferPointer(target))
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// The folder that holds `path`.
func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
