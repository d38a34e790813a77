/// How long to wait before something that failed is tried again: twice as long each time, up to a limit.
public struct Backoff: Sendable, Hashable {
    public let firstMicros: Int64
    public let longestMicros: Int64

    public init(firstMicros: Int64 = 1_000_000, longestMicros: Int64 = 300_000_000) {
        self.firstMicros = firstMicros
        self.longestMicros = longestMicros
    }

    /// - Parameter failures: in a row, at least 1.
    public func wait(after failures: Int) -> Int64 {
        let (wait, overflow) = firstMicros.multipliedReportingOverflow(by: 1 << min(failures - 1, 40))
        return overflow ? longestMicros : min(wait, longestMicros)
    }
}

/// When something that should always run is started again after it failed. A run that lasted shows that the cause has
/// gone, so the next failure counts as the first.
public struct Restarts: Sendable, Hashable {
    public let backoff: Backoff
    /// How long a run must last to count as a good one.
    public let goodMicros: Int64
    private var failures = 0

    public init(
        backoff: Backoff = Backoff(firstMicros: 500_000, longestMicros: 30_000_000), goodMicros: Int64 = 60_000_000
    ) {
        self.backoff = backoff
        self.goodMicros = goodMicros
    }

    /// A run has failed.
    ///
    /// - Parameter ranMicros: how long it had run.
    /// - Returns: how long to wait before the next, in microseconds.
    public mutating func failed(ranMicros: Int64) -> Int64 {
        failures = ranMicros >= goodMicros ? 1 : failures + 1
        return backoff.wait(after: failures)
    }
}
