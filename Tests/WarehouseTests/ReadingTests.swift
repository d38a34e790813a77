import Base
import Columnar
import DuckDB
import Foundation
import Testing

@testable import Warehouse

@Test
func anExternalTableIsSwitchedFromSnapshotToSnapshot() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    func file(_ name: String, _ sql: String) throws -> String {
        let path = folder.path + "/" + name
        try bench.warehouse.database.connect().execute("COPY (\(sql)) TO \(SQLText.literal(path)) (FORMAT parquet)")
        return path
    }
    let schema = Schema([
        Field("origin", .utf8), Field("month", .int32), Field("delay", .float64), Field("added_later", .utf8),
    ])
    func set(_ files: [ExternalTable.File]) throws -> Int64 {
        try bench.warehouse.setExternalTable(ExternalTable(relation: shop("lake"), files: files, schema: schema))
    }
    let empty = try set([])
    #expect(try bench.warehouse.schema(of: shop("lake")) == schema)
    #expect(try bench.warehouse.rowCount(of: shop("lake")) == 0)
    let one = ExternalTable.File(
        path: try file("it's one.parquet", "SELECT 1.5::DOUBLE AS delay, 'JFK' AS origin"),
        partitionValues: ["month": "1"])
    let two = ExternalTable.File(
        path: try file("two.parquet", "SELECT 'LGA' AS origin, NULL::DOUBLE AS delay, 'x' AS added_later, 9 AS month"),
        partitionValues: ["month": nil])
    let first = try set([one, two])
    #expect(first > empty)
    #expect(
        try bench.text("SELECT * FROM shop.lake ORDER BY origin") == "(JFK, 1, 1.5, NULL) (LGA, NULL, NULL, x)")
    #expect(try bench.warehouse.schema(of: shop("lake")) == schema)
    #expect(try set([two, one]) == first)
    #expect(throws: WarehouseError.self) { _ = try set([ExternalTable.File(path: folder.path + "/gone.parquet")]) }
    #expect(try bench.warehouse.rowCount(of: shop("lake")) == 2)
    #expect(try set([one]) > first)
    #expect(try bench.text("SELECT origin FROM shop.lake WHERE month = 1") == "(JFK)")
}

/// Whether the folders or the log tell the values, the rows are the same; and one scan reads all files.
@Test(arguments: [
    ("month=1", ["month": "1"], "(1)"), ("month=01", ["month": "1"], "(1)"), ("part", ["month": "1"], "(1)"),
    ("month=__HIVE_DEFAULT_PARTITION__", ["month": nil], "(NULL)"), ("part", ["month": nil], "(NULL)"),
    ("month=2", ["month": "1"], "(1)"), ("month=1", ["month": ""], "(NULL)"), ("x=9/month=1", ["month": "1"], "(1)"),
    ("origin=J%2FK'%20%25é/month=1", ["month": "1", "origin": "J/K' %é"], "(J/K' %é, 1)"),
    ("origin=NULL/month=1", ["month": "1", "origin": "NULL"], "(NULL, 1)"),
    ("origin=a+b/month=1", ["month": "1", "origin": "a+b"], "(a+b, 1)"),
    ("origin=a=b/month=1", ["month": "1", "origin": "a=b"], "(a=b, 1)"),
    ("origin=%4/month=1", ["month": "1", "origin": "%4"], "(%4, 1)"),
    (
        "month=1/at=2013-01-01 00%3A00%3A00.5", ["at": "2013-01-01 00:00:00.5", "month": "1"],
        "(1, 2013-01-01 00:00:00.5)"
    ),
    ("price=1.50", ["price": "1.50"], "(1.50)"), ("p", ["price": "1.50", "month": "7"], "(7, 1.50)"),
])
func partitionValuesAreThoseOfTheLog(folder: String, values: [String: String?], expected: String) throws {
    let temporary = try TemporaryFolder()
    let bench = try Bench()
    let place = temporary.path + "/" + folder
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let files = try (0..<3).map { number in
        let path = "\(place)/\(number).parquet"
        try bench.warehouse.database.connect().execute(
            "COPY (SELECT \(number)::BIGINT AS id, 77 AS month) TO \(SQLText.literal(path)) (FORMAT parquet)")
        return ExternalTable.File(path: path, partitionValues: values)
    }
    let all = [
        Field("origin", .utf8), Field("month", .int32), Field("price", .decimal128(precision: 8, scale: 2)),
        Field("at", .timestamp(.microsecond, zone: nil)),
    ]
    let partitioned = all.filter { values[$0.name] != nil }
    let schema = Schema([Field("id", .int64)] + partitioned + [Field("later", .utf8)])
    try bench.warehouse.setExternalTable(ExternalTable(relation: shop("lake"), files: files, schema: schema))
    #expect(try bench.warehouse.schema(of: shop("lake")) == schema)
    let columns = partitioned.map { SQLText.identifier($0.name) }.joined(separator: ", ")
    #expect(try bench.text("SELECT DISTINCT \(columns) FROM shop.lake") == expected)
    #expect(try bench.text("SELECT sum(id), count(*), count(later) FROM shop.lake") == "(3, 3, 0)")
    #expect(
        try bench.text("SELECT id FROM shop.lake WHERE \(columns.split(separator: ",")[0]) IS NOT NULL AND id = 1")
            == (expected == "(NULL)" ? "" : "(1)"))
}

