internal import Base
internal import EventLog
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The folder where a project's platform keeps everything, locked by the one process that has it open.
///
///     lock  endpoints.json  log/  registry/  lake/<model>/  state/<model>/  warehouse/  tmp/
final class DataDirectory: Sendable {
    let path: String
    private let lockDescriptor: Int32
    private let isHeld = Mutex(true)

    var log: String { "\(path)/log" }
    var registry: String { "\(path)/registry" }
    var lake: String { "\(path)/lake" }
    var warehouse: String { "\(path)/warehouse" }
    var temporary: String { "\(path)/tmp" }
    func state(of model: String) -> String { "\(path)/state/\(model)" }
    static func endpointsFile(in path: String) -> String { "\(path)/endpoints.json" }

    /// Opens the folder, made if it is not there.
    ///
    /// - Throws: `alreadyRunning` where another process holds the lock.
    init(path: String) throws(PlatformFailure) {
        self.path = path
        try Self.makeFolder(path)
        let descriptor = unsafe open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .dataDirectory(path: path, problem: unsafe String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            let text = try? String(contentsOfFile: "\(path)/lock", encoding: .utf8)
            throw .alreadyRunning(
                directory: path, processID: text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) })
        }
        lockDescriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = unsafe text.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        for folder in [registry, lake, warehouse, "\(path)/state"] { try Self.makeFolder(folder) }
        // What an earlier process left half done is of no use to anybody.
        try? FileManager.default.removeItem(atPath: temporary)
        try? FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    }

    /// Makes a folder that is still there after a power cut, or what is synced into it would go with its name.
    private static func makeFolder(_ path: String) throws(PlatformFailure) {
        do throws(LogError) { try PosixFileSystem().createDirectory(path) } catch {
            throw .dataDirectory(path: path, problem: error.report.message)
        }
    }

    deinit { release() }

    /// Lets others have the folder; nothing in it may be used afterwards.
    func release() {
        isHeld.withLock { isHeld in
            guard isHeld else { return }
            isHeld = false
            try? FileManager.default.removeItem(atPath: Self.endpointsFile(in: path))
            close(lockDescriptor)
        }
    }

    /// Whether a process has the folder open.
    static func isInUse(_ path: String) -> Bool {
        let descriptor = unsafe open("\(path)/lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
            flock(descriptor, LOCK_UN)
            return false
        }
        return true
    }
}
