public import DuckDB

/// DuckDB's parser, which looks nothing up. The connection must have no other result open.
extension DuckDBConnection: SyntaxTreeSource {}