@Test
func aTableOfManyPartitionsIsSortedInLittleMemory() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench(
        budget: WarehouseBudget(memoryBytes: 48 << 20, threads: 4, temporaryDirectory: folder.path + "/spilled"))
    let wide = (0..<12).map { "hash(i, \($0))::VARCHAR AS c\($0)" }.joined(separator: ", ")
    let files = try (1...60).map { day in
        let place = "\(folder.path)/day=\(day)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try bench.warehouse.database.connect().execute(
            "COPY (SELECT \(day) * 1000 + i AS id, \(wide) FROM range(1000) t(i)) TO '\(place)/1.parquet'"
                + " (FORMAT parquet, COMPRESSION zstd)")
        return ExternalTable.File(path: place + "/1.parquet", partitionValues: ["day": "\(day)"])
    }
    let schema = Schema(
        [Field("id", .int64)] + (0..<12).map { Field("c\($0)", .utf8) } + [Field("day", .int32)])
    try bench.warehouse.setExternalTable(ExternalTable(relation: shop("days"), files: files, schema: schema))
    let reader = try bench.warehouse.openReader()
    for _ in 0..<5 {
        #expect(try reader.query("SELECT * FROM shop.days ORDER BY c3 DESC, id LIMIT 1001").rowCount == 1001)
    }
    let plan = try reader.query("SELECT * FROM shop.days WHERE day = 7 ORDER BY id").rowCount
    #expect(plan == 1000)
}

@Test
func anAnswerEndsWithTheBytesAllowed() throws {
    let bench = try Bench()
    try bench.run("t", "SELECT range AS n, repeat('x', 1000) AS t FROM range(20000)")
    let reader = try bench.warehouse.openReader()
    let some = try reader.query("SELECT * FROM shop.t", limits: QueryLimits(bytesMax: 1 << 20))
    #expect(some.truncated && some.rowCount > 0 && some.rowCount <= 4096)
    let all = try reader.query("SELECT n FROM shop.t", limits: QueryLimits(bytesMax: 1 << 30))
    #expect(!all.truncated && all.rowCount == 20000)
}

@Test(arguments: [
    (DataTest.Kind.unique(column: "id"), 1), (.unique(column: "name"), 0), (.notNull(column: "name"), 1),
    (.notNull(column: "id"), 0), (.acceptedValues(column: "name", values: ["a", "b"], quote: true), 1),
    (.acceptedValues(column: "id", values: ["1", "2"], quote: false), 0),
    (.relationships(column: "parent", to: shop("t"), field: "id"), 1),
    (.relationships(column: "id", to: shop("t"), field: "id"), 0),
    (.singular(sql: "SELECT * FROM shop.t WHERE id > 1 -- not so"), 2),
])
func testsFindTheRowsThatBreakThem(kind: DataTest.Kind, failures: Int) throws {
    let bench = try Bench()
    try bench.run("t", "SELECT * FROM (VALUES (1, 'a', 2), (2, 'it''s', NULL), (2, NULL, 7)) t(id, name, parent)")
    var relation: RelationName? = shop("t")
    if case .singular = kind { relation = nil }
    for severity in [DataTest.Severity.warn, .error] {
        let test = DataTest(name: "it", relation: relation, kind: kind, severity: severity, sampleRows: 1)
        let outcome = try bench.warehouse.check(test)
        #expect(outcome.failures == Int64(failures))
        #expect(outcome.status == (failures == 0 ? .pass : severity == .warn ? .warn : .fail))
        #expect(outcome.sample.reduce(0) { $0 + $1.count } == min(1, failures))
    }
    let nobody = DataTest(
        name: "it", relation: relation, kind: kind, filter: "id > 100")
    #expect(try bench.warehouse.check(nobody).status == .pass)
}

