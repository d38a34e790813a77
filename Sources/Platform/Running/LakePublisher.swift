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
    private let warehouse: ProjectWarehouse
    /// One publication at a time, so that an older snapshot never replaces a newer one.
    private let published = Mutex<(deltaVersion: Int64, relationVersion: Int64, rows: Int64)>((-1, 0, 0))

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
        do throws(LakeError) {
            table = try DeltaTable.open(store: store, path: model.name)
        } catch {
            guard case .notATable = error else { throw error }
            table = try DeltaTable.create(
                store: store, path: model.name, schema: schema,
                partitionColumns: definition.config.partitionBy.map(\.value), name: model.name)
            return
        }
        try table.evolve(to: schema)
    }

    /// - Returns: the relation's version, which changes when its rows do.
    @discardableResult
    func publish() throws -> Int64 {
        try published.withLock { published in
            let snapshot = try table.snapshot()
            guard snapshot.version > published.deltaVersion else { return published.relationVersion }
            let files = try table.dataFiles(snapshot).map { file in
                ExternalTable.File(path: file.path, partitionValues: file.partitionTexts)
            }
            let version = try warehouse.engine.setExternalTable(
                ExternalTable(
                    relation: ProjectWarehouse.relation(model), files: files,
                    schema: warehouse.sound.plan[model]?.schema ?? snapshot.schema))
            published = (snapshot.version, version, snapshot.rowCount ?? 0)
            return version
        }
    }

    var rows: Int64 { published.withLock { $0.rows } }
}
