/// How a Parquet file is written.
public struct ParquetOptions: Sendable, Hashable {
    public var compression: Compression
    /// The codec's own scale; nil for its default.
    public var level: Int?
    /// Rows after which a row group ends.
    public var rowGroupRows: Int
    /// Whether repeated values go through a dictionary page.
    public var dictionary: Bool
    /// Whether minima, maxima and null counts are kept.
    public var statistics: Bool
    /// Whether `close()` waits until the file is on the disk.
    public var synced: Bool

    public init(
        compression: Compression = .zstd, level: Int? = nil, rowGroupRows: Int = 1 << 20, dictionary: Bool = true,
        statistics: Bool = true, synced: Bool = false
    ) {
        self.compression = compression
        self.level = level
        self.rowGroupRows = rowGroupRows
        self.dictionary = dictionary
        self.statistics = statistics
        self.synced = synced
    }
}
