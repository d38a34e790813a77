/// Bytes that nobody changes any more, 64-byte aligned unless they come from outside, counted once a buffer.
///
/// A buffer is either memory of ours or memory of a library that `owner` keeps alive.
@safe
public final class Buffer: @unchecked Sendable {
    // Sendable: the bytes are never written once a Buffer exists.
    public let base: UnsafeRawPointer
    public let byteCount: Int
    private let allocation: UnsafeMutableRawPointer?
    private let owner: AnyObject?

    /// Takes over memory that was made with `UnsafeMutableRawPointer.allocate`.
    @usableFromInline
    init(adopting memory: UnsafeMutableRawPointer, byteCount: Int) {
        unsafe base = UnsafeRawPointer(memory)
        self.byteCount = byteCount
        unsafe allocation = memory
        owner = nil
    }

    /// Borrows memory that lives as long as `owner`.
    public init(foreign memory: UnsafeRawPointer, byteCount: Int, owner: AnyObject) {
        unsafe base = memory
        self.byteCount = byteCount
        unsafe allocation = nil
        self.owner = owner
    }

    deinit { unsafe allocation?.deallocate() }

    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: byteCount) }

    /// A buffer of `byteCount` zeros.
    public static func zeros(_ byteCount: Int) -> Buffer {
        var memory = MutableBuffer(byteCapacity: byteCount)
        memory.appendZeros(byteCount)
        return memory.finish()
    }

    /// A copy of `values`.
    public static func of<Value: BitwiseCopyable>(_ values: [Value]) -> Buffer {
        var memory = MutableBuffer(byteCapacity: values.count * MemoryLayout<Value>.stride)
        unsafe values.withUnsafeBytes { unsafe memory.append($0) }
        return memory.finish()
    }
}

/// Memory that is being filled; `finish()` turns it into a `Buffer` without a copy.
@frozen @safe
public struct MutableBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    public var byteCount: Int

    /// Arrow asks for 64 bytes: a cache line, and the widest vector registers.
    public static var alignment: Int { 64 }

    public init(byteCapacity: Int = 0) {
        capacity = max(64, (byteCapacity + 63) & ~63)
        unsafe base = .allocate(byteCount: capacity, alignment: MutableBuffer.alignment)
        byteCount = 0
    }

    deinit { unsafe base.deallocate() }

    @inlinable public var start: UnsafeMutableRawPointer { unsafe base }

    /// Makes room for `more` bytes behind those written.
    @inlinable
    public mutating func reserve(_ more: Int) {
        if byteCount + more > capacity { grow(to: byteCount + more) }
    }

    @usableFromInline
    mutating func grow(to needed: Int) {
        let larger = max((needed + 63) & ~63, capacity * 2)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: MutableBuffer.alignment)
        unsafe moved.copyMemory(from: base, byteCount: byteCount)
        unsafe base.deallocate()
        unsafe base = moved
        capacity = larger
    }

    @inlinable
    public mutating func append<Value: BitwiseCopyable>(_ value: Value) {
        reserve(MemoryLayout<Value>.stride)
        unsafe (base + byteCount).storeBytes(of: value, as: Value.self)
        byteCount += MemoryLayout<Value>.stride
    }

    @inlinable
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        unsafe (base + byteCount).copyMemory(from: source, byteCount: bytes.count)
        byteCount += bytes.count
    }

    public mutating func appendZeros(_ count: Int) {
        reserve(count)
        unsafe (base + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: count)
        byteCount += count
    }

    public consuming func finish() -> Buffer {
        let buffer = unsafe Buffer(adopting: base, byteCount: byteCount)
        discard self
        return buffer
    }
}
