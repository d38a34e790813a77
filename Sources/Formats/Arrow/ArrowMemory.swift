internal import CArrow

/// The memory that the Arrow library holds for readers, writers and the batches they gave.
public enum ArrowMemory {
    public static var heldBytes: Int { Int(carrow_memory_bytes()) }
    public static var peakBytes: Int { Int(carrow_memory_peak_bytes()) }

    /// Bounds what readers and writers opened from now on may hold together; nil takes the bound away.
    ///
    /// Over it, reading and writing throw `FormatsError.outOfMemory`. To be set when the program starts.
    public static func limit(bytes: Int?) { carrow_memory_limit(Int64(bytes ?? 0)) }
    public static var libraryVersion: String { unsafe String(cString: carrow_version()) }
}
