/// The only files that a database's statements may open, besides its own and those in its temporary folder.
public struct FileAccess: Sendable, Hashable {
    /// With all below them.
    public var folders: [String]
    public var files: [String]

    public init(folders: [String], files: [String] = []) {
        self.folders = folders
        self.files = files
    }
}

extension DuckDBDatabase {
    /// Keeps all statements of all connections, from now until the database is closed, from other files, from the
    /// network, and from DuckDB's settings, with which they could free themselves again.
    ///
    /// - Throws: `failed` where this was done before.
    public func restrict(to access: FileAccess) throws(DuckDBError) {
        func list(_ paths: [String]) -> String { "[" + paths.map(SQLText.literal).joined(separator: ", ") + "]" }
        try connect().execute(
            """
            SET allowed_directories = \(list(access.folders));
            SET allowed_paths = \(list(access.files));
            SET enable_external_access = false;
            SET lock_configuration = true
            """)
    }
}
