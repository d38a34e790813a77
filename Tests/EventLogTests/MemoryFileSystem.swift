import Base
import Synchronization

@testable import EventLog

/// Files in memory that can be full, fail to sync, or lose what a killed machine would lose, all by a plan.
final class MemoryFileSystem: LogFileSystem {
    enum Operation: Equatable { case write, sync, syncDirectory, rename, remove, other }
    enum Fault {
        /// This many bytes are written, and no more.
        case diskFull(after: Int)
        case failedSync
        /// A change of names does not happen.
        case failed
        /// Nothing works from here on.
        case killed
    }

    final class Node: Sendable {
        struct Content {
            var current: [UInt8] = []
            var durable: [UInt8] = []
        }
        let content: Mutex<Content>
        init(_ bytes: [UInt8] = []) { content = Mutex(Content(current: bytes, durable: bytes)) }
    }

    struct State {
        var names: [String: Node] = [:]
        var durableNames: [String: Node] = [:]
        var folders: Set<String> = []
        var syncedFolders: [String] = []
        var operations = 0
        var isKilled = false
        var isLocked = false
        var plan: @Sendable (Operation, Int) -> Fault? = { _, _ in nil }
    }

    let state = Mutex(State())

    func setPlan(_ plan: @escaping @Sendable (Operation, Int) -> Fault?) { state.withLock { $0.plan = plan } }
    var operations: Int { state.withLock { $0.operations } }

    /// What stands on the disk after the power went: all that was synced, and a part of what was not.
    func afterCrash(seed: UInt64) -> MemoryFileSystem {
        var random = SplitMix64(seed: seed)
        let result = MemoryFileSystem()
        state.withLock { state in
            var keepsNames: [String: Bool] = [:]
            for path in Set(state.names.keys).union(state.durableNames.keys).sorted() {
                let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
                let keeps = keepsNames[folder] ?? Bool.random(using: &random)
                keepsNames[folder] = keeps
                guard let node = keeps ? state.names[path] : state.durableNames[path] else { continue }
                let bytes = node.content.withLock { content in
                    let added = content.current.dropFirst(content.durable.count)
                    let isAppend = content.current.starts(with: content.durable)
                    return isAppend
                        ? content.durable + added.prefix(Int.random(in: 0...added.count, using: &random))
                        : content.durable
                }
                result.state.withLock { state in
                    let kept = Node(bytes)
                    state.names[path] = kept
                    state.durableNames[path] = kept
                }
            }
            result.state.withLock { $0.folders = state.folders }
        }
        return result
    }

    func step(_ operation: Operation) throws(LogError) -> Fault? {
        let fault = state.withLock { state -> Fault? in
            state.operations += 1
            if state.isKilled { return .killed }
            let fault = state.plan(operation, state.operations)
            if case .killed = fault { state.isKilled = true }
            return fault
        }
        if case .killed = fault { throw .inputOutput(operation: "use", path: "disk", problem: "killed") }
        return fault
    }

    private func failing(_ operation: Operation, _ path: String) throws(LogError) {
        if case .failed = try step(operation) {
            throw .inputOutput(operation: "change", path: path, problem: "input/output error")
        }
    }

    func node(_ path: String) -> Node? { state.withLock { $0.names[path] } }

    func open(_ path: String, create: Bool) throws(LogError) -> any LogFile {
        _ = try step(.other)
        let node = state.withLock { state -> Node? in
            if let node = state.names[path] { return node }
            guard create else { return nil }
            let made = Node()
            state.names[path] = made
            return made
        }
        guard let node else { throw .inputOutput(operation: "open", path: path, problem: "no such file") }
        return MemoryFile(self, path, node)
    }

    func makeDirectory(_ path: String) throws(LogError) -> Bool {
        _ = try step(.other)
        return state.withLock { $0.folders.insert(path).inserted }
    }

    func list(_ path: String) throws(LogError) -> [String] {
        _ = try step(.other)
        return state.withLock { state in
            let inside = (Array(state.names.keys) + state.folders).filter { $0.hasPrefix(path + "/") }
            return Set(inside.map { String($0.dropFirst(path.count + 1).prefix { $0 != "/" }) }).sorted()
        }
    }

    func exists(_ path: String) -> Bool { state.withLock { $0.names[path] != nil || $0.folders.contains(path) } }

    /// The same for all files.
    func modifiedMillis(_ path: String) throws(LogError) -> Int64 { 7_000 }

    func rename(_ source: String, to target: String) throws(LogError) {
        try failing(.rename, target)
        state.withLock { state in
            if let node = state.names.removeValue(forKey: source) { state.names[target] = node }
            for path in state.names.keys where path.hasPrefix(source + "/") {
                state.names[target + path.dropFirst(source.count)] = state.names.removeValue(forKey: path)
            }
            for path in state.folders where path == source || path.hasPrefix(source + "/") {
                state.folders.remove(path)
                state.folders.insert(target + path.dropFirst(source.count))
            }
        }
    }

    func removeFile(_ path: String) throws(LogError) {
        try failing(.remove, path)
        state.withLock { $0.names[path] = nil }
    }

    func removeDirectory(_ path: String) throws(LogError) {
        try failing(.remove, path)
        state.withLock { state in
            for name in state.names.keys where name.hasPrefix(path + "/") { state.names[name] = nil }
            state.folders = state.folders.filter { $0 != path && !$0.hasPrefix(path + "/") }
        }
    }

    func syncDirectory(_ path: String) throws(LogError) {
        try failing(.syncDirectory, path)
        state.withLock { state in
            state.syncedFolders.append(path)
            func isInside(_ name: String) -> Bool { name.hasPrefix(path + "/") }
            state.durableNames = state.durableNames.filter { !isInside($0.key) }
            for (name, node) in state.names where isInside(name) { state.durableNames[name] = node }
        }
    }

    func lock(_ path: String) throws(LogError) -> any LogFile { try open(path, create: true) }
}

final class MemoryFile: LogFile {
    private let system: MemoryFileSystem
    private let path: String
    private let node: MemoryFileSystem.Node

    init(_ system: MemoryFileSystem, _ path: String, _ node: MemoryFileSystem.Node) {
        (self.system, self.path, self.node) = (system, path, node)
    }

    func size() throws(LogError) -> Int { node.content.withLock { $0.current.count } }

    func read(at position: Int, into target: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
        let bytes = node.content.withLock { Array($0.current.dropFirst(position).prefix(target.count)) }
        unsafe target.copyBytes(from: bytes)
        return bytes.count
    }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(LogError) {
        let fault = try system.step(.write)
        var count = bytes.count
        if case .diskFull(let after) = fault { count = min(after, count) }
        let part = unsafe Array(bytes.prefix(count))
        node.content.withLock { content in
            if content.current.count < position + part.count {
                content.current += [UInt8](repeating: 0, count: position + part.count - content.current.count)
            }
            content.current.replaceSubrange(position..<(position + part.count), with: part)
        }
        if case .diskFull = fault { throw .diskFull(path: path) }
    }

    func sync() throws(LogError) {
        if case .failedSync = try system.step(.sync) {
            throw .inputOutput(operation: "sync", path: path, problem: "input/output error")
        }
        node.content.withLock { $0.durable = $0.current }
    }

    func truncate(to size: Int) throws(LogError) {
        _ = try system.step(.other)
        node.content.withLock { content in
            content.current = Array(content.current.prefix(size))
        }
    }
}
