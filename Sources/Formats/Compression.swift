/// How the pages or blocks of a file are compressed.
public enum Compression: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    case none, snappy, gzip, zstd, lz4, brotli
    public var description: String { rawValue }
}
