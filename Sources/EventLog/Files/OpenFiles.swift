internal import Synchronization

/// Which files of closed segments are open: so many, the one that was not used for longest closes first.
final class OpenFiles: Sendable {
    private struct Use {
        weak var file: SegmentFile?
        var turn: UInt64
    }

    private struct State {
        var uses: [ObjectIdentifier: Use] = [:]
        var turns: UInt64 = 0
    }

    private let max: Int
    private let state = Mutex(State())

    /// - Parameter max: how many may be open, at least one.
    init(max: Int) { self.max = Swift.max(1, max) }

    var count: Int { state.withLock { $0.uses.count } }

    /// Takes note that a file is open and used now.
    func used(_ file: SegmentFile) {
        let oldest = state.withLock { state -> SegmentFile? in
            state.turns += 1
            state.uses[ObjectIdentifier(file)] = Use(file: file, turn: state.turns)
            guard state.uses.count > max, let oldest = state.uses.min(by: { $0.value.turn < $1.value.turn }) else {
                return nil
            }
            state.uses[oldest.key] = nil
            return oldest.value.file
        }
        oldest?.close()
    }

    func forget(_ file: SegmentFile) { forget(ObjectIdentifier(file)) }
    func forget(_ file: ObjectIdentifier) { state.withLock { $0.uses[file] = nil } }
}

/// A segment's file: open all the time while the segment grows, and when it is read afterwards.
final class SegmentFile: LogFile {
    private struct State {
        var file: (any LogFile)?
        /// Whether the segment grows: what is written and not yet synced belongs to this descriptor.
        var isActive: Bool
    }

    private let path: String
    private let fileSystem: any LogFileSystem
    private let openFiles: OpenFiles
    private let state: Mutex<State>

    /// The file of a closed segment, which is opened when it is needed.
    init(path: String, fileSystem: any LogFileSystem, openFiles: OpenFiles) {
        (self.path, self.fileSystem, self.openFiles) = (path, fileSystem, openFiles)
        state = Mutex(State(file: nil, isActive: false))
    }

    /// The file of a segment that grows, made where there is none.
    init(creating path: String, fileSystem: any LogFileSystem, openFiles: OpenFiles) throws(LogError) {
        (self.path, self.fileSystem, self.openFiles) = (path, fileSystem, openFiles)
        state = Mutex(State(file: try fileSystem.open(path, create: true), isActive: true))
    }

    deinit { openFiles.forget(ObjectIdentifier(self)) }

    /// The segment grows from here on.
    func activate() throws(LogError) {
        let file = try current()
        state.withLock { $0 = State(file: file, isActive: true) }
        openFiles.forget(self)
    }

    /// The segment is closed, and all of it is synced.
    func deactivate() {
        state.withLock { $0.isActive = false }
        openFiles.used(self)
    }

    /// Lets the descriptor go, as soon as those who read have done so.
    fileprivate func close() {
        let closed = state.withLock { state -> (any LogFile)? in
            guard !state.isActive else { return nil }
            defer { state.file = nil }
            return state.file
        }
        withExtendedLifetime(closed) {}
    }

    private func current() throws(LogError) -> any LogFile {
        let (known, isActive) = state.withLock { ($0.file, $0.isActive) }
        if isActive, let known { return known }
        let file: any LogFile
        if let known { file = known } else { file = try fileSystem.open(path, create: false) }
        let kept = state.withLock { state in
            state.file = state.file ?? file
            return state.file ?? file
        }
        openFiles.used(self)
        return kept
    }

    func size() throws(LogError) -> Int { try current().size() }
    func read(at position: Int, into target: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
        try unsafe current().read(at: position, into: target)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(LogError) {
        try unsafe current().write(bytes, at: position)
    }
    func sync() throws(LogError) { try current().sync() }
    func truncate(to size: Int) throws(LogError) { try current().truncate(to: size) }
}
