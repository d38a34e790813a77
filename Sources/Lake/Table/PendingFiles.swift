internal import Synchronization

/// Data files of one table that lie in their place but in no commit, and whose commit may still come.
///
/// A file is in here from before it gets its name until after its commit, so that whoever lists the table's folder, then
/// looks in here, and then reads the log, finds each file in one of the two, and takes none for an orphan.
final class PendingFiles: Sendable {
    private let paths = Mutex<Set<String>>([])

    /// - Parameter path: as the log has it.
    func insert(_ path: String) { paths.withLock { _ = $0.insert(path) } }
    func remove(_ removed: some Sequence<String>) { paths.withLock { $0.subtract(removed) } }
    var all: Set<String> { paths.withLock { $0 } }
}
