import Base
import Columnar
import Dispatch
import DuckDB
import Foundation
import Synchronization
import Warehouse

/// A folder that is gone when the test is.
final class TemporaryFolder {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("warehouse-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}

/// A warehouse in memory, its clock by hand, and short words for what tests do with it.
struct Bench {
    let warehouse: DuckDBWarehouse
    let clock = ManualClock(micros: 1_000_000)
    private let reader: any WarehouseReader

    init(path: String? = nil, budget: WarehouseBudget = WarehouseBudget()) throws {
        warehouse = try DuckDBWarehouse(path: path, budget: budget, clock: clock)
        reader = try warehouse.openReader()
    }

    @discardableResult
    func run(
        _ name: String, _ sql: String, _ method: BuildMethod = .table, runID: String = UUID().uuidString,
        fullRefresh: Bool = false, contract: [ContractColumn]? = nil, inputs: [String] = []
    ) throws -> BuildOutcome {
        try warehouse.run(
            ModelRun(
                relation: shop(name), sql: sql, method: method, fullRefresh: fullRefresh,
                contract: contract, inputs: inputs.map(shop), runID: runID), progress: SilentProgress())
    }

    /// All rows as text: `(1, a) (2, NULL)`.
    func text(_ sql: String) throws -> String {
        let answer = try reader.query("SELECT coalesce(COLUMNS(*)::VARCHAR, 'NULL') FROM (\(sql)\n)")
        return answer.batches.flatMap { batch in
            let columns = batch.columns.map { BytesView($0) }
            return (0..<batch.count).map { row in "(" + columns.map { $0.string(row) }.joined(separator: ", ") + ")" }
        }.joined(separator: " ")
    }
}

func shop(_ name: String) -> RelationName { RelationName(schema: "shop", name: name) }

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
