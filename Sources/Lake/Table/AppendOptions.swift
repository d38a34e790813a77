public import Formats

/// How a `DeltaAppender` writes its files.
public struct AppendOptions: Sendable, Hashable {
    /// A file ends when it has about so many bytes.
    public var fileBytes: Int
    /// A partition's rows are written as a row group when they take so many bytes in memory.
    public var rowGroupBytes: Int
    /// When all partitions together wait with so many bytes, the largest are written, however small they are.
    public var memoryBytes: Int
    /// Files that may be open at once, at most.
    public var openFiles: Int
    public var compression: Compression
    /// Whether each row group goes to the disk on its own, however few rows it has, so that no more than one is in memory.
    var endsRowGroups = false

    public init(
        fileBytes: Int = 128 << 20, rowGroupBytes: Int = 32 << 20, memoryBytes: Int = 128 << 20, openFiles: Int = 128,
        compression: Compression = .zstd
    ) {
        precondition(fileBytes > 0 && rowGroupBytes > 0 && memoryBytes > 0 && openFiles > 0)
        self.fileBytes = fileBytes
        self.rowGroupBytes = rowGroupBytes
        self.memoryBytes = memoryBytes
        self.openFiles = openFiles
        self.compression = compression
    }
}
