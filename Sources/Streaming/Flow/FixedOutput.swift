internal import Columnar

/// Room for `count` fixed-width values, filled by number and then turned into a buffer.
@safe
struct FixedOutput<Value: BitwiseCopyable>: ~Copyable {
    private var memory: MutableBuffer
    let base: UnsafeMutablePointer<Value>
    let count: Int

    init(count: Int) {
        memory = MutableBuffer(byteCapacity: count * MemoryLayout<Value>.stride)
        memory.byteCount = count * MemoryLayout<Value>.stride
        unsafe base = memory.start.bindMemory(to: Value.self, capacity: max(1, count))
        self.count = count
    }

    @inline(__always)
    subscript(row: Int) -> Value {
        get {
            assert(row >= 0 && row < count)
            return unsafe base[row]
        }
        nonmutating set {
            assert(row >= 0 && row < count)
            unsafe base[row] = newValue
        }
    }

    consuming func finish() -> Buffer { memory.finish() }
}

/// Bits to be set by number, all zero or all one at first.
@safe
struct BitOutput: ~Copyable {
    private var memory: MutableBuffer
    private let base: UnsafeMutablePointer<UInt8>
    let count: Int

    init(count: Int, ones: Bool = false) {
        let bytes = (count + 7) / 8
        memory = MutableBuffer(byteCapacity: bytes)
        memory.byteCount = bytes
        unsafe base = memory.start.bindMemory(to: UInt8.self, capacity: max(1, bytes))
        unsafe base.update(repeating: ones ? 0xff : 0, count: bytes)
        self.count = count
    }

    @inline(__always)
    func set(_ row: Int) {
        assert(row >= 0 && row < count)
        unsafe base[row >> 3] |= 1 &<< UInt8(truncatingIfNeeded: row & 7)
    }

    @inline(__always)
    func clear(_ row: Int) {
        assert(row >= 0 && row < count)
        unsafe base[row >> 3] &= ~(1 &<< UInt8(truncatingIfNeeded: row & 7))
    }

    @inline(__always)
    func get(_ row: Int) -> Bool { unsafe base[row >> 3] & (1 &<< UInt8(truncatingIfNeeded: row & 7)) != 0 }

    /// Keeps only the bits that are also set in `bits`, from bit `offset` on.
    func intersect(_ bits: Buffer, offset: Int) {
        if offset & 7 == 0 {
            let source = unsafe bits.base.assumingMemoryBound(to: UInt8.self) + (offset >> 3)
            for index in 0..<((count + 7) / 8) { unsafe base[index] &= source[index] }
        } else {
            for row in 0..<count where !Bits.get(bits, at: offset + row) { clear(row) }
        }
    }

    consuming func finish() -> Buffer { memory.finish() }
}

enum Nulls {
    /// The rows where every column has a value; nil where that is all rows.
    static func intersection(_ columns: [Column], count: Int) -> Buffer? {
        guard columns.contains(where: { $0.nullCount > 0 }) else { return nil }
        let bits = BitOutput(count: count, ones: true)
        for column in columns where column.nullCount > 0 {
            guard let validity = column.validity else { return .zeros((count + 7) / 8) }
            bits.intersect(validity, offset: column.offset)
        }
        return bits.finish()
    }
}
