import Base
import Columnar
import Foundation
import Lake
import ProjectModel
import Testing

@testable import Platform
@testable import Warehouse

/// The tables of the flights' streams, without the streams: the test is the stream.
private final class Rig {
    let folder: String
    let warehouse: ProjectWarehouse
    let publisher: LakePublisher
    let governor = MemoryGovernor(budgetBytes: 64 << 20)
    private let directory: DataDirectory
    private var next: Int64 = 0

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tables-\(UUID().uuidString)").path
        let sound = try ProjectPlanner.soundProject(
            PlatformOptions(projectDirectory: root.appendingPathComponent("Examples/flights").path))
        directory = try DataDirectory(path: folder)
        warehouse = try ProjectWarehouse(
            sound, directory: directory, memoryBytes: 64 << 20, threads: 1, clock: SystemClock(),
            progress: SilentProgress())
        publisher = try LakePublisher(warehouse: warehouse, model: DatasetName("delays_hourly"))
        try publisher.publish()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func maintenance(_ change: (inout TableMaintenance.Pace) -> Void = { _ in }) -> TableMaintenance {
        var pace = TableMaintenance.Pace()
        pace.policy = CompactionPolicy(filesMin: 4)
        (pace.lookEveryMicros, pace.compactEveryMicros, pace.pauseMicros) = (10_000, 50_000, 0)
        (pace.vacuumEveryMicros, pace.vacuumEveryMicrosMin) = (50_000, 50_000)
        change(&pace)
        return TableMaintenance(
            [publisher], engine: warehouse.engine, governor: governor, memoryBytes: 8 << 20, pace: pace,
            clock: SystemClock())
    }

    /// One epoch: a row whose numbers are its own.
    func prepare() throws -> (commit: PreparedCommit, epoch: Int64) {
        let appender = try publisher.table.appender()
        let builders = appender.schema.fields.map { ColumnBuilder.make($0.type) }
        next += 1
        for (field, builder) in zip(appender.schema.fields, builders) {
            switch field.type {
            case .int64: try builder.append(.int(next))
            case .utf8: try builder.append(.string("row \(next)"))
            default: try builder.append(field.nullable ? .null : .int(next * 3_600_000_000))
            }
        }
        try appender.write(RecordBatch(schema: appender.schema, columns: builders.map { $0.finish() }, count: 1))
        return (try appender.prepare(), next)
    }

    func commit(_ prepared: (commit: PreparedCommit, epoch: Int64)) throws {
        try publisher.table.commit([prepared.commit], application: "stream", version: prepared.epoch)
        try publisher.publish()
    }

    var relation: RelationName { ProjectWarehouse.relation(publisher.model) }
    var parquetFiles: Int {
        let names = FileManager.default.enumerator(atPath: "\(folder)/lake/delays_hourly")?.allObjects ?? []
        return names.count { ($0 as? String)?.hasSuffix(".parquet") == true && !"\($0)".contains("_delta_log") }
    }

    func wait(_ what: String, _ isSo: () throws -> Bool) throws {
        for _ in 0..<1500 {
            if try isSo() { return }
            usleep(10_000)
        }
        Issue.record("waited in vain for \(what)")
    }
}

struct TableMaintenanceTests {
    @Test func smallFilesBecomeOneAndNobodyNotices() throws {
        let rig = try Rig()
        for _ in 0..<6 { try rig.commit(try rig.prepare()) }
        let version = try rig.warehouse.engine.version(of: rig.relation)
        let answer = try rig.warehouse.engine.openReader().query("from \(rig.relation.sql) order by all")
        #expect(rig.publisher.files == 6 && rig.publisher.bytes > 0)
        let maintenance = rig.maintenance()
        maintenance.start()
        defer { maintenance.stop() }
        try rig.wait("one file") { rig.publisher.files == 1 }
        #expect(try rig.warehouse.engine.version(of: rig.relation) == version, "an ETag is made of it")
        let after = try rig.warehouse.engine.openReader().query("from \(rig.relation.sql) order by all")
        #expect(after.rowCount == 6 && answer.rowCount == 6)
        func text(_ answer: QueryAnswer) -> String {
            "\(answer.batches.map { batch in (0..<batch.count).map { row in batch.columns.map { $0.scalar(at: row) } } })"
        }
        #expect(text(after) == text(answer))
        try rig.commit(try rig.prepare())
        #expect(try rig.warehouse.engine.version(of: rig.relation) != version)
        maintenance.stop()
        #expect(maintenance.problem(of: rig.publisher.model) == nil)
        #expect(rig.parquetFiles == 8, "a week has not passed")
        #expect(rig.governor.heldBytes == 0)
    }

    /// The retention is over at once, so that nothing but the rules keeps files from being deleted under a reader or a
    /// stream.
    @Test func vacuumWaitsForReadersAndEpochs() throws {
        let rig = try Rig()
        for _ in 0..<5 { try rig.commit(try rig.prepare()) }
        try rig.publisher.table.keepRemovedFiles(forMicros: 0)
        let prepared = try rig.prepare()
        let query = rig.warehouse.engine.activity.begin()
        let maintenance = rig.maintenance()
        maintenance.start()
        defer { maintenance.stop() }
        try rig.wait("one file") { rig.publisher.files == 1 }
        usleep(300_000)
        #expect(rig.parquetFiles == 7, "a query may still read the old ones")
        rig.warehouse.engine.activity.end(query)
        try rig.wait("the old files to go") { rig.parquetFiles == 2 }
        usleep(200_000)
        #expect(rig.parquetFiles == 2, "one that the table has, and one that is prepared")
        try rig.commit(prepared)
        #expect(try rig.warehouse.engine.rowCount(of: rig.relation) == 6)
        maintenance.stop()
        #expect(maintenance.problem(of: rig.publisher.model) == nil)
    }

    @Test func aStreamGoesOnMeanwhile() throws {
        let rig = try Rig()
        try rig.publisher.table.keepRemovedFiles(forMicros: 0)
        let maintenance = rig.maintenance { $0.compactEveryMicros = 1000 }
        maintenance.start()
        defer { maintenance.stop() }
        let reader = try rig.warehouse.engine.openReader()
        for epoch in 1...60 {
            try rig.commit(try rig.prepare())
            let answer = try reader.query("select count(*), sum(flights) from \(rig.relation.sql)")
            #expect(answer.batches.first?.columns[0].scalar(at: 0) == .int(Int64(epoch)))
        }
        try rig.wait("few files") { rig.publisher.files < 8 }
        maintenance.stop()
        #expect(maintenance.problem(of: rig.publisher.model) == nil)
        #expect(try rig.warehouse.engine.rowCount(of: rig.relation) == 60)
    }

    @Test func compactionWaitsForMemory() throws {
        let rig = try Rig()
        for _ in 0..<6 { try rig.commit(try rig.prepare()) }
        rig.governor.charge(60 << 20, to: "others")
        let maintenance = rig.maintenance()
        maintenance.start()
        defer { maintenance.stop() }
        usleep(300_000)
        #expect(rig.publisher.files == 6)
        maintenance.stop()
        maintenance.stop()
        rig.governor.release(60 << 20, from: "others")
    }
}
