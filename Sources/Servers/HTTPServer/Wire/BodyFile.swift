#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A body that is too large for memory: a file without a name, which is gone when nobody needs it any more, whatever
/// becomes of the process.
public final class BodyFile: Sendable {
    public let byteCount: Int
    private let descriptor: Int32

    /// Takes the file at `path` over, and its name away.
    ///
    /// - Throws: `bodyFile`.
    public init(taking path: String) throws(HTTPServerError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .bodyFile(path: path, problem: unsafe String(cString: strerror(errno)))
        }
        _ = unsafe unlink(path)
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            close(descriptor)
            throw .bodyFile(path: path, problem: unsafe String(cString: strerror(errno)))
        }
        self.descriptor = descriptor
        byteCount = Int(end)
    }

    deinit { close(descriptor) }

    /// Up to `count` bytes from `offset` on; none at the end.
    public func read(from offset: Int, count: Int) throws(HTTPServerError) -> [UInt8] {
        var problem: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: min(count, max(0, byteCount - offset))) {
            buffer, filled in
            let found = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if found < 0 { problem = errno }
            filled = max(0, found)
        }
        if problem != 0 { throw .bodyFile(path: "an answer", problem: unsafe String(cString: strerror(problem))) }
        return bytes
    }

    /// Gives all bytes to `take`, piece by piece.
    public func forEachPiece(_ take: ([UInt8]) throws -> Void) throws {
        var offset = 0
        while offset < byteCount {
            let piece = try read(from: offset, count: Self.pieceBytes)
            guard !piece.isEmpty else {
                throw HTTPServerError.bodyFile(path: "an answer", problem: "it has become shorter")
            }
            offset += piece.count
            try take(piece)
        }
    }

    /// How much is read at once.
    static let pieceBytes = 256 << 10
}
