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

    /// Connections that tell their progress. They are made at first, as that is a setting, and settings may be locked.
    private let spare = Mutex<[DuckDBConnection]>([])
    private static let spareCount = 4

    /// The sessions and readers that work now.
    private struct Running {
        var next = 0
        var connections: [Int: DuckDBConnection] = [:]
        var stopped: Set<Int> = []
        var readers: Set<Int> = []
        var readersAreClosed = false
    }

    /// - Parameters:
    ///   - path: of the database's file, made where there is none; nil for memory.
    ///   - access: the files that models, loads and queries may open; nil for all that the process may.
    public init(
        path: String?, budget: WarehouseBudget = WarehouseBudget(), access: FileAccess? = nil,
        clock: any WallClock = SystemClock()
    ) throws(WarehouseError) {
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
            var connections: [DuckDBConnection] = []
            for _ in 0..<Self.spareCount {
                let connection = try database.connect()
                try connection.trackProgress()
                connections.append(connection)
            }
            spare.withLock { [connections] in $0 = connections }
            if let access { try database.restrict(to: access) }
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
        let kept = spare.withLock { $0.popLast() }
        defer { if let kept { spare.withLock { $0.append(kept) } } }
        let connection: DuckDBConnection
        do throws(DuckDBError) {
            if let kept { connection = kept } else { connection = try database.connect() }
        } catch { throw .failed(task: task, cause: error) }
        return try tracked(connection, isReader: false) { number throws(WarehouseError) in
            try body(
                WarehouseSession(connection: connection, task: task, isStopped: { [self] in isStopped(number) }))
        }
    }

    /// Lets `interruptAll` and `interrupt(_:)` reach the connection while `body` runs.
    func tracked<Result>(
        _ connection: DuckDBConnection, isReader: Bool, _ body: (Int) throws(WarehouseError) -> Result
    ) throws(WarehouseError) -> Result {
        let entry = activity.begin()
        defer { activity.end(entry) }
        let number = running.withLock { running in
            running.next += 1
            running.connections[running.next] = connection
            if isReader {
                running.readers.insert(running.next)
                if running.readersAreClosed { running.stopped.insert(running.next) }
            }
            return running.next
        }
        defer {
            running.withLock { running in
                running.connections[number] = nil
                running.stopped.remove(number)
                running.readers.remove(number)
            }
        }
        return try body(number)
    }

    func isStopped(_ number: Int) -> Bool { running.withLock { $0.stopped.contains(number) } }

    /// Stops what runs under a number, if it still runs.
    func interrupt(_ number: Int) { interrupt { $0.connections[number] == nil ? [] : [number] } }

    public func interruptAll() { interrupt { Set($0.connections.keys) } }

    public func closeReaders() {
        interrupt { running in
            running.readersAreClosed = true
            return running.readers
        }
    }

    private func interrupt(_ chosen: (inout Running) -> Set<Int>) {
        let isAny = running.withLock { running in
            let numbers = chosen(&running)
            running.stopped.formUnion(numbers)
            for number in numbers { running.connections[number]?.interrupt() }
            return !numbers.isEmpty
        }
        if isAny { interruptAgain() }
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

    /// An interruption that comes just before a statement begins is lost, so that it is repeated until the end.
    private func interruptAgain() {
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { [weak self] in
            guard let self else { return }
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
        do throws(DuckDBError) { return DuckDBReader(connection: try database.connect(), of: self) } catch {
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
