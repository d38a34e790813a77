internal import Dispatch
internal import Synchronization

/// Something that gathers writes and makes them durable when the flusher comes by.
protocol Flushable: AnyObject, Sendable {
    /// Writes all that has gathered.
    func writePending()
    /// Makes what was written durable and tells those who wait for it.
    func syncWritten()
}

/// The one thread that writes: while it syncs, the next appends gather, and share the next sync.
final class Flusher: Sendable {
    private struct State {
        var waiting: [any Flushable] = []
        var isScheduled = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "gariep.eventlog.flusher", qos: .userInitiated)

    /// Asks for a flush. The caller sees to it that it asks once for all that has gathered.
    func enqueue(_ flushable: any Flushable) {
        let schedule = state.withLock { state in
            state.waiting.append(flushable)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedule { queue.async { self.drain() } }
    }

    private func drain() {
        let work = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for flushable in work { flushable.writePending() }
        for flushable in work { flushable.syncWritten() }
        let again = state.withLock { state in
            state.isScheduled = !state.waiting.isEmpty
            return state.isScheduled
        }
        // A round at a time, so that housekeeping gets its turn under load.
        if again { queue.async { self.drain() } }
    }

    /// Runs on the flusher's thread, between flushes, and returns when done.
    func perform(_ work: @Sendable () -> Void) { queue.sync(execute: work) }
}