@Test
func readersAreLimited() throws {
    let bench = try Bench()
    try bench.run("t", "SELECT range AS n FROM range(10000)")
    let reader = try bench.warehouse.openReader()
    let all = try reader.query("SELECT * FROM shop.t")
    #expect(all.rowCount == 10000 && !all.truncated)
    for cap in [0, 1, 2048, 9999] {
        let some = try reader.query("SELECT * FROM shop.t", limits: QueryLimits(rowsMax: cap))
        #expect(some.rowCount == cap && some.truncated)
    }
    let exact = try reader.query("SELECT * FROM shop.t", limits: QueryLimits(rowsMax: 10000))
    #expect(exact.rowCount == 10000 && !exact.truncated)
    #expect(
        try reader.query("SELECT n FROM shop.t WHERE n = $1", parameters: [.int(7)], limits: QueryLimits()).rowCount
            == 1)
    let slow = "SELECT max(hash(a.i * b.i)) AS n FROM range(3000000) a(i), range(3000000) b(i)"
    #expect(throws: WarehouseError.timeout(task: "the query", seconds: 0.2)) {
        try reader.query(slow, limits: QueryLimits(timeoutMicros: 200_000))
    }
    #expect(try reader.query("SELECT 1", limits: QueryLimits(timeoutMicros: 60_000_000)).rowCount == 1)
    for statement in [
        "DELETE FROM shop.t", "CREATE TABLE shop.u AS SELECT 1", "DROP TABLE shop.t", "SET threads = 1",
        "COPY shop.t TO '/tmp/never.csv'", "ATTACH ':memory:' AS other", "COMMIT",
        "EXPLAIN ANALYZE COPY shop.t TO '/tmp/never.csv'",
    ] {
        #expect(throws: WarehouseError.notAQuery(statement)) { try reader.query(statement) }
    }
    let wrong = #expect(throws: WarehouseError.self) { try reader.query("SELECT\n  nope FROM shop.t") }
    guard case .failed(_, let cause)? = wrong else {
        Issue.record("\(String(describing: wrong))")
        return
    }
    #expect(cause.failure?.position?.line == 2 && cause.failure?.position?.column == 3)
    #expect(try bench.warehouse.rowCount(of: shop("t")) == 10000)
}

@Test
func sameRowsInOtherFilesKeepTheVersion() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    func file(_ name: String, _ sql: String) throws -> ExternalTable.File {
        let path = folder.path + "/" + name
        try bench.warehouse.database.connect().execute("COPY (\(sql)) TO \(SQLText.literal(path)) (FORMAT parquet)")
        return ExternalTable.File(path: path)
    }
    func set(_ files: [ExternalTable.File], sameRows: Bool) throws -> Int64 {
        try bench.warehouse.setExternalTable(
            ExternalTable(relation: shop("lake"), files: files, schema: Schema([Field("id", .int64)])),
            sameRows: sameRows)
    }
    let first = try set([file("a", "SELECT 1 AS id"), file("b", "SELECT 2 AS id")], sameRows: true)
    #expect(first > 0, "the first time there are no rows that could be the same")
    let both = try file("ab", "SELECT unnest([1, 2]) AS id")
    #expect(try set([both], sameRows: true) == first)
    #expect(try bench.warehouse.version(of: shop("lake")) == first)
    try FileManager.default.removeItem(atPath: folder.path + "/a")
    #expect(try bench.text("SELECT id FROM shop.lake ORDER BY id") == "(1) (2)")
    #expect(try set([both, file("c", "SELECT 3 AS id")], sameRows: false) > first)
}

