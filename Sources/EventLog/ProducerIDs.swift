internal import Synchronization

/// Hands out producer ids, a block at a time: the file says where the next block begins.
final class ProducerIDs: Sendable {
    private struct State {
        var next: Int64
        var end: Int64
    }

    private static let blockSize: Int64 = 1000
    private let path: String
    private let fileSystem: any LogFileSystem
    private let state: Mutex<State>

    init(path: String, fileSystem: any LogFileSystem) throws(LogError) {
        (self.path, self.fileSystem) = (path, fileSystem)
        var next: Int64 = 0
        if let bytes = try fileSystem.readAll(path) {
            guard let stored = Int64(String(decoding: bytes, as: UTF8.self)), stored >= 0 else {
                throw .corruptMetadata(path: path, problem: "no number stands in it")
            }
            next = stored
        }
        state = Mutex(State(next: next, end: next))
    }

    func next() throws(LogError) -> Int64 {
        try state.withLock { state throws(LogError) in
            if state.next == state.end {
                try fileSystem.writeAtomically(Array(String(state.end + Self.blockSize).utf8), to: path)
                state.end += Self.blockSize
            }
            defer { state.next += 1 }
            return state.next
        }
    }
}
