public import Base

/// Whole record batches as they are stored, in offset order.
public struct LogChunk: Sendable {
    /// What was asked for; the first batch may hold earlier records.
    public let requestedOffset: Offset
    /// Where to read on: the offset after the last batch, or the one asked for when nothing came.
    public let nextOffset: Offset
    /// The partition's high watermark when this was read.
    public let highWatermark: Offset
    let block: ByteBlock
    /// The batches' place in the block.
    let range: Range<Int>

    public var byteCount: Int { range.count }
    public var isEmpty: Bool { range.isEmpty }

    /// The batches, valid inside `body`.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(rebasing: block.bytes[range]))
    }

    /// The batches as an array, copied.
    public var bytes: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }

    static func empty(at offset: Offset, highWatermark: Offset) -> LogChunk {
        LogChunk(
            requestedOffset: offset, nextOffset: offset, highWatermark: highWatermark, block: ByteBlock(joining: []),
            range: 0..<0)
    }
}
