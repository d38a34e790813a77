internal import Dispatch
internal import Foundation
internal import Synchronization

/// Waits for SIGINT, SIGTERM or SIGHUP; a second SIGINT or SIGTERM ends the process at once.
final class StopSignals: Sendable {
    private struct State {
        var isStopped = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Sendable: a source may be used from any thread.
    private struct Held: @unchecked Sendable { let source: any DispatchSourceSignal }

    private let state = Mutex(State())
    /// A source that nobody holds hears nothing.
    private let sources = Mutex<[Held]>([])

    init() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = signal(number, SIG_IGN)
            // Under nohup the end of the terminal means nothing.
            if number == SIGHUP, unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                continue
            }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in self?.stop(number) }
            source.resume()
            let held = Held(source: source)
            sources.withLock { $0.append(held) }
        }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    private func stop(_ number: Int32) {
        let (second, waiters) = state.withLock { state in
            defer {
                state.isStopped = true
                state.waiters = []
            }
            return (state.isStopped, state.waiters)
        }
        // A terminal that closes says so more than once: from the shell and from the system.
        if second, number != SIGHUP { exit(128 + number) }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once a signal has come.
    func wait() async {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state in
                if !state.isStopped { state.waiters.append(continuation) }
                return state.isStopped
            }
            if now { continuation.resume() }
        }
    }
}
