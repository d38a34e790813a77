import Base
import Columnar
import Dispatch
import DuckDB
import Foundation
import Synchronization
import Testing

@Test(arguments: [
    ("selec 1", SQLFailure.Kind.syntax, 1, 1), ("SELECT 'ü',\n  fooo FROM range(3) t(a)", .binding, 2, 3),
    ("SELECT *\nFROM missing_table", .catalog, 2, 6), ("SELECT 'é', 'x'::INTEGER", .conversion, 1, 16),
    ("SELECT nofunc(1)", .catalog, 1, 8), ("SELECT 1;\nSELECT bar", .binding, 2, 8),
])
func errorsPointAtLineAndColumn(sql: String, kind: SQLFailure.Kind, line: Int, column: Int) throws {
    let connection = try DuckDBDatabase().connect()
    let failure = #expect(throws: DuckDBError.self) { try connection.execute(sql) }?.failure
    #expect(failure?.kind == kind)
    #expect(failure?.position.map { [$0.line, $0.column] } == [line, column])
}

@Test
func anUnknownColumnIsNamedWithItsCandidates() throws {
    let connection = try DuckDBDatabase().connect()
    let failure = #expect(throws: DuckDBError.self) { try connection.describe("SELECT nam FROM (SELECT 1 AS name)") }?
        .failure
    #expect(failure?.name == "nam")
    #expect(failure?.candidates.contains("name") == true)
    #expect(failure?.position?.byteCount == 3)
}

@Test(arguments: [
    (Scalar.null, nil as DataType?, "NULL"), (.bool(true), nil, "true"), (.int(-5), nil, "-5"),
    (.uint(.max), nil, "18446744073709551615"), (.double(1.5), nil, "1.5"), (.string("a'b\0c"), nil, "a'b\0c"),
    (.bytes([0, 65]), nil, "\\x00A"), (.decimal(-123), nil, "-123"),
    (.decimal(-123), .decimal128(precision: 5, scale: 2), "-1.23"), (.int(1), .date32, "1970-01-02"),
    (.int(61), .time32(.second), "00:01:01"), (.int(61_000_000), .time64(.microsecond), "00:01:01"),
    (.int(61), .timestamp(.second, zone: nil), "1970-01-01 00:01:01"),
    (.int(61_500), .timestamp(.millisecond, zone: nil), "1970-01-01 00:01:01.5"),
    (.int(61_500_000), .timestamp(.microsecond, zone: nil), "1970-01-01 00:01:01.5"),
    (.int(61_500_000), .timestamp(.microsecond, zone: "UTC"), "1970-01-01 00:01:01.5+00"),
    (.interval(months: 1, days: 2, nanos: 3_000_000_000), nil, "1 month 2 days 00:00:03"),
    (.list([.int(1), .null]), .list(Field("item", .int64)), "[1, NULL]"),
    (.structure([.string("x")]), .structure([Field("a", .utf8)]), "{'a': x}"),
    (
        .map([Scalar.MapEntry(.string("k"), .int(1))]),
        .map(key: Field("key", .utf8), value: Field("value", .int64), keysSorted: false), "{k=1}"
    ),
])
func parametersOfEveryTypeAreBound(value: Scalar, type: DataType?, text: String) throws {
    let connection = try DuckDBDatabase().connect()
    let found = try connection.query(
        "SELECT coalesce(CAST($1 AS VARCHAR), 'NULL')", parameters: [value], types: [type]
    ).single()
    #expect(found == .string(text))
}

@Test
func wrongParametersAreRefused() throws {
    let connection = try DuckDBDatabase().connect()
    #expect(throws: DuckDBError.parameterCount(expected: 1, found: 0)) { try connection.query("SELECT ?") }
    #expect(throws: DuckDBError.wrongParameter(number: 1, value: "list([])", type: nil)) {
        try connection.query("SELECT ?", parameters: [.list([])])
    }
}

