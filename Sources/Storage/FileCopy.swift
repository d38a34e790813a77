#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Copies files in pieces, so that memory stays small.
enum FileCopy {
    static let pieceBytes = 1 << 20

    /// - Parameter destination: must not be there; on the disk when this returns, and gone if it throws.
    static func copy(_ source: String, to destination: String, naming name: String) throws(StorageError) {
        let input = unsafe open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw FileCalls.failure(errno, "read", name) }
        defer { close(input) }
        let output = unsafe open(destination, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw FileCalls.failure(errno, "create", name) }
        defer { close(output) }
        do throws(StorageError) {
            try pump(from: input, to: output, naming: name)
            guard fsync(output) == 0 else { throw FileCalls.failure(errno, "write", name) }
        } catch {
            unsafe unlink(destination)
            throw error
        }
    }

    private static func pump(from input: Int32, to output: Int32, naming name: String) throws(StorageError) {
        let piece = UnsafeMutableRawPointer.allocate(byteCount: pieceBytes, alignment: 64)
        defer { unsafe piece.deallocate() }
        while true {
            let count = unsafe read(input, piece, pieceBytes)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw FileCalls.failure(errno, "read", name) }
            if count == 0 { return }
            var done = 0
            while done < count {
                let written = unsafe write(output, piece + done, count - done)
                if written < 0, errno == EINTR { continue }
                if written < 0 { throw FileCalls.failure(errno, "write", name, neededBytes: count) }
                done += written
            }
        }
    }
}
