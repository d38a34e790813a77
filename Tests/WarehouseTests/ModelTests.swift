import Base
import Columnar
import DuckDB
import Foundation
import Synchronization
import Testing
import Warehouse

@Test
func aTableIsRebuiltAndKeepsItsRowsWhenABuildFails() throws {
    let bench = try Bench()
    let first = try bench.run("t", "SELECT 1 AS n UNION ALL SELECT 2")
    #expect(first.handOver == HandOver(read: 2, written: 2))
    #expect(first.rowCount == 2)
    let error = #expect(throws: WarehouseError.self) { try bench.run("t", "SELECT 1 AS n, error('broken half way')") }
    #expect(error?.report.message.contains("model shop.t") == true)
    #expect(error?.report.message.contains("broken half way") == true)
    #expect(try bench.text("SELECT n FROM shop.t ORDER BY n") == "(1) (2)")
    #expect(try bench.warehouse.version(of: shop("t")) == first.version)
    let second = try bench.run("t", "SELECT n + 1 AS n FROM shop.t -- itself, before")
    #expect(second.version > first.version)
    #expect(try bench.text("SELECT n FROM shop.t ORDER BY n") == "(2) (3)")
}

@Test
func aRelationChangesItsKind() throws {
    let bench = try Bench()
    try bench.run("v", "SELECT 1 AS n", .view)
    try bench.run("v", "SELECT 2 AS n", .table)
    #expect(try bench.text("SELECT n FROM shop.v") == "(2)")
    try bench.run("v", "SELECT 3 AS n", .view)
    #expect(try bench.text("SELECT n FROM shop.v") == "(3)")
    try bench.run("v", "SELECT 4 AS n", .incremental(IncrementalPlan(strategy: .append)))
    #expect(try bench.text("SELECT n FROM shop.v") == "(4)")
}

/// A filter on what is there already is for a table that is there; a view of that name has no rows of its own.
@Test
func onlyATableIsAddedTo() throws {
    let bench = try Bench()
    func run() throws {
        try bench.warehouse.run(
            ModelRun(
                relation: shop("v"), sql: "SELECT 1 AS n UNION ALL SELECT 2",
                incrementalSQL: "SELECT n + 10 AS n FROM shop.v",
                method: .incremental(IncrementalPlan(strategy: .append)),
                runID: UUID().uuidString), progress: SilentProgress())
    }
    try bench.run("v", "SELECT 7 AS n", .view)
    try run()
    #expect(try bench.text("SELECT n FROM shop.v ORDER BY n") == "(1) (2)")
    try run()
    #expect(try bench.text("SELECT n FROM shop.v ORDER BY n") == "(1) (2) (11) (12)")
}

@Test
func onlyTheNewestRunsAreRemembered() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.duckdb"
    func view(_ bench: Bench, _ name: String, _ runID: String) throws -> BuildOutcome {
        bench.clock.advance(micros: 2_000)
        return try bench.run(name, "SELECT 1 AS n", .view, runID: runID)
    }
    do {
        let bench = try Bench(path: path)
        _ = try view(bench, "other", "other")
        _ = try view(bench, "t", "run 0")
    }
    _ = try DuckDBDatabase(path: path).connect().execute(
        """
        INSERT INTO _gariep.runs
        SELECT * EXCLUDE (i) REPLACE ('run ' || i AS run_id, finished_micros + i AS finished_micros)
        FROM _gariep.runs, range(1, 1099) AS numbers(i) WHERE relation_name = 't'
        """)
    let bench = try Bench(path: path)
    bench.clock.advance(micros: 1_000_000)
    let kept = "SELECT relation_name, count(*) FROM _gariep.runs GROUP BY ALL ORDER BY ALL"
    #expect(try bench.text(kept) == "(other, 1) (t, 1099)")
    _ = try view(bench, "t", "newest")
    #expect(try bench.text(kept) == "(other, 1) (t, 1000)")
    #expect(try view(bench, "t", "newest").repeated)
    #expect(try view(bench, "t", "run 1098").repeated)
    #expect(try !view(bench, "t", "run 99").repeated)
}

@Test
func aRunIsTakenIntoAccountOnce() throws {
    let bench = try Bench()
    let plan = BuildMethod.incremental(IncrementalPlan(strategy: .append))
    try bench.run("t", "SELECT 1 AS n", plan, runID: "a")
    let once = try bench.run("t", "SELECT 2 AS n", plan, runID: "b")
    let twice = try bench.run("t", "SELECT 2 AS n", plan, runID: "b")
    #expect(!once.repeated && twice.repeated)
    #expect(twice.handOver == once.handOver && twice.version == once.version && twice.rowCount == 2)
    #expect(try bench.text("SELECT n FROM shop.t ORDER BY n") == "(1) (2)")
}

