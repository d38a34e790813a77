#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Owns an open file and closes it once.
final class FileDescriptor {
    private let number: Int32

    /// - Parameter name: what errors call the file.
    init(creating path: String, for name: String) throws(FormatsError) {
        number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if number < 0 { throw OutputFile.failure(name) }
    }

    deinit { close(number) }

    func write(_ bytes: [UInt8], for name: String) throws(FormatsError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe writeBytes(number, $0.baseAddress! + done, $0.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw OutputFile.failure(name)
            }
            done += count
        }
    }
}

private func writeBytes(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, start, count)
}
