/// How a database is opened; nil means DuckDB's default.
public struct DuckDBConfiguration: Sendable, Hashable {
    /// How much DuckDB's buffers may hold, in bytes, before it spills into `temporaryDirectory`.
    public var memoryLimitBytes: Int?
    public var threads: Int?
    public var temporaryDirectory: String?
    /// How much may be spilled, in bytes.
    public var temporaryBytesMax: Int?
    public var readOnly: Bool
    /// DuckDB settings by name, for what has no field here.
    public var settings: [String: String]

    public init(
        memoryLimitBytes: Int? = nil, threads: Int? = nil, temporaryDirectory: String? = nil,
        temporaryBytesMax: Int? = nil, readOnly: Bool = false, settings: [String: String] = [:]
    ) {
        self.memoryLimitBytes = memoryLimitBytes
        self.threads = threads
        self.temporaryDirectory = temporaryDirectory
        self.temporaryBytesMax = temporaryBytesMax
        self.readOnly = readOnly
        self.settings = settings
    }

    var options: [(name: String, value: String)] {
        var options = [
            // Errors carry their position; nothing is fetched from the network; times of day mean UTC everywhere.
            ("errors_as_json", "true"), ("autoinstall_known_extensions", "false"), ("TimeZone", "UTC"),
            ("access_mode", readOnly ? "READ_ONLY" : "AUTOMATIC"),
        ]
        if let memoryLimitBytes { options.append(("memory_limit", "\(memoryLimitBytes)B")) }
        if let threads { options.append(("threads", "\(threads)")) }
        if let temporaryDirectory { options.append(("temp_directory", temporaryDirectory)) }
        if let temporaryBytesMax { options.append(("max_temp_directory_size", "\(temporaryBytesMax)B")) }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) { options.append((name, value)) }
        return options.map { (name: $0.0, value: $0.1) }
    }
}
