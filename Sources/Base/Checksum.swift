internal import CHost

/// CRC-32C (Castagnoli), as Kafka's record batches carry it.
public enum CRC32C {
    /// - Parameter crc: the checksum of the bytes before these; 0 to begin.
    public static func checksum(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
        unsafe chost_crc32c(crc, bytes.baseAddress, bytes.count)
    }

    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe checksum($0) }
    }
}
