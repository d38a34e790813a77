/// Where the sources may read a clock or make randomness themselves. Everything else takes both as values, so that a
/// test can run a year in a second and replay any run from its seed (a parameter's default value is such a taking).
enum TimeAndChance {
    /// What the scan looks for.
    static let readings = [
        "Date()", "Date.now", "clock_gettime", "gettimeofday", "SystemClock()", "MonotonicClock()", "ContinuousClock",
        "SuspendingClock",
        "DispatchTime.now", "DispatchWallTime.now", "CFAbsoluteTimeGetCurrent", "mach_absolute_time", ".random(",
        "UUID()",
        "SystemRandomNumberGenerator", "arc4random", "getrandom", ".randomElement()", ".shuffled()", ".shuffle()",
    ]

    /// Reviewed: a file, the readings it may hold, and why that does no harm.
    static let allowed: [(file: String, readings: Set<String>, reason: String)] = [
        ("Sources/Base/Clock.swift", ["clock_gettime"], "is the operating system's clock"),
        (
            "Sources/EventLog/DurableLog.swift", ["DispatchTime.now"],
            "how long a thread sleeps between two rounds of retention"
        ),
        ("Sources/Storage/LocalObjectStore.swift", ["clock_gettime"], "how long to wait for a lock of another process"),
        (
            "Sources/Servers/KafkaServer/KafkaService.swift", ["ContinuousClock"],
            "how long shutdown waits for open requests"
        ),
        ("Sources/Servers/KafkaServer/GroupService.swift", [".random("], "names of group members need only be new"),
        ("Sources/Lake/Identifiers.swift", ["SystemRandomNumberGenerator"], "names of files need only be new"),
        (
            "Sources/Streaming/Run/StreamJob.swift", ["MonotonicClock()"],
            "how long a caller waits for a job; no row depends on it"
        ),
        ("Sources/Streaming/Run/Mailbox.swift", ["clock_gettime"], "when a wait on a condition variable gives up"),
    ]

    /// The program's ends, where the clock and the randomness that everything else is given are made.
    static let makers = ["Sources/Platform/", "Sources/gariep/"]
}
