import Base
import Columnar
import DuckDB
import Foundation
import Testing
import Warehouse

private let columns = [LoadColumn("carrier", "VARCHAR"), LoadColumn("dep_delay", "DOUBLE")]

private func load(
    _ files: [String], _ mode: BulkLoad.Mode = .replace, format: BulkLoad.Format? = nil,
    columns wanted: [LoadColumn] = columns,
    runID: String = UUID().uuidString
) -> BulkLoad {
    BulkLoad(
        relation: shop("flights"), files: files, format: format ?? .csv(BulkLoad.CSV(nullStrings: ["NA", ""])),
        columns: wanted, mode: mode, runID: runID)
}

@Test
func csvLoadsTypedByNameWithNulls() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    let file = try folder.write("a.csv", "year,dep_delay,carrier\n2013,2.5,UA\n2013,NA,\"A, B\"\n")
    let outcome = try bench.warehouse.load(load([file]), progress: SilentProgress())
    #expect(outcome.handOver == HandOver(read: 2, written: 2))
    #expect(try bench.text("SELECT * FROM shop.flights") == "(UA, 2.5) (A, B, NULL)")
    #expect(
        try bench.warehouse.schema(of: shop("flights"))?.fields.map(\.type) == [.utf8, .float64])
    let more = try bench.warehouse.load(load([file, file], .append, runID: "r"), progress: SilentProgress())
    #expect(more.handOver == HandOver(read: 4, written: 4) && more.rowCount == 6)
    #expect(try bench.warehouse.load(load([file, file], .append, runID: "r"), progress: SilentProgress()).repeated)
    #expect(try bench.warehouse.rowCount(of: shop("flights")) == 6)
}

/// Files that are put back as they once were replace what came in between; the same files twice cost nothing.
@Test
func filesThatAreAsTheyOnceWereAreLoadedAgain() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    let first = try folder.write("a.csv", "carrier,dep_delay\nUA,1\n")
    let second = try folder.write("b.csv", "carrier,dep_delay\nAA,2\n")
    func take(_ files: [String], _ runID: String) throws -> Bool {
        try bench.warehouse.load(load(files, runID: runID), progress: SilentProgress()).repeated
    }
    #expect(try !take([first], "one"))
    #expect(try take([first], "one"))
    #expect(try !take([first, second], "both"))
    #expect(try !take([first], "one"))
    #expect(try bench.text("SELECT * FROM shop.flights") == "(UA, 1.0)")
    #expect(try take([first], "one"))
}

@Test(arguments: [
    ("carrier,dep_delay\nUA,1\nAA,late\n", 3, 4, "DOUBLE", "'late'"),
    ("carrier,dep_delay\nUA,1\nAA\n", 3, 1, "2 columns", "1: AA"),
    ("carrier,dep_delay\nUA,1\nAA,2,3\n", 3, 1, "2 columns", "3: AA,2,3"),
])
func aBadRowIsNamedAndNothingIsLoaded(text: String, line: Int, column: Int, expected: String, found: String) throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    let good = try folder.write("good.csv", "carrier,dep_delay\nDL,0\n")
    try bench.warehouse.load(load([good]), progress: SilentProgress())
    let bad = try folder.write("bad.csv", text)
    let error = #expect(throws: WarehouseError.self) {
        try bench.warehouse.load(load([good, bad]), progress: SilentProgress())
    }
    #expect(error?.report.code == "WH-005")
    #expect(error?.report.location == SourceLocation(file: bad, line: line, column: column))
    #expect(error?.report.expected == expected)
    #expect(error?.report.found == found)
    #expect(try bench.text("SELECT * FROM shop.flights") == "(DL, 0.0)")
}

