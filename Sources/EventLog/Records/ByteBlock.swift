/// Memory that is written once and then only read; freed with the last reference.
@safe
public final class ByteBlock: @unchecked Sendable {
    // Immutable after init, which is what makes sharing it between threads sound.
    private let memory: UnsafeMutableRawBufferPointer
    public let count: Int

    /// - Parameter fill: writes into the memory and returns how many of its bytes count.
    init(capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws(LogError) -> Int) throws(LogError) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 8)
        do throws(LogError) {
            count = try unsafe fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<capacity]))
        } catch {
            unsafe memory.deallocate()
            throw error
        }
        unsafe self.memory = memory
        precondition(count <= capacity)
    }

    /// The pieces one after another.
    init(joining pieces: ArraySlice<[UInt8]>) {
        count = pieces.reduce(0) { $0 + $1.count }
        unsafe memory = .allocate(byteCount: max(count, 1), alignment: 8)
        var filled = 0
        for piece in pieces {
            unsafe piece.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyMemory(from: source)
            }
            filled += piece.count
        }
    }

    deinit { unsafe memory.deallocate() }

    /// The bytes, valid for as long as this block is referenced.
    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: memory.baseAddress, count: count) }
}
