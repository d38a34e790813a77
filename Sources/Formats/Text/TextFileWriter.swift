/// Writes text piece by piece to a file, which appears under its name when `close()` succeeds.
public final class TextFileWriter {
    public let path: String
    private let file: OutputFile
    private let descriptor: FileDescriptor

    /// - Throws: `missingFile` where the folder is not there; `diskFull`, `failedIO`.
    public init(path: String, synced: Bool = false) throws(FormatsError) {
        self.path = path
        file = OutputFile(path: path, synced: synced)
        descriptor = try FileDescriptor(creating: file.temporaryPath, for: path)
    }

    /// Writes `bytes` and empties them.
    ///
    /// - Throws: `diskFull`, `failedIO`.
    public func take(_ bytes: inout [UInt8]) throws(FormatsError) {
        try descriptor.write(bytes, for: path)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Gives the file its name.
    public func close() throws(FormatsError) { try file.commit() }
}
