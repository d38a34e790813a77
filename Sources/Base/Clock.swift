internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The time of day as a value that is passed in, so that tests can move it by hand.
public protocol WallClock: Sendable {
    /// Microseconds since 1970-01-01 00:00 UTC.
    func nowMicros() -> Int64
}

/// The operating system's clock.
public struct SystemClock: WallClock {
    public init() {}

    public func nowMicros() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// The time since some moment, as a value that is passed in: for deadlines and waiting, which a correction of the time of
/// day must neither shorten nor prolong.
public protocol SteadyClock: Sendable {
    /// Microseconds since a moment that stays the same while the process lives.
    func elapsedMicros() -> Int64
}

/// The operating system's clock that is never set.
public struct MonotonicClock: SteadyClock {
    public init() {}

    public func elapsedMicros() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// A clock that stands still until it is moved.
public final class ManualClock: WallClock, SteadyClock {
    private let micros: Mutex<Int64>
    public init(micros: Int64 = 0) { self.micros = Mutex(micros) }
    public func nowMicros() -> Int64 { micros.withLock { $0 } }
    public func elapsedMicros() -> Int64 { nowMicros() }
    /// - Parameter step: may be negative, as where the time of day is set back.
    public func advance(micros step: Int64) { micros.withLock { $0 += step } }
}