@Test
func missingColumnsAndFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    let file = try folder.write("a.csv", "carrier,delay\nUA,1\n")
    let error = #expect(throws: WarehouseError.self) {
        try bench.warehouse.load(load([file]), progress: SilentProgress())
    }
    #expect(error == .fileColumnMissing(file: file, column: "dep_delay", found: ["carrier", "delay"]))
    let gone = #expect(throws: WarehouseError.self) {
        try bench.warehouse.load(load([folder.path + "/gone.csv"]), progress: SilentProgress())
    }
    #expect(gone == .nothingToLoad(shop("flights"), missing: folder.path + "/gone.csv"))
    #expect(throws: WarehouseError.nothingToLoad(shop("flights"))) {
        try bench.warehouse.load(load([]), progress: SilentProgress())
    }
}

@Test
func parquetAndJSONLoadToo() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench()
    let parquet = folder.path + "/a.parquet"
    try bench.warehouse.database.connect().execute(
        "COPY (SELECT 'UA' AS carrier, 3 AS dep_delay, 1 AS other) TO \(SQLText.literal(parquet))")
    try bench.warehouse.load(load([parquet], format: .parquet), progress: SilentProgress())
    #expect(try bench.text("SELECT * FROM shop.flights") == "(UA, 3.0)")
    let json = try folder.write("a.json", #"{"carrier": "AA", "dep_delay": 1.5}"# + "\n" + #"{"carrier": "B6"}"# + "\n")
    try bench.warehouse.load(load([json], .append, format: .json), progress: SilentProgress())
    #expect(try bench.text("SELECT * FROM shop.flights") == "(UA, 3.0) (AA, 1.5) (B6, NULL)")
}

@Test
func epochsAreAppendedOnce() throws {
    let bench = try Bench()
    func batch(_ values: [Int64]) -> RecordBatch {
        let builder = PrimitiveColumnBuilder<Int64>(.int64)
        for value in values { builder.append(value) }
        return RecordBatch(
            schema: Schema([Field("n", .int64, nullable: false)]), columns: [builder.finish()], count: values.count)
    }
    let warehouse = bench.warehouse
    #expect(try warehouse.append([batch([1, 2])], to: shop("t"), writer: "job", epoch: Epoch(1)))
    let version = try warehouse.version(of: shop("t"))
    #expect(try !warehouse.append([batch([1, 2])], to: shop("t"), writer: "job", epoch: Epoch(1)))
    #expect(try warehouse.append([], to: shop("t"), writer: "job", epoch: Epoch(2)))
    #expect(try warehouse.version(of: shop("t")) == version)
    #expect(try warehouse.append([batch([3])], to: shop("t"), writer: "other job", epoch: Epoch(1)))
    #expect(try warehouse.lastEpoch(of: "job", in: shop("t")) == Epoch(2))
    #expect(try bench.text("SELECT n FROM shop.t ORDER BY n") == "(1) (2) (3)")
}

@Test
func progressIsTold() throws {
    final class Collected: Base.WorkReporting, @unchecked Sendable {
        let lock = NSLock()
        var updates: [(task: String, done: Int64, total: Int64?)] = []
        var summary = ""
        func update(task: String, done: Int64, total: Int64?, unit: WorkUnit) {
            #expect(unit == .parts, "what DuckDB counts are no rows")
            lock.withLock { updates.append((task, done, total)) }
        }
        func finish(task: String, summary: String, count: (number: Int64, of: String)?) {
            #expect(count?.number == 1)
            lock.withLock { self.summary = summary }
        }
        func abandon(task: String) { Issue.record("it came to its end") }
    }
    let bench = try Bench(budget: WarehouseBudget(threads: 1))
    let collected = Collected()
    _ = try bench.warehouse.run(
        ModelRun(
            relation: shop("t"), sql: "SELECT max(hash(a.i * b.i)) AS n FROM range(20000) a(i), range(15000) b(i)",
            method: .table,
            runID: "r"), progress: collected)
    #expect(collected.summary == "1 row written, 1 in all")
    #expect(!collected.updates.isEmpty)
    #expect(collected.updates.allSatisfy { $0.task == "model shop.t" && $0.done <= $0.total ?? .max })
}
