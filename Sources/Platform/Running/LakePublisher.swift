internal import Base
internal import Columnar
internal import Lake
internal import ProjectModel
internal import Storage
internal import Synchronization
internal import Warehouse

/// Shows the warehouse's readers the newest snapshot of a stream's Delta table.
final class LakePublisher: Sendable {
    let model: DatasetName
    let table: DeltaTable
    let compaction: Compaction
    let retention: TimeSpan
    private let warehouse: ProjectWarehouse

    /// What readers see.
    private struct Published {
        /// nil before the first publication of this process.
        var snapshot: DeltaSnapshot?
        var relationVersion: Int64 = 0
        var rows: Int64 = 0
        var bytes: Int64 = 0
    }
    /// One publication at a time, so that an older snapshot never replaces a newer one.
    private let published = Mutex(Published())

    /// Opens the model's table, made with the plan's schema where there is none.
    ///
    /// - Throws: where the table that is there has other columns than the model.
    init(warehouse: ProjectWarehouse, model: DatasetName) throws {
        self.warehouse = warehouse
        self.model = model
        let store = try LocalObjectStore(root: warehouse.lakeDirectory)
        guard let definition = warehouse.project.model(model), let schema = warehouse.sound.plan[model]?.schema else {
            throw PlatformFailure.unknownDataset(model.description, known: [])
        }
        compaction = definition.config.compaction
        retention = definition.config.retention
        var found: DeltaTable?
        do throws(LakeError) {
            found = try DeltaTable.open(store: store, path: model.name, clock: warehouse.clock)
        } catch {
            guard case .notATable = error else { throw error }
        }
        try found?.evolve(to: schema)
        table =
            try found
            ?? DeltaTable.create(
                store: store, path: model.name, schema: schema,
                partitionColumns: definition.config.partitionBy.map(\.value), name: model.name, clock: warehouse.clock)
        try table.keepRemovedFiles(forMicros: retention.micros)
    }

    /// - Returns: the relation's version, which changes when its rows do, and not when they only lie in other files.
    @discardableResult
    func publish() throws -> Int64 {
        try published.withLock { published in
            let snapshot = try table.snapshot()
            let last = published.snapshot
            if let last, snapshot.version <= last.version { return published.relationVersion }
            let files = try table.dataFiles(snapshot).map { file in
                ExternalTable.File(path: file.path, partitionValues: file.partitionTexts)
            }
            published.relationVersion = try warehouse.engine.setExternalTable(
                ExternalTable(
                    relation: ProjectWarehouse.relation(model), files: files,
                    schema: warehouse.sound.plan[model]?.schema ?? snapshot.schema),
                sameRows: last.map { snapshot.dataVersion <= $0.version } ?? false)
            published.snapshot = snapshot
            published.rows = snapshot.rowCount ?? 0
            published.bytes = snapshot.byteCount
            return published.relationVersion
        }
    }

    /// What readers see from now on, at least; nil before the first publication.
    var shown: DeltaSnapshot? { published.withLock { $0.snapshot } }
    var rows: Int64 { published.withLock { $0.rows } }
    var files: Int { published.withLock { $0.snapshot?.fileCount ?? 0 } }
    var bytes: Int64 { published.withLock { $0.bytes } }
}