@Test
func aPreparedStatementRunsOften() throws {
    let connection = try DuckDBDatabase().connect()
    try connection.execute("CREATE TABLE t (n INTEGER)")
    let insert = try connection.prepare("INSERT INTO t VALUES (?)")
    for number in 0..<100 { #expect(try insert.execute([.int(Int64(number))]) == 1) }
    #expect(try connection.query("SELECT sum(n) FROM t").single() == .decimal(4950))
}

@Test
func aTransactionIsAllOrNothing() throws {
    struct Stop: Error {}
    let database = try DuckDBDatabase()
    let (writer, reader) = (try database.connect(), try database.connect())
    try writer.execute("CREATE TABLE t (n INTEGER)")
    #expect(throws: Stop.self) {
        try writer.transaction {
            try writer.execute("INSERT INTO t VALUES (1)")
            throw Stop()
        }
    }
    try writer.transaction {
        try writer.execute("INSERT INTO t VALUES (2)")
        #expect(try reader.query("SELECT count(*) FROM t").single() == .int(0))
    }
    #expect(try reader.query("SELECT n FROM t").rows() == [[.int(2)]])
}

@Test
func theSyntaxTreeHasPlacesAndSyntaxErrorsHaveThemToo() throws {
    let connection = try DuckDBDatabase().connect()
    let tree = try connection.serializedSyntaxTree(of: "SELECT a FROM it_does_not_exist")
    #expect(tree.contains(#""table_name":"it_does_not_exist""#))
    #expect(tree.contains(#""query_location":14"#))
    let failure = #expect(throws: DuckDBError.self) {
        try connection.serializedSyntaxTree(of: "SELECT 1\n FROM WHERE")
    }?
    .failure
    #expect(failure?.kind == .syntax)
    #expect(failure?.position?.line == 2)
}

@Test
func aLongStatementCanBeStoppedAndWatched() throws {
    let connection = try DuckDBDatabase().connect()
    try connection.trackProgress()
    let sql = "SELECT max(hash(a.i * b.i)) FROM range(3000000) a(i), range(3000000) b(i)"
    let running = ThreadWork { _ = try connection.query(sql).all() }
    for _ in 0..<500 where connection.progress == nil { Thread.sleep(forTimeInterval: 0.02) }
    #expect(connection.progress != nil)
    connection.interrupt()
    let error = #expect(throws: DuckDBError.self) { try running.wait() }
    #expect(error?.failure?.kind == .interrupted)
    #expect(try connection.query("SELECT 1").single() == .int(1))
}

@Test
func aDatabaseInAFileIsKeptAndGuarded() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("duckdb-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/it.duckdb"
    do {
        let database = try DuckDBDatabase(path: path)
        try database.connect().execute("CREATE TABLE t AS SELECT 1 AS n")
    }
    let readOnly = try DuckDBDatabase(path: path, configuration: DuckDBConfiguration(readOnly: true))
    #expect(try readOnly.connect().query("SELECT n FROM t").single() == .int(1))
    #expect(throws: DuckDBError.self) { try readOnly.connect().execute("DELETE FROM t") }
    let missing = #expect(throws: DuckDBError.self) { try DuckDBDatabase(path: folder + "/no/such/folder.duckdb") }
    #expect(missing?.report.code == "DDB-001")
    try "not a database, though long enough to be looked at as one".write(
        toFile: folder + "/bad.duckdb", atomically: true, encoding: .utf8)
    let bad = #expect(throws: DuckDBError.self) { try DuckDBDatabase(path: folder + "/bad.duckdb") }
    #expect(bad?.report.code == "DDB-001")
    let setting = #expect(throws: DuckDBError.self) {
        try DuckDBDatabase(configuration: DuckDBConfiguration(settings: ["no_such_setting": "1"]))
    }
    #expect(setting?.report.code == "DDB-001")
}

@Test
func limitsOfMemoryAndDiskAreClearErrors() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("duckdb-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let sort =
        "CREATE TABLE big AS SELECT i, hash(i)::VARCHAR || 'abcdefghijklmnop' AS s FROM range(2000000) t(i) ORDER BY s"
    let small = DuckDBConfiguration(
        memoryLimitBytes: 24 << 20, threads: 2, temporaryDirectory: folder, temporaryBytesMax: 4 << 20)
    let full = #expect(throws: DuckDBError.self) { try DuckDBDatabase(configuration: small).connect().execute(sort) }
    #expect(full?.failure?.kind == .diskFull || full?.failure?.kind == .outOfMemory)
}

/// Work on a thread of its own: a statement that runs until it is stopped must not take the place of the task that stops it.
final class ThreadWork: Sendable {
    private let failure = Mutex<(any Error)?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Void) {
        Thread.detachNewThread { [self] in
            do { try body() } catch { failure.withLock { $0 = error } }
            ended.signal()
        }
    }

    /// Waits for its end, and throws what it threw.
    func wait() throws {
        ended.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
