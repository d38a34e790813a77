internal import Base
internal import Synchronization

/// A store that breaks on purpose, for tests: the same seed and calls break in the same places.
///
/// Whatever it does, it keeps the promises of `ObjectStore`: writes are whole or absent, and an error never comes with
/// data. A write that fails with `unavailable` may have happened.
public final class FaultyObjectStore: ObjectStore {
    /// The store underneath, which never fails on purpose.
    public let wrapped: any ObjectStore
    private let plan: FaultPlan
    private let delay: @Sendable () -> Void

    private struct State {
        var random: SplitMix64
        var calls = 0
        var isArmed = true
        var isDead = false
        var faults = 0
    }
    private let state: Mutex<State>

    private enum Fault { case before, after, noSpace, shortRead }

    /// - Parameter delay: what a slow call does before it goes on.
    public init(_ wrapped: any ObjectStore, faults plan: FaultPlan, delay: @escaping @Sendable () -> Void = {}) {
        self.wrapped = wrapped
        self.plan = plan
        self.delay = delay
        state = Mutex(State(random: SplitMix64(seed: plan.seed)))
    }

    /// From now on nothing fails, and a crashed store answers again.
    public func heal() {
        state.withLock {
            $0.isArmed = false
            $0.isDead = false
        }
    }

    public func arm() { state.withLock { $0.isArmed = true } }
    /// How many calls failed on purpose so far.
    public var faultCount: Int { state.withLock { $0.faults } }

    private func draw(writes: Bool, reads: Bool, _ path: String) throws(StorageError) -> Fault? {
        let (fault, isSlow, isDead) = state.withLock { state -> (Fault?, Bool, Bool) in
            guard state.isArmed else { return (nil, false, false) }
            state.calls += 1
            if let limit = plan.crashesAfterCalls, state.calls > limit { state.isDead = true }
            if state.isDead { return (nil, false, true) }
            let isSlow = Int(state.random.next() % 1000) < plan.slow
            var dice = Int(state.random.next() % 1000)
            var fault: Fault?
            for (kind, rate, applies) in [
                (Fault.before, plan.failsBefore, true), (.after, plan.failsAfter, writes),
                (.noSpace, plan.noSpace, writes), (.shortRead, plan.shortReads, reads),
            ] where fault == nil && applies {
                if dice < rate { fault = kind }
                dice -= rate
            }
            if fault != nil { state.faults += 1 }
            return (fault, isSlow, false)
        }
        if isDead { throw .unavailable(path: path, reason: "the process has died") }
        if isSlow { delay() }
        if fault == .before { throw .unavailable(path: path, reason: "connection refused") }
        return fault
    }

    private func write(_ path: String, _ effect: () throws(StorageError) -> Void) throws(StorageError) {
        switch try draw(writes: true, reads: false, path) {
        case .noSpace: throw .noSpace(path: path, neededBytes: nil, freeBytes: 0)
        case .after:
            try effect()
            throw .unavailable(path: path, reason: "connection lost before the answer")
        default: try effect()
        }
    }

    private func read<Value>(_ path: String, _ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        if case .shortRead = try draw(writes: false, reads: true, path) {
            throw .shortRead(path: path, expected: 1, found: 0)
        }
        return try body()
    }

    public func put(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        try write(path) { () throws(StorageError) in try wrapped.put(path, bytes) }
    }

    public func put(_ path: String, movingFile file: String) throws(StorageError) {
        try write(path) { () throws(StorageError) in try wrapped.put(path, movingFile: file) }
    }

    public func putIfAbsent(_ path: String, _ bytes: [UInt8]) throws(StorageError) {
        try write(path) { () throws(StorageError) in try wrapped.putIfAbsent(path, bytes) }
    }

    public func get(_ path: String) throws(StorageError) -> [UInt8] {
        try read(path) { () throws(StorageError) in try wrapped.get(path) }
    }

    public func get(_ path: String, range: Range<Int>) throws(StorageError) -> [UInt8] {
        try read(path) { () throws(StorageError) in try wrapped.get(path, range: range) }
    }

    public func head(_ path: String) throws(StorageError) -> ObjectMetadata {
        try read(path) { () throws(StorageError) in try wrapped.head(path) }
    }

    public func list(prefix: String, startAfter: String?) throws(StorageError) -> [ObjectMetadata] {
        try read(prefix) { () throws(StorageError) in try wrapped.list(prefix: prefix, startAfter: startAfter) }
    }

    public func delete(_ path: String) throws(StorageError) {
        try write(path) { () throws(StorageError) in try wrapped.delete(path) }
    }

    public func copy(_ source: String, to destination: String) throws(StorageError) {
        try write(destination) { () throws(StorageError) in try wrapped.copy(source, to: destination) }
    }

    public func stagingFile() throws(StorageError) -> String { try wrapped.stagingFile() }

    public func localFile(_ path: String) throws(StorageError) -> LocalFile {
        try read(path) { () throws(StorageError) in try wrapped.localFile(path) }
    }

    @discardableResult
    public func removeStagedFiles(olderThanMicros: Int64) throws(StorageError) -> Int {
        try wrapped.removeStagedFiles(olderThanMicros: olderThanMicros)
    }

    public func location(_ path: String) -> String { wrapped.location(path) }
}