@Test(arguments: [
    (IncrementalPlan(strategy: .append), "(1, a) (2, b) (2, c) (3, d)", HandOver(read: 2, written: 2)),
    (IncrementalPlan(strategy: .deleteInsert, uniqueKey: ["k"]), "(1, a) (2, c) (3, d)", HandOver(read: 2, written: 2)),
    (IncrementalPlan(strategy: .merge, uniqueKey: ["k"]), "(1, a) (2, c) (3, d)", HandOver(read: 2, written: 2)),
])
func incrementalStrategies(plan: IncrementalPlan, wanted: String, handOver: HandOver) throws {
    let bench = try Bench()
    let built = try bench.run("t", "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(k, v)", .incremental(plan))
    let outcome = try bench.run("t", "SELECT * FROM (VALUES (2, 'c'), (3, 'd')) t(k, v)", .incremental(plan))
    #expect(outcome.handOver == handOver)
    #expect(outcome.version > built.version)
    #expect(try bench.text("SELECT k, v FROM shop.t ORDER BY ALL") == wanted)
    let idle = try bench.run("t", "SELECT 1 AS k, 'a' AS v WHERE false", .incremental(plan))
    #expect(idle.version == outcome.version)
    try bench.run("t", "SELECT 9 AS k, 'z' AS v", .incremental(plan), fullRefresh: true)
    #expect(try bench.text("SELECT k, v FROM shop.t") == "(9, z)")
}

@Test(arguments: 0..<8)
func mergeAgreesWithASimpleModel(seed: UInt64) throws {
    var source = SplitMix64(seed: seed)
    let bench = try Bench()
    let plan = IncrementalPlan(strategy: seed % 2 == 0 ? .merge : .deleteInsert, uniqueKey: ["a", "b"])
    var wanted: [String: Int] = [:]
    for round in 0..<5 {
        var new: [String: Int] = [:]
        for _ in 0..<Int.random(in: 1...30, using: &source) {
            let a = Int.random(in: 0...4, using: &source)
            new["\(a == 0 ? "NULL" : "\(a)"), \(Int.random(in: 0...4, using: &source))"] = round * 1_000 + new.count
        }
        let rows = new.map { "(\($0.key), \($0.value))" }.joined(separator: ", ")
        try bench.run(
            "t", "SELECT a::INTEGER AS a, b, v FROM (VALUES \(rows)) t(a, b, v)", .incremental(plan))
        wanted.merge(new) { $1 }
        let found = try bench.text("SELECT a, b, v FROM shop.t")
        let model = wanted.map { "(\($0.key), \($0.value))" }
        #expect(
            Set(found.split(separator: ") ").map { $0.last == ")" ? String($0) : $0 + ")" }) == Set(model),
            "seed \(seed), round \(round)")
        #expect(try bench.warehouse.rowCount(of: shop("t")) == wanted.count)
    }
}

@Test
func namesMayDifferInCase() throws {
    let bench = try Bench()
    let plan = IncrementalPlan(strategy: .merge, uniqueKey: ["ID"], onSchemaChange: .fail)
    let contract = [ContractColumn(name: "Id", sqlType: "INTEGER"), ContractColumn(name: "V", sqlType: "INTEGER")]
    try bench.run("t", "SELECT 1 AS id, 1 AS v", .incremental(plan), contract: contract)
    try bench.run("t", "SELECT 1 AS Id, 2 AS V", .incremental(plan), contract: contract)
    #expect(try bench.text("SELECT * FROM shop.t") == "(1, 2)")
}

@Test
func keysAreChecked() throws {
    let bench = try Bench()
    try bench.run("t", "SELECT 1 AS k")
    let missing = IncrementalPlan(strategy: .merge, uniqueKey: ["nope"])
    #expect(throws: WarehouseError.keyMissing(shop("t"), column: "nope", columns: ["k"])) {
        try bench.run("t", "SELECT 2 AS k", .incremental(missing))
    }
    #expect(throws: WarehouseError.duplicateKeys(shop("t"), key: ["k"], example: "2", rows: 2)) {
        try bench.run(
            "t", "SELECT 2 AS k UNION ALL SELECT 2", .incremental(IncrementalPlan(strategy: .merge, uniqueKey: ["k"])))
    }
    #expect(try bench.text("SELECT * FROM shop.t") == "(1)")
}

