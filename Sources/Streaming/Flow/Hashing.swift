/// A fast hash of bytes that never changes: it places keys in key groups, and so in stored state.
///
/// Multiply and fold, eight bytes at a time, after Wang Yi's wyhash.
enum Hashing {
    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    static func hash(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: count)
        var position = 0
        while position + 16 <= count {
            let first = unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let second = unsafe bytes.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self)
            state = fold(first ^ 0xa076_1d64_78bd_642f, second ^ state)
            position += 16
        }
        if position + 8 <= count {
            state = fold(
                unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ 0xe703_7ed1_a0b4_28db, state)
            position += 8
        }
        if position < count {
            var last: UInt64 = 0
            while position < count {
                last = last << 8 | UInt64(unsafe bytes.load(fromByteOffset: position, as: UInt8.self))
                position += 1
            }
            state = fold(last ^ 0x8ebc_6af0_9c88_c6e3, state)
        }
        return fold(state ^ 0x5899_65cc_7537_4cc3, 0x1d8e_4e27_c47d_124f)
    }

    static func hash(_ bytes: [UInt8]) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe $0.baseAddress.map { base in unsafe hash(base, bytes.count) } ?? 0 }
    }
}

/// State is divided by the hash of its key into groups, and groups among workers, so that it can be restored at any
/// number of workers up to the number of groups.
enum KeyGroups {
    static let count = 128

    @inline(__always)
    static func group(ofHash hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 57) }

    @inline(__always)
    static func worker(ofGroup group: Int, workers: Int) -> Int { group * workers / count }

    static func groups(ofWorker worker: Int, workers: Int) -> [Int] {
        (0..<count).filter { self.worker(ofGroup: $0, workers: workers) == worker }
    }
}
