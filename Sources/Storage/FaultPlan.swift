/// How often a `FaultyObjectStore` fails, and in which way; everything follows from the seed.
public struct FaultPlan: Sendable {
    public var seed: UInt64
    /// Of a thousand calls, how many fail before anything happened.
    public var failsBefore: Int
    /// Of a thousand writes, how many take effect and then fail.
    public var failsAfter: Int
    /// Of a thousand writes, how many find the disk full.
    public var noSpace: Int
    /// Of a thousand reads, how many come incomplete.
    public var shortReads: Int
    /// Of a thousand calls, how many take long.
    public var slow: Int
    /// After this many calls the store is gone, as if the process had died; nil for never.
    public var crashesAfterCalls: Int?

    public init(
        seed: UInt64, failsBefore: Int = 30, failsAfter: Int = 30, noSpace: Int = 15, shortReads: Int = 15,
        slow: Int = 20, crashesAfterCalls: Int? = nil
    ) {
        self.seed = seed
        (self.failsBefore, self.failsAfter, self.noSpace) = (failsBefore, failsAfter, noSpace)
        (self.shortReads, self.slow, self.crashesAfterCalls) = (shortReads, slow, crashesAfterCalls)
    }
}