@Test
func schemaChangesAreHandledAsTheModelSays() throws {
    let bench = try Bench()
    func plan(_ change: IncrementalPlan.OnSchemaChange) -> BuildMethod {
        .incremental(IncrementalPlan(strategy: .append, onSchemaChange: change))
    }
    try bench.run("t", "SELECT 1 AS a, 'x' AS b")
    let changed = "SELECT 2 AS a, 7 AS c"
    let error = #expect(throws: WarehouseError.self) { try bench.run("t", changed, plan(.fail)) }
    #expect(error == .schemaChanged(shop("t"), added: ["c INTEGER"], removed: ["b"], retyped: []))
    #expect(try bench.text("SELECT * FROM shop.t") == "(1, x)")
    try bench.run("t", changed, plan(.ignore))
    #expect(try bench.text("SELECT * FROM shop.t ORDER BY a") == "(1, x) (2, NULL)")
    try bench.run("t", "SELECT 3 AS a, 7 AS c", plan(.appendNewColumns))
    #expect(try bench.text("SELECT * FROM shop.t ORDER BY a") == "(1, x, NULL) (2, NULL, NULL) (3, NULL, 7)")
    let retyped = #expect(throws: WarehouseError.self) {
        try bench.run("t", "SELECT 'x' AS a, 'b' AS b, 1 AS c", plan(.fail))
    }
    #expect(retyped == .schemaChanged(shop("t"), added: [], removed: [], retyped: ["a VARCHAR"]))
}

@Test
func contractsAreKept() throws {
    let bench = try Bench()
    let contract = [
        ContractColumn(name: "a", sqlType: "integer", notNull: true), ContractColumn(name: "b", sqlType: "varchar"),
    ]
    try bench.run("t", "SELECT 1 AS a, 'x' AS b", contract: contract)
    let error = #expect(throws: WarehouseError.self) {
        try bench.run("t", "SELECT 1::BIGINT AS a, 2 AS c", contract: contract)
    }
    #expect(
        error
            == .contractBroken(
                shop("t"), problems: ["a is BIGINT, not INTEGER", "b is missing", "c INTEGER is not in the contract"]))
    let null = #expect(throws: WarehouseError.self) {
        try bench.run("t", "SELECT NULL::INTEGER AS a, 'x' AS b", contract: contract)
    }
    #expect(null == .contractBroken(shop("t"), problems: ["a is null in 1 rows"]))
    #expect(try bench.text("SELECT * FROM shop.t") == "(1, x)")
}

@Test
func versionsFollowWhatIsRead() throws {
    let bench = try Bench()
    try bench.run("base", "SELECT 1 AS n")
    try bench.run("other", "SELECT 1 AS n")
    try bench.run("view", "SELECT * FROM shop.base", .view, inputs: ["base"])
    try bench.run("top", "SELECT * FROM shop.view", .view, inputs: ["view"])
    let before = try #require(try bench.warehouse.version(of: shop("top")))
    try bench.run("other", "SELECT 2 AS n")
    try bench.run("view", "SELECT * FROM shop.base", .view, inputs: ["base"])
    #expect(try bench.warehouse.version(of: shop("top")) == before)
    try bench.run("base", "SELECT 2 AS n")
    #expect(try #require(try bench.warehouse.version(of: shop("top"))) > before)
    #expect(try bench.warehouse.version(of: shop("nowhere")) == nil)
    #expect(throws: WarehouseError.unknownRelation(shop("nowhere"))) {
        try bench.warehouse.rowCount(of: shop("nowhere"))
    }
    #expect(try bench.warehouse.schema(of: shop("top"))?.fields == [Field("n", .int32)])
}

@Test
func modelsAreBuiltSideBySideWhileOthersRead() async throws {
    let bench = try Bench()
    try bench.run("seen", "SELECT 0 AS n FROM range(1000)")
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<4 {
            group.addTask {
                for round in 1...5 { try bench.run("m\(number)", "SELECT \(round) AS n FROM range(20000)") }
            }
        }
        group.addTask {
            for round in 1...10 { try bench.run("seen", "SELECT \(round) AS n FROM range(1000)") }
        }
        group.addTask {
            let reader = try bench.warehouse.openReader()
            for _ in 0..<50 {
                let answer = try reader.query("SELECT count(*), count(DISTINCT n) FROM shop.seen")
                #expect(PrimitiveView<Int64>(answer.batches[0].columns[0])[0] == 1000)
                #expect(PrimitiveView<Int64>(answer.batches[0].columns[1])[0] == 1)
            }
        }
        try await group.waitForAll()
    }
    #expect(try bench.text("SELECT n, count(*) FROM shop.m3 GROUP BY n") == "(5, 20000)")
    #expect(try bench.text("SELECT count(*) FROM _gariep.runs") == "(31)")
}

