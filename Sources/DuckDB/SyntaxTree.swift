internal import Columnar

extension DuckDBConnection {
    /// The syntax tree of SELECT statements, as DuckDB's parser makes it: JSON, with the place of each node in `sql`.
    ///
    /// Nothing is looked up: unknown tables and columns are no error here.
    /// - Throws: `failed` with the position of the first word that is not SQL; also for other statements than SELECT.
    public func serializedSyntaxTree(of sql: String) throws(DuckDBError) -> String {
        let result = try query("SELECT json_serialize_sql($1)", parameters: [.string(sql)])
        guard case .string(let tree)? = try result.single() else {
            throw .internalFailure("json_serialize_sql gave nothing")
        }
        if tree.hasPrefix(#"{"error":true"#) { throw .failed(SQLFailure(duckDBMessage: tree, sql: sql)) }
        return tree
    }
}
