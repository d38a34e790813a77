extension Bits {
    /// Up to 56 bits from `start`, lowest first, the rest 0. Never reads past `byteCount` bytes.
    @inlinable
    static func chunk(_ bits: UnsafeRawPointer, byteCount: Int, from start: Int, count: Int) -> UInt64 {
        let byte = start >> 3
        var word: UInt64 = 0
        if byte + 8 <= byteCount {
            word = unsafe bits.loadUnaligned(fromByteOffset: byte, as: UInt64.self)
        } else {
            for next in byte..<byteCount {
                word |= unsafe UInt64(bits.load(fromByteOffset: next, as: UInt8.self)) &<< UInt64((next - byte) * 8)
            }
        }
        return (word &>> UInt64(start & 7)) & ((1 &<< UInt64(count)) - 1)
    }

    /// Copies `count` bits into zeroed memory of which the bytes up to 8 behind the last bit may be written.
    static func copy(_ source: Buffer, from start: Int, count: Int, to target: UnsafeMutableRawPointer, at first: Int) {
        var done = 0
        while done < count {
            let step = min(56, count - done)
            let word = unsafe chunk(source.base, byteCount: source.byteCount, from: start + done, count: step)
            let place = first + done
            let byte = unsafe target + (place >> 3)
            let old = unsafe byte.loadUnaligned(as: UInt64.self)
            unsafe byte.storeBytes(of: old | (word &<< UInt64(place & 7)), as: UInt64.self)
            done += step
        }
    }

    /// Sets `count` bits in memory laid out as for `copy`.
    static func set(_ target: UnsafeMutableRawPointer, at first: Int, count: Int) {
        var done = 0
        while done < count {
            let step = min(56, count - done)
            let place = first + done
            let byte = unsafe target + (place >> 3)
            let old = unsafe byte.loadUnaligned(as: UInt64.self)
            let ones = ((UInt64(1) &<< UInt64(step)) - 1) &<< UInt64(place & 7)
            unsafe byte.storeBytes(of: old | ones, as: UInt64.self)
            done += step
        }
    }

    /// Zeros for `count` bits, with room for `copy` and `set` behind them.
    static func zeroed(_ count: Int) -> MutableBuffer {
        let bytes = (count + 7) >> 3
        var memory = MutableBuffer(byteCapacity: bytes + 16)
        memory.appendZeros(bytes + 16)
        memory.byteCount = bytes
        return memory
    }
}
