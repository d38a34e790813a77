internal import CHost

/// What this process has used of the machine so far.
public enum ProcessUsage {
    public static var residentBytes: Int { Int(chost_resident_bytes()) }
    public static var peakResidentBytes: Int { Int(chost_peak_resident_bytes()) }
    /// User and system time together.
    public static var cpuMicros: Int { Int(chost_cpu_micros()) }
}
