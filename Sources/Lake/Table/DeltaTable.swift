public import Base
public import Columnar
public import Storage
internal import Synchronization

/// A Delta Lake table: snapshots to read, and commits that happen once or not at all.
///
/// Safe from any thread, and beside other programs that write to the same table. Source: Delta Transaction Log Protocol,
/// https://github.com/delta-io/delta/blob/master/PROTOCOL.md; reader versions 1 and 3, writer versions 2 to 7 as far as
/// `TableFeatures` says.
public final class DeltaTable: Sendable {
    static let engine = "Gariep"
    let store: any ObjectStore
    let clock: any WallClock
    let identifiers: any IdentifierSource
    let log: LogReader
    /// The table's folder in its store.
    public let path: String

    /// Written by this object's appenders, and not committed yet.
    let pending = PendingFiles()
    let latest: Mutex<DeltaSnapshot?>
    /// Commits of this program go one after another, so that they do not race each other for a version.
    let committing = Mutex<Void>(())

    private init(
        store: any ObjectStore, path: String, clock: any WallClock, identifiers: any IdentifierSource,
        snapshot: DeltaSnapshot?
    ) {
        self.store = store
        self.path = path
        self.clock = clock
        self.identifiers = identifiers
        log = LogReader(store: store, names: LogNames(table: path))
        latest = Mutex(snapshot)
    }

    /// Where people find the table.
    public var location: String { store.location(path) }

    /// Opens a table that is there.
    ///
    /// - Parameter path: the table's folder in the store, without a slash at its end.
    /// - Throws: `notATable`, `corruptLog`, `unsupportedFeature`.
    public static func open(
        store: any ObjectStore, path: String, clock: any WallClock = SystemClock(),
        identifiers: any IdentifierSource = SystemIdentifiers()
    ) throws(LakeError) -> DeltaTable {
        let snapshot = try LogReader(store: store, names: LogNames(table: path)).load()
        return DeltaTable(store: store, path: path, clock: clock, identifiers: identifiers, snapshot: snapshot)
    }

    /// Makes a new table with no rows.
    ///
    /// - Parameters:
    ///   - schema: any Arrow schema; types that Delta lacks become wider ones (`UINTEGER` becomes `BIGINT`).
    ///   - configuration: Delta's table properties, such as `delta.checkpointInterval`.
    /// - Throws: `alreadyATable`, `unsupportedType`, `invalidSchema`.
    public static func create(
        store: any ObjectStore, path: String, schema: Schema, partitionColumns: [String] = [],
        configuration: [String: String] = [:], name: String? = nil, clock: any WallClock = SystemClock(),
        identifiers: any IdentifierSource = SystemIdentifiers()
    ) throws(LakeError) -> DeltaTable {
        let columns = try TableSchema.canonical(schema)
        for column in partitionColumns {
            guard let field = columns.field(named: column), PartitionValue.isSupported(field.type) else {
                throw .invalidSchema(
                    reason: "the table cannot be partitioned by \(column)",
                    hint: "Partition by columns of the table that are numbers, strings, booleans, dates or times.")
            }
        }
        guard Set(partitionColumns).count == partitionColumns.count, partitionColumns.count < columns.count else {
            throw .invalidSchema(
                reason: "the partition columns leave no column, or one of them comes twice",
                hint: "Name each once, and keep at least one column out.")
        }
        let metadata = try TableMetadata(
            id: identifiers.next(), name: name, schemaString: try SchemaJSON.encode(columns),
            partitionColumns: partitionColumns, createdTime: clock.nowMicros() / 1000, configuration: configuration,
            file: path)
        let needed = TableFeatures.minimumProtocol(for: columns)
        try TableFeatures.checkWritable(needed, metadata)
        let table = DeltaTable(store: store, path: path, clock: clock, identifiers: identifiers, snapshot: nil)
        do throws(StorageError) {
            guard try store.list(prefix: table.log.names.folder + "/").isEmpty else {
                throw StorageError.alreadyExists(path: path)
            }
        } catch {
            if case .alreadyExists = error { throw .alreadyATable(location: table.location) }
            throw .storage(error)
        }
        let actions: [Action] = [
            table.commitInfo("CREATE TABLE", [:], id: identifiers.next(), isBlindAppend: false, nil),
            .protocol(needed), .metadata(metadata),
        ]
        guard try table.putCommit(0, actions) else { throw .alreadyATable(location: table.location) }
        var replay = LogReplay()
        replay.apply(actions, version: 0)
        let snapshot = try replay.snapshot(location: table.location)
        table.latest.withLock { $0 = snapshot }
        return table
    }

    /// The table as it is now, with what other programs have committed.
    public func snapshot() throws(LakeError) -> DeltaSnapshot {
        let current: DeltaSnapshot
        if let known = latest.withLock({ $0 }) { current = try log.update(known) } else { current = try log.load() }
        remember(current)
        return current
    }

    /// The table as it was.
    ///
    /// - Throws: `noSuchVersion`; `missingCommit` where its commits are no longer kept.
    public func snapshot(version: Int64) throws(LakeError) -> DeltaSnapshot { try log.load(version: version) }

    /// The table as it was at a time, microseconds since 1970, by when its commits were written.
    public func snapshot(atMicros micros: Int64) throws(LakeError) -> DeltaSnapshot {
        try log.load(version: try log.version(atMicros: micros))
    }

    /// Writes data files for this table as it is now.
    ///
    /// - Throws: `unsupportedFeature` where the table must not be written by this program.
    public func appender(_ options: AppendOptions = AppendOptions()) throws(LakeError) -> DeltaAppender {
        let current = try snapshot()
        try TableFeatures.checkWritable(current.tableProtocol, current.metadata)
        return DeltaAppender(
            store: store, table: path, metadata: current.metadata, options: options, clock: clock,
            identifiers: identifiers, pending: pending)
    }

    /// Keeps the newer of two snapshots.
    func remember(_ snapshot: DeltaSnapshot) {
        latest.withLock { latest in
            if latest.map({ $0.version <= snapshot.version }) ?? true { latest = snapshot }
        }
    }
}
