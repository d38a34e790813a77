internal import Base

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A lock and a condition to wait on with a deadline: what `Mutex` does not offer.
@safe
final class Monitor: @unchecked Sendable {
    // Sendable: the two are made for use by many threads and never move.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe lock = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(lock, nil)
        #if canImport(Glibc)
            // Waits end by the clock that is never set.
            var attributes = pthread_condattr_t()
            unsafe pthread_condattr_init(&attributes)
            unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            unsafe pthread_cond_init(condition, &attributes)
            unsafe pthread_condattr_destroy(&attributes)
        #else
            unsafe pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(lock)
        unsafe condition.deallocate()
        unsafe lock.deallocate()
    }

    func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return try body()
    }

    /// Call with the lock held. Returns when signalled, after `micros`, or for no reason at all.
    func wait(micros: Int64?) {
        guard let micros else {
            unsafe pthread_cond_wait(condition, lock)
            return
        }
        var time = timespec()
        #if canImport(Glibc)
            unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        let nanos = Int64(time.tv_nsec) + min(micros, 3_600_000_000) * 1_000
        time.tv_sec += Int(nanos / 1_000_000_000)
        time.tv_nsec = Int(nanos % 1_000_000_000)
        #if canImport(Glibc)
            unsafe pthread_cond_timedwait(condition, lock, &time)
        #else
            unsafe pthread_cond_timedwait_relative_np(condition, lock, &time)
        #endif
    }

    func signal() { unsafe pthread_cond_broadcast(condition) }
}

/// What waits for a worker. Putting never blocks.
final class Mailbox: @unchecked Sendable {
    // Sendable: everything is read and written with the monitor's lock held.
    private let monitor = Monitor()
    private var messages: [Message] = []
    private var rows = 0
    private var woken = false
    /// The owner sleeps and has nothing to do.
    private var resting = false
    /// Counts what happened, so that two looks can tell that nothing did in between.
    private var activity: UInt64 = 0

    func put(_ message: Message) {
        monitor.locked {
            messages.append(message)
            if case .rows(let changes) = message.content { rows += changes.count }
            (resting, activity) = (false, activity &+ 1)
            monitor.signal()
        }
    }

    func wake() {
        monitor.locked {
            (woken, resting, activity) = (true, false, activity &+ 1)
            monitor.signal()
        }
    }

    var waitingRows: Int { monitor.locked { rows } }

    func takeAll() -> [Message] {
        monitor.locked {
            woken = false
            rows = 0
            defer { messages = [] }
            return messages
        }
    }

    /// Sleeps until something comes, or for `micros`.
    ///
    /// - Parameter resting: whether the owner has nothing left to do.
    func wait(micros: Int64?, resting isResting: Bool) {
        monitor.locked {
            guard messages.isEmpty, !woken else { return }
            resting = isResting
            monitor.wait(micros: micros)
        }
    }

    /// Whether the owner rests, and how much has happened so far.
    var rest: (resting: Bool, activity: UInt64) { monitor.locked { (resting && messages.isEmpty && !woken, activity) } }
}

/// A thread of the operating system that runs one closure.
@safe
final class WorkerThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    private var handle: pthread_t

    /// - Throws: where the system has no thread to give.
    init(_ run: @escaping @Sendable () -> Void) throws {
        handle = pthread_t()
        let body = unsafe Unmanaged.passRetained(Body(run))
        let status = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        if status != 0 {
            unsafe body.release()
            throw StreamingError.storage(operation: "start a thread", problem: "error \(status)")
        }
    }

    func join() { pthread_join(handle, nil) }
}
