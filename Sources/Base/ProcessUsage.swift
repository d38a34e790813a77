internal import CHost

/// What this process has used of the machine so far.
public enum ProcessUsage {
    public static var residentBytes: Int { Int(chost_resident_bytes()) }
    public static var peakResidentBytes: Int { Int(chost_peak_resident_bytes()) }
    /// User and system time together.
    public static var cpuMicros: Int { Int(chost_cpu_micros()) }

    /// Has the C library keep few heaps, so that memory which one thread frees is there for the others. Call it first.
    public static func limitHeaps(_ count: Int = 2) { chost_limit_heaps(Int32(count)) }

    /// Lets the process have as many files open as the system allows it, instead of the few that it gives without being
    /// asked: every partition that grows has one, and every connection.
    ///
    /// - Parameter max: more than anybody needs; some systems allow any number and refuse one that is too large.
    /// - Returns: how many files may be open now.
    @discardableResult
    public static func raiseOpenFiles(max: Int = 1 << 20) -> Int { Int(chost_raise_open_files(UInt64(max))) }
}
