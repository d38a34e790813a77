import Base
import Columnar
import Foundation
import Storage
import Synchronization
import Testing

@testable import Lake

/// Commits over a store that breaks: what was acknowledged is there once, and nothing is there twice.
struct CommitFaultTests {
    private static let schema = Schema([Field("id", .int64)])

    private struct Rig {
        let folder: TemporaryFolder
        let memory: MemoryObjectStore
        let clock = ManualClock(micros: 1_700_000_000_000_000)
        init() throws {
            folder = try TemporaryFolder()
            memory = try MemoryObjectStore(temporaryFolder: folder.path, clock: clock)
        }
    }

    /// Files are stood in for by names: what is tried here is the log.
    private static func prepared(_ table: DeltaTable, _ epoch: Int, rows: Int64) throws -> PreparedCommit {
        let file = AddFile(
            path: "part-\(epoch).parquet", partitionValues: [:], size: 10, modificationTime: 0, dataChange: true,
            stats: "{\"numRecords\":\(rows)}", tags: nil)
        return PreparedCommit(
            tableID: try table.snapshot().metadata.id, files: [file], schema: schema, partitionColumns: [],
            rowCount: rows)
    }

    @Test(arguments: 0..<300)
    func acknowledgedCommitsAreThereOnce(seed: UInt64) throws {
        let rig = try Rig()
        let healthy = try DeltaTable.create(
            store: rig.memory, path: "t", schema: Self.schema, configuration: ["delta.checkpointInterval": "4"],
            clock: rig.clock, identifiers: SeededIdentifiers(seed: 1000 + seed))
        let faulty = FaultyObjectStore(
            rig.memory, faults: FaultPlan(seed: seed, failsBefore: 60, failsAfter: 90, noSpace: 40, shortReads: 40))
        var table: DeltaTable?
        var acknowledged: Set<String> = []
        for epoch in 1...8 {
            let commit = try Self.prepared(healthy, epoch, rows: Int64(epoch))
            for attempt in 0..<4 {
                do throws(LakeError) {
                    // Every second attempt is a new process.
                    if table == nil || attempt % 2 == 1 {
                        table = try DeltaTable.open(
                            store: faulty, path: "t", clock: rig.clock,
                            identifiers: SeededIdentifiers(seed: seed * 100 + UInt64(epoch * 10 + attempt)))
                    }
                    try table?.commit([commit], application: "job", version: Int64(epoch))
                    acknowledged.insert("part-\(epoch).parquet")
                    if attempt > 1 { break }  // The first ones are repeated although they succeeded.
                } catch {
                    #expect(error.report.code != "LAK-005", "a broken store is no broken log: \(error)")
                }
                let seen = try DeltaTable.open(store: rig.memory, path: "t", clock: rig.clock).snapshot()
                #expect(Set(seen.files.map(\.path)).isSuperset(of: acknowledged), "seed \(seed)")
            }
        }
        faulty.heal()
        let final = try DeltaTable.open(store: rig.memory, path: "t", clock: rig.clock).snapshot()
        #expect(Set(final.files.map(\.path)).isSuperset(of: acknowledged), "seed \(seed)")
        // The log itself: no version twice for an epoch, and no file in two commits.
        var epochs: [Int64] = []
        var paths: [String] = []
        for version in 1...max(1, final.version) where final.version > 0 {
            let actions = try ActionCoding.decode(
                try rig.memory.get(LogNames(table: "t").commit(version)), file: "\(version)")
            for action in actions {
                if case .transaction(let transaction) = action { epochs.append(transaction.version) }
                if case .add(let file) = action { paths.append(file.path) }
            }
        }
        #expect(epochs == epochs.sorted() && Set(epochs).count == epochs.count, "seed \(seed): \(epochs)")
        #expect(Set(paths).count == paths.count, "seed \(seed)")
        #expect(epochs.count == paths.count)
        withExtendedLifetime(rig) {}
    }

    /// The process dies at any of its calls to the store; the next one does the epoch again, from the bytes it kept or
    /// from the start.
    @Test(arguments: 0..<40)
    func killedAnywhere(callsBeforeDeath: Int) throws {
        let rig = try Rig()
        let table = try DeltaTable.create(
            store: rig.memory, path: "t", schema: Self.schema, clock: rig.clock, identifiers: SeededIdentifiers(seed: 7)
        )
        let dying = FaultyObjectStore(
            rig.memory,
            faults: FaultPlan(
                seed: 1, failsBefore: 0, failsAfter: 0, noSpace: 0, shortReads: 0, slow: 0,
                crashesAfterCalls: callsBeforeDeath))
        var kept: [UInt8]?
        do {
            let victim = try DeltaTable.open(
                store: dying, path: "t", clock: rig.clock, identifiers: SeededIdentifiers(seed: 8))
            let appender = try victim.appender()
            try appender.write(batch(Self.schema, [[.int(1)], [.int(2)]]))
            let prepared = try appender.prepare()
            kept = try prepared.bytes
            try victim.commit([prepared], application: "job", version: 1)
            try victim.checkpoint()
        } catch is LakeError {}
        let before = try ids(table)
        #expect(before == [] || before == [1, 2], "half a commit is never seen")
        if let kept {
            try table.commit([try PreparedCommit(bytes: kept)], application: "job", version: 1)
        } else {
            try append(
                batch(Self.schema, [[.int(1)], [.int(2)]]), to: table, application: "job", version: 1)
        }
        #expect(try ids(table) == [1, 2])
        rig.clock.advance(micros: 3_600_000_000)
        _ = try table.vacuum(olderThanMicros: 60_000_000)
        #expect(try rig.memory.list(prefix: "t/part").count == 1, "orphans go, and nothing else")
        #expect(try ids(table) == [1, 2])
    }
}

/// A folder that goes when the test does.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-lake-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
