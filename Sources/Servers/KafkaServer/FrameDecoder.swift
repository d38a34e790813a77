internal import NIOCore

/// Splits a Kafka byte stream into frames: an INT32 size (big-endian, itself excluded), then that many bytes.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = [UInt8]
    let frameBytesMax: Int

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let size = buffer.getInteger(at: buffer.readerIndex, as: Int32.self) else { return .needMoreData }
        guard size >= 0, Int(size) <= frameBytesMax else {
            throw KafkaServiceError.frameTooLarge(bytes: Int(size), bytesMax: frameBytesMax)
        }
        guard buffer.readableBytes >= 4 + Int(size) else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 4)
        context.fireChannelRead(Self.wrapInboundOut(buffer.readBytes(length: Int(size)) ?? []))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        // What is left at the end of the stream is half a frame, of no use to anybody.
        while try decode(context: context, buffer: &buffer) == .continue {}
        return .needMoreData
    }
}
