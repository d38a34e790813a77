/// Finds the slot of a key: a hash table with open addressing over encoded keys.
///
/// An entry is 8 bytes: the upper half of the hash and the slot plus one; 0 is free. Keys lie in memory of their own,
/// one allocation a key, made when the key is first seen; looking up allocates nothing.
@safe
final class KeyTable {
    private var entries: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private(set) var count = 0
    /// Bytes of all keys.
    private(set) var keyBytes = 0
    private var keys: SlotArray<UnsafeMutableRawPointer?>
    private let lengths = SlotArray<Int32>(0)
    private let hashes = SlotArray<UInt64>(0)
    private var free: [Int32] = []
    /// Slots are numbered below this.
    private(set) var slotCount = 0

    init() {
        mask = 1023
        unsafe entries = .allocate(capacity: 1024)
        unsafe entries.update(repeating: 0, count: 1024)
        unsafe keys = SlotArray(nil)
    }

    deinit {
        for slot in 0..<slotCount { unsafe keys[Int32(slot)]?.deallocate() }
        unsafe entries.deallocate()
    }

    @inline(__always)
    func key(_ slot: Int32) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: keys[slot], count: Int(lengths[slot]))
    }

    @inline(__always)
    func hash(_ slot: Int32) -> UInt64 { hashes[slot] }

    /// The key's slot, or -1.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Int32 {
        var index = Int(truncatingIfNeeded: hash) & mask
        let tag = hash & 0xffff_ffff_0000_0000
        let length = key.count
        while true {
            let entry = unsafe entries[index]
            if entry == 0 { return -1 }
            if entry & 0xffff_ffff_0000_0000 == tag {
                let slot = Int32(truncatingIfNeeded: entry & 0xffff_ffff) - 1
                if Int(lengths[slot]) == length,
                    unsafe KeyTable.same(keys[slot].unsafelyUnwrapped, key.baseAddress.unsafelyUnwrapped, length)
                {
                    return slot
                }
            }
            index = (index + 1) & mask
        }
    }

    /// Adds a key that is not there.
    func insert(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Int32 {
        if (count + 1) * 2 > mask + 1 { grow() }
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = Int32(slotCount)
            slotCount += 1
            unsafe keys.ensure(slotCount)
            lengths.ensure(slotCount)
            hashes.ensure(slotCount)
        }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, key.count), alignment: 8)
        if let source = key.baseAddress { unsafe memory.copyMemory(from: source, byteCount: key.count) }
        unsafe keys[slot] = memory
        lengths[slot] = Int32(key.count)
        hashes[slot] = hash
        place(slot, hash)
        count += 1
        keyBytes += key.count
        return slot
    }

    func remove(_ slot: Int32) {
        let hash = hashes[slot]
        var index = Int(truncatingIfNeeded: hash) & mask
        let entry = hash & 0xffff_ffff_0000_0000 | UInt64(UInt32(slot + 1))
        while unsafe entries[index] != entry { index = (index + 1) & mask }
        // Closes the gap, so that no search ends too early (Knuth, volume 3, 6.4, algorithm R).
        var gap = index
        var next = (index + 1) & mask
        while true {
            let candidate = unsafe entries[next]
            if candidate == 0 { break }
            let home = Int(truncatingIfNeeded: hashes[Int32(truncatingIfNeeded: candidate & 0xffff_ffff) - 1]) & mask
            if (next - home) & mask >= (next - gap) & mask {
                unsafe entries[gap] = candidate
                gap = next
            }
            next = (next + 1) & mask
        }
        unsafe entries[gap] = 0
        unsafe keys[slot]?.deallocate()
        unsafe keys[slot] = nil
        keyBytes -= Int(lengths[slot])
        count -= 1
        free.append(slot)
    }

    private func place(_ slot: Int32, _ hash: UInt64) {
        var index = Int(truncatingIfNeeded: hash) & mask
        while unsafe entries[index] != 0 { index = (index + 1) & mask }
        unsafe entries[index] = hash & 0xffff_ffff_0000_0000 | UInt64(UInt32(slot + 1))
    }

    private func grow() {
        let (old, oldCount) = unsafe (entries, mask + 1)
        mask = oldCount * 2 - 1
        unsafe entries = .allocate(capacity: oldCount * 2)
        unsafe entries.update(repeating: 0, count: oldCount * 2)
        for index in 0..<oldCount {
            let entry = unsafe old[index]
            if entry != 0 {
                let slot = Int32(truncatingIfNeeded: entry & 0xffff_ffff) - 1
                place(slot, hashes[slot])
            }
        }
        unsafe old.deallocate()
    }

    @inline(__always)
    private static func same(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ length: Int) -> Bool {
        var position = 0
        while position + 8 <= length {
            if unsafe left.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                != right.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            {
                return false
            }
            position += 8
        }
        while position < length {
            if unsafe left.load(fromByteOffset: position, as: UInt8.self)
                != right.load(fromByteOffset: position, as: UInt8.self)
            {
                return false
            }
            position += 1
        }
        return true
    }
}

/// One value a slot, growing with the slots.
@safe
final class SlotArray<Value: BitwiseCopyable> {
    private let initial: Value
    private(set) var base: UnsafeMutablePointer<Value>
    private(set) var capacity: Int

    init(_ initial: Value) {
        self.initial = initial
        capacity = 64
        unsafe base = .allocate(capacity: 64)
        unsafe base.initialize(repeating: initial, count: 64)
    }

    deinit { unsafe base.deallocate() }

    @inline(__always)
    subscript(slot: Int32) -> Value {
        get {
            assert(slot >= 0 && Int(slot) < capacity)
            return unsafe base[Int(slot)]
        }
        set {
            assert(slot >= 0 && Int(slot) < capacity)
            unsafe base[Int(slot)] = newValue
        }
    }

    func ensure(_ count: Int) {
        guard count > capacity else { return }
        let larger = max(count, capacity * 2)
        let moved = UnsafeMutablePointer<Value>.allocate(capacity: larger)
        unsafe moved.update(from: base, count: capacity)
        unsafe (moved + capacity).initialize(repeating: initial, count: larger - capacity)
        unsafe base.deallocate()
        unsafe base = moved
        capacity = larger
    }

    func reset(_ slot: Int32) { self[slot] = initial }
}
