import Columnar
import DuckDB
import Foundation
import Testing

@Test(arguments: [
    ("SELECT 1", true), ("from range(3)", true), ("VALUES (1)", true), ("WITH a AS (SELECT 1) FROM a", true),
    ("EXPLAIN SELECT 1", true), ("explain analyze select 1", true), ("EXPLAIN (FORMAT json) SELECT 1", true),
    ("explain (analyze, format json) (select 1)", true), ("explain (select 1)", true),
    ("/* a /* b */ */ EXPLAIN -- c\n ANALYZE from range(3)", true),
    ("EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/never.csv'", false),
    ("EXPLAIN COPY (SELECT 1) TO '/tmp/never.csv'", false),
    ("explain analyze insert into t values (1)", false), ("EXPLAIN (ANALYZE) DELETE FROM t", false),
    ("explain/**/analyze/**/drop table t", false), ("INSERT INTO t VALUES (1)", false), ("SET threads = 1", false),
    ("COPY (SELECT 1) TO '/tmp/never.csv'", false), ("ATTACH ':memory:' AS other", false),
])
func onlySelectsAreQueries(sql: String, isQuery: Bool) throws {
    let connection = try DuckDBDatabase().connect()
    try connection.execute("CREATE TABLE t (n INTEGER)")
    #expect(try connection.prepare(sql).isQuery == isQuery)
}

@Test
func aRestrictedDatabaseOpensOnlyItsFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("duckdb-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["lake's", "other"] {
        try FileManager.default.createDirectory(
            atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        for file in ["a.csv", "b.csv"] {
            try "n\n1\n".write(toFile: "\(folder)/\(name)/\(file)", atomically: true, encoding: .utf8)
        }
    }
    let database = try DuckDBDatabase(path: folder + "/it.duckdb")
    let earlier = try database.connect()
    try database.restrict(to: FileAccess(folders: ["\(folder)/lake's"], files: ["\(folder)/other/a.csv"]))
    for connection in [earlier, try database.connect()] {
        for file in ["lake's/a.csv", "lake's/b.csv", "other/a.csv", "other/../other/a.csv"] {
            let sql = "SELECT n FROM read_csv(\(SQLText.literal("\(folder)/\(file)")))"
            #expect(try connection.query(sql).single() == .int(1), "\(file)")
        }
        let refused = [
            "FROM read_csv('\(folder)/other/b.csv')", "FROM read_csv('\(folder)/lake''s/../other/b.csv')",
            "FROM read_text('/etc/hostname')", "FROM glob('/etc/*')", "COPY (SELECT 1) TO '\(folder)/other/c.csv'",
            "ATTACH '\(folder)/other.duckdb' AS other", "SET enable_external_access = true", "SET threads = 1",
            "SET allowed_directories = ['/']", "FROM enable_logging()", "FROM query('FROM enable_logging()')",
        ]
        for sql in refused { #expect(throws: DuckDBError.self, "\(sql)") { try connection.query(sql).all() } }
        #expect(try connection.query("SELECT 1").single() == .int(1))
        try connection.execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS n")
    }
    #expect(throws: DuckDBError.self) { try database.restrict(to: FileAccess(folders: ["/"])) }
}