@Test
func whatRanAtAMomentIsKnownToBeOver() throws {
    let activity = WarehouseActivity()
    let early = activity.begin()
    let mark = activity.mark()
    let late = activity.begin()
    #expect(!activity.isOver(mark))
    activity.end(early)
    #expect(activity.isOver(mark) && !activity.isOver(activity.mark()))
    activity.end(late)
    #expect(activity.isOver(activity.mark()))
}

private struct Enough: Error {}

@Test
func rowsStreamInSmallBatches() throws {
    let bench = try Bench()
    let reader = try bench.warehouse.openReader()
    for (cap, expected, truncated) in [
        (nil, 100_000, false), (5000, 5000, true), (0, 0, true), (100_000, 100_000, false),
    ]
        as [(Int?, Int, Bool)]
    {
        var names: [String] = []
        var rows = 0
        let more = try reader.stream(
            "SELECT range AS n, 'x' AS t FROM range(100000)", limits: QueryLimits(rowsMax: cap)
        ) {
            names = $0.fields.map(\.name)
        } take: { batch in
            #expect(batch.count <= 4096)
            rows += batch.count
        }
        #expect(names == ["n", "t"] && rows == expected && more == truncated)
    }
    var taken = 0
    #expect(throws: Enough.self) {
        _ = try reader.stream("FROM range(1000000)", limits: QueryLimits()) { _ in
        } take: { _ in
            taken += 1
            throw Enough()
        }
    }
    #expect(taken == 1)
    #expect(try reader.query("SELECT 1").rowCount == 1)
}

@Test
func closedReadersEndTheirQueriesAndBeginNone() throws {
    let bench = try Bench()
    let slow = "SELECT count(*) FROM range(100000000) a, range(100000) b"
    func isInterrupted(_ error: WarehouseError?) -> Bool {
        guard case .failed(_, let cause)? = error else { return false }
        return cause.failure?.kind == .interrupted
    }
    // Whatever the moment.
    for delay in [0, 1, 5, 50, 300] {
        let reader = try bench.warehouse.openReader()
        let running = ThreadWork { _ = try reader.query(slow) }
        Thread.sleep(forTimeInterval: Double(delay) / 1000)
        reader.close()
        let error = #expect(throws: WarehouseError.self) { try running.wait() }
        #expect(isInterrupted(error), "\(String(describing: error))")
        #expect(isInterrupted(#expect(throws: WarehouseError.self) { try reader.query("SELECT 1") }))
    }
    let readers = try (0..<4).map { _ in try bench.warehouse.openReader() }
    let running = readers.map { reader in ThreadWork { _ = try reader.query(slow) } }
    Thread.sleep(forTimeInterval: 0.2)
    bench.warehouse.closeReaders()
    for task in running {
        let error = #expect(throws: WarehouseError.self) { try task.wait() }
        #expect(isInterrupted(error))
    }
    let late = try bench.warehouse.openReader()
    #expect(isInterrupted(#expect(throws: WarehouseError.self) { try late.query("SELECT 1") }))
    // What is no reader goes on.
    try bench.run("t", "SELECT 1 AS n")
    #expect(try bench.warehouse.rowCount(of: shop("t")) == 1)
}

@Test
func modelsAndQueriesReadOnlyTheirFiles() throws {
    let folder = try TemporaryFolder()
    let secret = try folder.write("secret.csv", "n\n1\n")
    try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
    let given = try folder.write("in/given.csv", "n\n2\n")
    let warehouse = try DuckDBWarehouse(
        path: folder.path + "/w.duckdb", budget: WarehouseBudget(temporaryDirectory: folder.path + "/tmp"),
        access: FileAccess(folders: [folder.path + "/in"]))
    let reader = try warehouse.openReader()
    #expect(try reader.query("FROM '\(given)'").rowCount == 1)
    #expect(throws: WarehouseError.self) { try reader.query("FROM '\(secret)'") }
    #expect(throws: WarehouseError.self) { try reader.query("FROM read_text('/etc/hostname')") }
    let loaded = try warehouse.load(
        BulkLoad(
            relation: shop("given"), files: [given], format: .csv(.init()), columns: [LoadColumn("n", "BIGINT")],
            runID: "1"), progress: SilentProgress())
    #expect(loaded.rowCount == 1)
    #expect(throws: WarehouseError.self) {
        try warehouse.run(
            ModelRun(relation: shop("t"), sql: "FROM '\(secret)'", method: .table, runID: "2"),
            progress: SilentProgress())
    }
}
