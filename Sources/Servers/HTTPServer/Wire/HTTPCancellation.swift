internal import Synchronization

/// Says that nobody waits for an answer any more: its client has gone, or the server stops.
public final class HTTPCancellation: Sendable {
    private struct State {
        var isCancelled = false
        var next = 0
        var handlers: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Runs `body`; if the answer is cancelled before its end, or was before its begin, calls `handler` once.
    public func handling<Result>(_ handler: @escaping @Sendable () -> Void, _ body: () throws -> Result) rethrows
        -> Result
    {
        let number = state.withLock { state -> Int? in
            guard !state.isCancelled else { return nil }
            state.next += 1
            state.handlers[state.next] = handler
            return state.next
        }
        if number == nil { handler() }
        defer { if let number { state.withLock { $0.handlers[number] = nil } } }
        return try body()
    }

    public func cancel() {
        let handlers = state.withLock { state in
            state.isCancelled = true
            defer { state.handlers = [:] }
            return Array(state.handlers.values)
        }
        for handler in handlers { handler() }
    }
}
