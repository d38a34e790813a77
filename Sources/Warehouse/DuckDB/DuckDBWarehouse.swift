public import Base
public import Columnar
public import DuckDB

internal import Dispatch
internal import Synchronization

/// What a warehouse may use of the machine.
public struct WarehouseBudget: Sendable, Hashable {
    public var memoryBytes: Int?
    public var threads: Int?
    /// Where DuckDB spills what does not fit in memory.
    public var temporaryDirectory: String?
    public var temporaryBytesMax: Int?

    public init(
        memoryBytes: Int? = nil, threads: Int? = nil, temporaryDirectory: String? = nil, temporaryBytesMax: Int? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.threads = threads
        self.temporaryDirectory = temporaryDirectory
        self.temporaryBytesMax = temporaryBytesMax
    }
}

/// The embedded warehouse: DuckDB, in one file or in memory.
public final class DuckDBWarehouse: WarehouseEngine {
    /// For those who need DuckDB itself; what they change does not change versions.
    public let database: DuckDBDatabase
    let clock: any WallClock
    let activity = WarehouseActivity()
    private let lastVersion: Mutex<Int64>
    private let running = Mutex(Running())

    /// The sessions that work now.
    private struct Running {
        var next = 0
        var connections: [Int: DuckDBConnection] = [:]
        var stopped: Set<Int> = []
    }

    /// - Parameter path: of the database's file, made where there is none; nil for memory.
    public init(path: String?, budget: WarehouseBudget = WarehouseBudget(), clock: any WallClock = SystemClock())
        throws(WarehouseError)
    {
        let task = "open the warehouse"
        do throws(DuckDBError) {
            database = try DuckDBDatabase(
                path: path,
                configuration: DuckDBConfiguration(
                    memoryLimitBytes: budget.memoryBytes, threads: budget.threads,
                    temporaryDirectory: budget.temporaryDirectory, temporaryBytesMax: budget.temporaryBytesMax))
            self.clock = clock
            let ledger = RunLedger(session: WarehouseSession(connection: try database.connect(), task: task))
            do throws(WarehouseError) {
                try ledger.setUp()
                lastVersion = Mutex(try ledger.lastVersion())
            } catch {
                guard case .failed(_, let cause) = error else { throw DuckDBError.internalFailure(error.description) }
                throw cause
            }
        } catch { throw .failed(task: task, cause: error) }
    }

    /// A number above all before it; near the time in microseconds, so that a new database does not repeat an old one's.
    func nextVersion() -> Int64 {
        let now = clock.nowMicros()
        return lastVersion.withLock { last in
            last = max(last + 1, now)
            return last
        }
    }

    /// Gives `body` a connection of its own, which `interruptAll` reaches.
    func session<Result>(_ task: String, _ body: (WarehouseSession) throws(WarehouseError) -> Result)
        throws(WarehouseError) -> Result
    {
        let connection: DuckDBConnection
        do throws(DuckDBError) { connection = try database.connect() } catch { throw .failed(task: task, cause: error) }
        let entry = activity.begin()
        defer { activity.end(entry) }
        let number = running.withLock { running in
            running.next += 1
            running.connections[running.next] = connection
            return running.next
        }
        defer {
            running.withLock { running in
                running.connections[number] = nil
                running.stopped.remove(number)
            }
        }
        return try body(
            WarehouseSession(
                connection: connection, task: task,
                isStopped: { [self] in running.withLock { $0.stopped.contains(number) } }))
    }

    /// A transaction of its own; tried again where it got into the way of another.
    func change<Result>(_ task: String, _ body: (WarehouseSession) throws(WarehouseError) -> Result)
        throws(WarehouseError) -> Result
    {
        var attempt = 1
        while true {
            do throws(WarehouseError) {
                return try session(task) { session throws(WarehouseError) in
                    try session.transaction { () throws(WarehouseError) in try body(session) }
                }
            } catch {
                guard case .failed(_, let cause) = error, cause.failure?.kind == .transaction, attempt < 4 else {
                    throw error
                }
                attempt += 1
            }
        }
    }

    /// Made apart from the change that needs it, so that parallel builds do not conflict over it.
    func ensureSchema(_ name: String) throws(WarehouseError) {
        try change("make the schema \(name)") { session throws(WarehouseError) in
            _ = try session.execute("CREATE SCHEMA IF NOT EXISTS \(SQLText.identifier(name))")
        }
    }

    public func interruptAll() {
        running.withLock { running in
            running.stopped = Set(running.connections.keys)
            for connection in running.connections.values { connection.interrupt() }
        }
        interruptAgain()
    }

    /// An interruption that comes just before a statement begins is lost, so that it is repeated until the end.
    private func interruptAgain() {
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { [self] in
            let isLeft = running.withLock { running in
                for number in running.stopped { running.connections[number]?.interrupt() }
                return !running.stopped.isEmpty
            }
            if isLeft { interruptAgain() }
        }
    }

    public func describe(_ sql: String) throws(WarehouseError) -> Schema {
        try session("describe a query") { session throws(WarehouseError) in try session.describe(sql) }
    }

    public func schema(of relation: RelationName) throws(WarehouseError) -> Schema? {
        try session("describe \(relation)") { session throws(WarehouseError) in
            guard try session.kind(of: relation) != nil else { return nil }
            return try session.describe("SELECT * FROM \(relation.sql)")
        }
    }

    public func rowCount(of relation: RelationName) throws(WarehouseError) -> Int64 {
        try session("count \(relation)") { session throws(WarehouseError) in
            guard try session.kind(of: relation) != nil else { throw .unknownRelation(relation) }
            return try session.count(relation.sql)
        }
    }

    public func version(of relation: RelationName) throws(WarehouseError) -> Int64? {
        try session("version of \(relation)") { session throws(WarehouseError) in
            guard try session.kind(of: relation) != nil else { return nil }
            return try RunLedger(session: session).version(of: relation)
        }
    }

    public func openReader() throws(WarehouseError) -> any WarehouseReader {
        do throws(DuckDBError) { return DuckDBReader(connection: try database.connect(), activity: activity) } catch {
            throw .failed(task: "open a reader", cause: error)
        }
    }

    public func mark() -> ActivityMark { activity.mark() }
    public func isOver(_ mark: ActivityMark) -> Bool { activity.isOver(mark) }

    public func check(_ test: DataTest) throws(WarehouseError) -> TestOutcome {
        try session("test \(test.name)") { session throws(WarehouseError) in
            let sql = test.failuresSQL
            // Mistakes in a person's query are found where they stand, not where the test wraps them.
            if case .singular(let query) = test.kind { _ = try session.describe(query) }
            // Both from one snapshot.
            return try session.transaction { () throws(WarehouseError) in
                let failures = try session.count("(\(sql))")
                let sample = failures == 0 ? [] : try session.batches("\(sql) LIMIT \(max(0, test.sampleRows))")
                let status: TestOutcome.Status = failures == 0 ? .pass : test.severity == .warn ? .warn : .fail
                return TestOutcome(status: status, failures: failures, sample: sample, sql: sql)
            }
        }
    }
}
