internal import CSystem

/// What this process has used of the machine so far.
public enum ProcessUsage {
    public static var residentBytes: Int { Int(csystem_resident_bytes()) }
    public static var peakResidentBytes: Int { Int(csystem_peak_resident_bytes()) }
    /// User and system time together.
    public static var cpuMicros: Int { Int(csystem_cpu_micros()) }
}
