/// Where a key goes: the two functions that Kafka's clients use.
public enum Partitioner {
    /// The Java client's choice: 32-bit murmur2 of the key, without its sign.
    ///
    /// - Parameter partitions: how many there are; more than 0.
    public static func murmur2(_ key: UnsafeRawBufferPointer, partitions: Int32) -> PartitionIndex {
        precondition(partitions > 0)
        return unsafe Int32(bitPattern: murmur2(key) & 0x7fff_ffff) % partitions
    }

    public static func murmur2(_ key: [UInt8], partitions: Int32) -> PartitionIndex {
        unsafe key.withUnsafeBytes { unsafe murmur2($0, partitions: partitions) }
    }

    /// librdkafka's `consistent`: CRC-32 (that of zlib) of the key.
    ///
    /// - Parameter partitions: how many there are; more than 0.
    public static func consistent(_ key: UnsafeRawBufferPointer, partitions: Int32) -> PartitionIndex {
        precondition(partitions > 0)
        return unsafe Int32(crc32(key) % UInt32(partitions))
    }

    public static func consistent(_ key: [UInt8], partitions: Int32) -> PartitionIndex {
        unsafe key.withUnsafeBytes { unsafe consistent($0, partitions: partitions) }
    }

    /// Murmur2, 32 bits, with Kafka's seed. Source: Austin Appleby's MurmurHash2.
    static func murmur2(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let multiplier: UInt32 = 0x5bd1_e995
        var hash = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
        let whole = bytes.count & ~3
        for start in stride(from: 0, to: whole, by: 4) {
            var word = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            word &*= multiplier
            word ^= word >> 24
            word &*= multiplier
            hash = (hash &* multiplier) ^ word
        }
        if whole < bytes.count {
            for place in whole..<bytes.count { hash ^= unsafe UInt32(bytes[place]) << UInt32(8 * (place - whole)) }
            hash &*= multiplier
        }
        hash ^= hash >> 13
        hash &*= multiplier
        return hash ^ (hash >> 15)
    }

    /// CRC-32 with the reflected polynomial 0xEDB88320.
    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc: UInt32 = 0xffff_ffff
        for place in 0..<bytes.count {
            crc ^= unsafe UInt32(bytes[place])
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
