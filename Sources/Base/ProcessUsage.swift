internal import CHost

/// What this process has used of the machine so far.
public enum ProcessUsage {
    public static var residentBytes: Int { Int(chost_resident_bytes()) }
    public static var peakResidentBytes: Int { Int(chost_peak_resident_bytes()) }
    /// User and system time together.
    public static var cpuMicros: Int { Int(chost_cpu_micros()) }

    /// Has the C library keep few heaps, so that memory which one thread frees is there for the others. Call it first.
    public static func limitHeaps(_ count: Int = 2) { chost_limit_heaps(Int32(count)) }
}
