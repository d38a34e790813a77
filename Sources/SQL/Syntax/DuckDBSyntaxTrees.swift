public import DuckDB
internal import Columnar

/// DuckDB's parser, which looks nothing up.
///
/// Its connection must have no other result open.
public struct DuckDBSyntaxTrees: SyntaxTreeSource {
    private let connection: DuckDBConnection

    public init(_ connection: DuckDBConnection) { self.connection = connection }

    public func serializedSyntaxTree(of text: String) throws -> String {
        let answer = try connection.query("SELECT json_serialize_sql($1)", parameters: [.string(text)])
        guard case .string(let tree)? = try answer.single() else {
            throw SQLError.parserFailed(detail: "json_serialize_sql gave nothing")
        }
        return tree
    }
}