@Test
func stoppingInTheMiddleLeavesTheOldTable() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench(path: folder.path + "/w.duckdb")
    try bench.run("t", "SELECT 1 AS n")
    let long = "SELECT max(hash(a.i * b.i)) AS n FROM range(3000000) a(i), range(3000000) b(i)"
    let building = ThreadWork { try bench.run("t", long) }
    Thread.sleep(forTimeInterval: 0.3)
    // What a kill at this moment would leave on disk.
    let killed = folder.path + "/killed.duckdb"
    try FileManager.default.copyItem(atPath: folder.path + "/w.duckdb", toPath: killed)
    if FileManager.default.fileExists(atPath: folder.path + "/w.duckdb.wal") {
        try FileManager.default.copyItem(atPath: folder.path + "/w.duckdb.wal", toPath: killed + ".wal")
    }
    #expect(try bench.text("SELECT n FROM shop.t") == "(1)")
    bench.warehouse.interruptAll()
    let error = #expect(throws: WarehouseError.self) { try building.wait() }
    guard case .failed(_, let cause)? = error else {
        Issue.record("\(String(describing: error))")
        return
    }
    #expect(cause.failure?.kind == .interrupted)
    #expect(try bench.text("SELECT n FROM shop.t") == "(1)")
    // Whatever the moment, a stopped run ends.
    for delay in [0, 1, 2, 3, 5, 8] {
        let isOver = Atomic(false)
        let stopper = ThreadWork {
            while !isOver.load(ordering: .acquiring) {
                Thread.sleep(forTimeInterval: Double(delay + 10) / 1000)
                bench.warehouse.interruptAll()
            }
        }
        #expect(throws: WarehouseError.self) { try bench.run("u", long) }
        isOver.store(true, ordering: .releasing)
        try stopper.wait()
    }
    let after = try Bench(path: killed)
    #expect(try after.text("SELECT n FROM shop.t") == "(1)")
    #expect(try after.run("t", "SELECT n + 1 AS n FROM shop.t").rowCount == 1)
}

@Test
func aFullDiskLeavesTheOldTable() throws {
    let folder = try TemporaryFolder()
    let bench = try Bench(
        path: folder.path + "/w.duckdb",
        budget: WarehouseBudget(
            memoryBytes: 24 << 20, threads: 2, temporaryDirectory: folder.path + "/spill", temporaryBytesMax: 2 << 20))
    try bench.run("t", "SELECT 1 AS n")
    let error = #expect(throws: WarehouseError.self) {
        try bench.run("t", "SELECT i, hash(i)::VARCHAR || 'abcdefghijklmnop' AS s FROM range(2000000) t(i) ORDER BY s")
    }
    #expect(["DDB-008", "DDB-009"].contains(error?.report.code))
    #expect(try bench.text("SELECT n FROM shop.t") == "(1)")
}

@Test(arguments: [BuildMethod.view, .table, .incremental(IncrementalPlan(strategy: .append))])
func mistakesArePointedAtInTheModelsOwnText(method: BuildMethod) throws {
    let bench = try Bench()
    try bench.run("t", "SELECT 1 AS n", method == .view ? .view : .table)
    for sql in ["SELECT n,\n    nope\nFROM shop.t", "SELECT n,\n    CAST('x' || n AS INTEGER) AS m\nFROM shop.t"] {
        if method == .view, sql.contains("CAST") { continue }
        let error = #expect(throws: WarehouseError.self) { try bench.run("u", sql, method) }
        guard case .failed(_, let cause)? = error, let position = cause.failure?.position else {
            Issue.record("\(String(describing: error))")
            continue
        }
        #expect(position.line == 2 && position.column == 5, "\(sql)")
        #expect(cause.failure?.sql == sql)
    }
    let test = DataTest(name: "it", relation: nil, kind: .singular(sql: "SELECT *\nFROM nowhere"))
    let error = #expect(throws: WarehouseError.self) { try bench.warehouse.check(test) }
    #expect(error?.report.message.contains("SQL line 2, column 6") == true)
}
