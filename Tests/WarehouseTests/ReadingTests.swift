import Base
import Columnar
import DuckDB
import Foundation
import Testing
import Warehouse

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

/// Off the threads that tasks share, which must not be blocked.
private func aside<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try body() }) }
    }
}

@Test
func closedReadersEndTheirQueriesAndBeginNone() async throws {
    let bench = try Bench()
    let slow = "SELECT count(*) FROM range(100000000) a, range(100000) b"
    func isInterrupted(_ error: WarehouseError?) -> Bool {
        guard case .failed(_, let cause)? = error else { return false }
        return cause.failure?.kind == .interrupted
    }
    // Whatever the moment.
    for delay in [0, 1, 5, 50, 300] {
        let reader = try bench.warehouse.openReader()
        let running = Task.detached { try await aside { try reader.query(slow) } }
        try await Task.sleep(for: .milliseconds(delay))
        reader.close()
        let error = await #expect(throws: WarehouseError.self) { try await running.value }
        #expect(isInterrupted(error), "\(String(describing: error))")
        #expect(isInterrupted(#expect(throws: WarehouseError.self) { try reader.query("SELECT 1") }))
    }
    let readers = try (0..<4).map { _ in try bench.warehouse.openReader() }
    let running = readers.map { reader in Task.detached { try await aside { try reader.query(slow) } } }
    try await Task.sleep(for: .milliseconds(200))
    bench.warehouse.closeReaders()
    for task in running {
        let error = await #expect(throws: WarehouseError.self) { try await task.value }
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
