internal import CCompression

/// How a batch's records are compressed; the number stands in the lowest three bits of the batch's attributes.
public enum CompressionCodec: UInt8, Sendable, CaseIterable {
    case none = 0
    case gzip = 1
    case snappy = 2
    case lz4 = 3
    case zstd = 4
}

/// Memory that is used again from batch to batch.
@safe
final class ScratchBuffer {
    private(set) var memory: UnsafeMutableRawBufferPointer = .allocate(byteCount: 1, alignment: 8)
    deinit { unsafe memory.deallocate() }

    /// Makes room for at least `count` bytes; what was inside is gone.
    func reserve(_ count: Int) {
        guard unsafe count > memory.count else { return }
        unsafe memory.deallocate()
        unsafe memory = .allocate(byteCount: count, alignment: 8)
    }

    func prefix(_ count: Int) -> UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }
}

extension CompressionCodec {
    /// The most that one batch may hold when decompressed. Bytes from outside must not decide how much memory is used.
    static let decompressedBytesMax = 256 << 20

    /// Decompresses into `scratch`; the result is valid until the scratch is used again.
    func decompress(
        _ source: UnsafeRawBufferPointer, into scratch: ScratchBuffer
    ) throws(LogError) -> UnsafeRawBufferPointer {
        switch self {
        case .none: return unsafe source
        case .gzip: return try unsafe growing(source, scratch, ccompression_gzip_decompress)
        case .zstd: return try unsafe growing(source, scratch, ccompression_zstd_decompress)
        case .lz4: return try unsafe growing(source, scratch, ccompression_lz4_frame_decompress)
        case .snappy:
            if unsafe source.starts(with: Self.xerialMagic) { return try unsafe xerial(source, scratch) }
            let size = try unsafe snappySize(source)
            scratch.reserve(size)
            return unsafe scratch.prefix(try snappyBlock(source, into: scratch.memory))
        }
    }

    func compress(_ source: [UInt8]) throws(LogError) -> [UInt8] {
        switch self {
        case .none: source
        case .gzip:
            try unsafe compress(source, bound: ccompression_gzip_bound(source.count)) {
                unsafe ccompression_gzip_compress($0, $1, $2, $3, 6, $4)
            }
        case .zstd:
            try unsafe compress(source, bound: ccompression_zstd_bound(source.count)) {
                unsafe ccompression_zstd_compress($0, $1, $2, $3, 3, $4)
            }
        case .lz4:
            try unsafe compress(
                source, bound: ccompression_lz4_frame_bound(source.count), ccompression_lz4_frame_compress)
        case .snappy:
            try unsafe compress(source, bound: ccompression_snappy_bound(source.count), ccompression_snappy_compress)
        }
    }

    private typealias Transform = (
        UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<Int>?
    ) -> Int32

    /// These formats need not say how large they become, so the room doubles until it is enough.
    private func growing(
        _ source: UnsafeRawBufferPointer, _ scratch: ScratchBuffer, _ transform: Transform
    ) throws(LogError) -> UnsafeRawBufferPointer {
        scratch.reserve(min(max(source.count * 4, 4096), Self.decompressedBytesMax))
        while true {
            var written = 0
            let status = unsafe transform(
                source.baseAddress, source.count, scratch.memory.baseAddress, scratch.memory.count, &written)
            if status == Int32(CCOMPRESSION_OK) { return unsafe scratch.prefix(written) }
            let capacity = unsafe scratch.memory.count
            guard status == Int32(CCOMPRESSION_TOO_SMALL) else {
                throw .decompression(codec: "\(self)", problem: "the data is damaged")
            }
            guard capacity < Self.decompressedBytesMax else {
                throw .decompression(
                    codec: "\(self)", problem: "it would take more than \(Self.decompressedBytesMax) bytes")
            }
            scratch.reserve(min(capacity * 2, Self.decompressedBytesMax))
        }
    }

    private func snappySize(_ source: UnsafeRawBufferPointer) throws(LogError) -> Int {
        var size = 0
        guard unsafe ccompression_snappy_size(source.baseAddress, source.count, &size) == 0,
            size <= Self.decompressedBytesMax
        else { throw .decompression(codec: "snappy", problem: "the block's length is not possible") }
        return size
    }

    private func snappyBlock(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(LogError) -> Int {
        var written = 0
        let status = unsafe ccompression_snappy_decompress(
            source.baseAddress, source.count, target.baseAddress, target.count, &written)
        guard status == 0 else { throw .decompression(codec: "snappy", problem: "the data is damaged") }
        return written
    }

    /// The framing of snappy-java (xerial): 8 bytes of magic, two INT32 versions, then blocks of INT32 length and data.
    private static let xerialMagic: [UInt8] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]

    private func xerial(
        _ source: UnsafeRawBufferPointer, _ scratch: ScratchBuffer
    ) throws(LogError) -> UnsafeRawBufferPointer {
        let blocks = try unsafe xerialBlocks(source)
        var total = 0
        for range in blocks { total += try unsafe snappySize(UnsafeRawBufferPointer(rebasing: source[range])) }
        guard total <= Self.decompressedBytesMax else {
            throw .decompression(codec: "snappy", problem: "it would take \(total) bytes")
        }
        scratch.reserve(total)
        var filled = 0
        for range in blocks {
            filled += try unsafe snappyBlock(
                UnsafeRawBufferPointer(rebasing: source[range]),
                into: UnsafeMutableRawBufferPointer(rebasing: scratch.memory[filled...]))
        }
        return unsafe scratch.prefix(filled)
    }

    /// Where each block's data lies.
    private func xerialBlocks(_ source: UnsafeRawBufferPointer) throws(LogError) -> [Range<Int>] {
        var blocks: [Range<Int>] = []
        var position = 16
        while position < source.count {
            guard position + 4 <= source.count else {
                throw .decompression(codec: "snappy", problem: "a block's length is cut short")
            }
            let length = unsafe Int(UInt32(bigEndian: source.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            guard length <= source.count - position - 4 else {
                throw .decompression(codec: "snappy", problem: "a block is cut short")
            }
            blocks.append((position + 4)..<(position + 4 + length))
            position += 4 + length
        }
        return blocks
    }

    private func compress(_ source: [UInt8], bound: Int, _ transform: Transform) throws(LogError) -> [UInt8] {
        var status: Int32 = 0
        let result = unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, filled in
            unsafe source.withUnsafeBytes { input in
                var written = 0
                status = unsafe transform(input.baseAddress, input.count, target.baseAddress, target.count, &written)
                filled = status == 0 ? written : 0
            }
        }
        guard status == 0 else { throw .invalidBatch(problem: "\(self) could not compress \(source.count) bytes") }
        return result
    }
}
