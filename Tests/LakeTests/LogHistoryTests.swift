import Base
import Columnar
import Foundation
import Storage
import Testing

@testable import Lake

/// Snapshots do not depend on how they are found.
struct LogHistoryTests {
    private static let schema = Schema([Field("id", .int64), Field("p", .utf8)])

    /// A random history of appends, deletions, overwrites, rearrangements and new columns; then every version is read from
    /// the commits alone, from checkpoints, and by going on from an older snapshot.
    @Test(arguments: 0..<25)
    func checkpointsTellWhatCommitsTell(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock(micros: 1_700_000_000_000_000)
        let store = try MemoryObjectStore(temporaryFolder: folder.path, clock: clock)
        let plain = try MemoryObjectStore(temporaryFolder: folder.path + "/plain", clock: clock)
        var random = SplitMix64(seed: seed)
        let table = try DeltaTable.create(
            store: store, path: "a/t", schema: Self.schema, partitionColumns: ["p"],
            configuration: ["delta.checkpointInterval": "\(2 + seed % 5)"], clock: clock,
            identifiers: SeededIdentifiers(seed: seed))
        let old = try table.snapshot()
        for step in 0..<(10 + Int(seed % 7)) {
            clock.advance(micros: 60_000_000)
            let current = try table.snapshot()
            let partition = ["x y", "ü", "", "a/b"][Int(random.next() % 4)]
            let files = (0...Int(random.next() % 3)).map { number in
                AddFile(
                    path: URIText.encode("p=\(partition)/f-\(step)-\(number).parquet"),
                    partitionValues: ["p": partition.isEmpty ? nil : partition], size: 5,
                    modificationTime: Int64(step), dataChange: true,
                    stats: number == 1 ? nil : "{\"numRecords\":\(number),\"minValues\":{\"id\":\(step)}}",
                    tags: number == 2 ? ["k": "v", "n": nil] : nil)
            }
            let prepared = PreparedCommit(
                tableID: current.metadata.id, files: files, schema: Self.schema, partitionColumns: ["p"], rowCount: 0)
            switch random.next() % 8 {
            case 0: try table.delete(partition: ["p": partition.isEmpty ? .null : .string(partition)])
            case 1: try table.overwrite(with: [prepared])
            case 2:
                try table.addColumns([Field("c\(step)", step % 2 == 0 ? .int32 : .timestamp(.microsecond, zone: nil))])
            case 3:
                let some = Array(current.files.prefix(2))
                _ = try table.commit(.rearrange(removed: some, added: files), transaction: nil)
            default:
                try table.commit([prepared], application: "app\(step % 3)", version: Int64(step))
            }
        }
        let newest = try table.snapshot()
        for object in try store.list(prefix: "") where object.path.hasSuffix(".json") {
            try plain.put(object.path, try store.get(object.path))
        }
        for version in 0...newest.version {
            let fromCheckpoint = try DeltaTable.open(store: store, path: "a/t").snapshot(version: version)
            let fromCommits = try LogReader(store: plain, names: LogNames(table: "a/t")).load(version: version)
            #expect(same(fromCheckpoint, fromCommits), "seed \(seed), version \(version)")
        }
        #expect(try store.list(prefix: "a/t/_delta_log/").contains { $0.path.hasSuffix(".checkpoint.parquet") })
        #expect(same(try DeltaTable.open(store: store, path: "a/t").snapshot(), newest))
        #expect(same(try LogReader(store: plain, names: LogNames(table: "a/t")).update(old), newest))
        withExtendedLifetime(folder) {}
    }

    /// A table's log, cleaned up again and again, and by a process that dies at any of its deletions: what is young enough
    /// is all there, and the table goes on.
    @Test(arguments: [0, 4, 8, 10, 12, 15, 18, 22, 99])
    func cleaningUpLeavesWhatIsYoung(callsBeforeDeath: Int) throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock(micros: 1_700_000_000_000_000)
        let hour: Int64 = 3_600_000_000
        let store = try MemoryObjectStore(temporaryFolder: folder.path, clock: clock)
        let table = try DeltaTable.create(
            store: store, path: "t", schema: LakeFixture.schema,
            configuration: ["delta.checkpointInterval": "4", "delta.logRetentionDuration": "interval 10 hours"],
            clock: clock, identifiers: SeededIdentifiers(seed: 4))
        func append(_ number: Int, _ table: DeltaTable) throws {
            clock.advance(micros: hour)
            try LakeTests.append(
                rows(number..<number + 1), to: table, application: "stream", version: Int64(number))
        }
        for number in 0..<26 { try append(number, table) }
        // Of the checkpoints 4, 8 ... 24, that of version 12 is 14 hours old, that of version 16 just 10.
        let dying = FaultyObjectStore(
            store,
            faults: FaultPlan(
                seed: 1, failsBefore: 0, failsAfter: 0, noSpace: 0, shortReads: 0, slow: 0,
                crashesAfterCalls: callsBeforeDeath))
        _ = try? DeltaTable.open(store: dying, path: "t", clock: clock).cleanLog()
        #expect(try ids(DeltaTable.open(store: store, path: "t")) == Array(0..<26))
        try table.cleanLog()
        #expect(try table.cleanLog() == 0)
        let names = try store.list(prefix: "t/_delta_log/").map(\.path)
        #expect(names.first { $0.hasSuffix(".json") } == LogNames(table: "t").commit(12))
        #expect(names.count { $0.hasSuffix(".checkpoint.parquet") } == 4)
        let fresh = try DeltaTable.open(store: store, path: "t", clock: clock)
        for version in [12, 13, 16, 19, 26] {
            #expect(try ids(fresh, fresh.snapshot(version: Int64(version))) == (0..<Int64(version)).map { $0 })
        }
        #expect(throws: LakeError.self) { try fresh.snapshot(version: 11) }
        try append(26, table)
        try append(27, fresh)
        #expect(try ids(table) == Array(0..<28))
        #expect(try table.snapshot().transactionVersion("stream") == 27)
        withExtendedLifetime(folder) {}
    }

    @Test func aLogThatMustStayStays() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(
            configuration: ["delta.checkpointInterval": "2", "delta.enableExpiredLogCleanup": "false"])
        for number in 0..<6 { try append(rows(number..<number + 1), to: table) }
        fixture.clock.advance(micros: 1_000_000 * 86_400_000_000)
        #expect(try table.cleanLog(olderThanMicros: 0) == 0)
        let open = try fixture.create("u")
        for number in 0..<6 { try append(rows(number..<number + 1), to: open) }
        #expect(try open.cleanLog(olderThanMicros: 0) == 0, "without a checkpoint nothing may go")
    }

    /// Checkpoints do not keep `dataChange`, which says something of a commit only.
    private func same(_ left: DeltaSnapshot, _ right: DeltaSnapshot) -> Bool {
        func normal(_ snapshot: DeltaSnapshot) -> [AddFile] {
            snapshot.files.map { file in
                var file = file
                file.dataChange = false
                return file
            }
        }
        return left.version == right.version && left.metadata == right.metadata
            && left.tableProtocol == right.tableProtocol && left.transactions == right.transactions
            && normal(left) == normal(right) && Set(left.tombstones.keys) == Set(right.tombstones.keys)
    }

    @Test func checkpointsInPartsNeedAllParts() throws {
        let (fixture, names) = (try LakeFixture(), LogNames(table: "t"))
        let table = try fixture.create()
        try append(rows(0..<4), to: table)
        try append(rows(4..<8), to: table)
        try table.checkpoint()
        let whole = names.checkpoint(2)
        let base = String(whole.dropLast(".parquet".count))
        // Two parts with the same actions are as good as one.
        try fixture.store.copy(whole, to: base + ".0000000001.0000000002.parquet")
        try fixture.store.delete(whole)
        try fixture.store.delete(names.commit(0))
        #expect(throws: LakeError.self) { try DeltaTable.open(store: fixture.store, path: "t") }
        try fixture.store.copy(base + ".0000000001.0000000002.parquet", to: base + ".0000000002.0000000002.parquet")
        #expect(try ids(DeltaTable.open(store: fixture.store, path: "t")) == Array(0..<8))
        try fixture.store.delete(names.lastCheckpoint)
        #expect(try ids(DeltaTable.open(store: fixture.store, path: "t")) == Array(0..<8))
    }

    @Test func damageIsNamed() throws {
        let (fixture, names) = (try LakeFixture(), LogNames(table: "t"))
        let table = try fixture.create()
        for number in 0..<4 { try append(rows(number * 2..<number * 2 + 2), to: table) }
        let good = try fixture.store.get(names.commit(2))
        func code() -> String? {
            do throws(LakeError) {
                _ = try DeltaTable.open(store: fixture.store, path: "t")
                return nil
            } catch { return error.report.code }
        }
        for length in stride(from: 1, to: good.count - 1, by: 37) where good[length - 1] != 0x0a && good[length] != 0x0a
        {
            try fixture.store.put(names.commit(2), Array(good[..<length]))
            #expect(code() == "LAK-005", "cut at \(length)")
        }
        try fixture.store.put(names.commit(2), [0xff, 0x00, 0x13])
        #expect(code() == "LAK-005")
        try fixture.store.delete(names.commit(2))
        #expect(code() == "LAK-006")
        try fixture.store.put(names.commit(2), good)
        // A damaged checkpoint is no loss while the commits are there; neither is a hint that points nowhere.
        try table.checkpoint()
        try fixture.store.put(names.checkpoint(4), Array("PAR1 rubbish PAR1".utf8))
        #expect(try ids(DeltaTable.open(store: fixture.store, path: "t")) == Array(0..<8))
        try fixture.store.put(names.lastCheckpoint, Array("{\"version\":99}".utf8))
        #expect(try ids(DeltaTable.open(store: fixture.store, path: "t")) == Array(0..<8))
        #expect(throws: LakeError.notATable(location: fixture.store.location("nowhere"))) {
            try DeltaTable.open(store: fixture.store, path: "nowhere")
        }
    }

    @Test(arguments: [
        (#"{"protocol":{"minReaderVersion":4,"minWriterVersion":7}}"#, "reader version 4"),
        (
            #"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"],"writerFeatures":["v2Checkpoint"]}}"#,
            "v2Checkpoint"
        ),
        (
            #"{"add":{"path":"x","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"deletionVector":{"storageType":"u"}}}"#,
            "deletion vectors"
        ),
        (
            #"{"metaData":{"id":"1","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{"delta.columnMapping.mode":"name"}}}"#,
            "column mapping"
        ),
        (
            #"{"metaData":{"id":"1","format":{"provider":"orc","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{}}}"#,
            "orc"
        ),
    ])
    func featuresThatCannotBeHonoured(line: String, named: String) throws {
        let fixture = try LakeFixture()
        _ = try fixture.create()
        try fixture.store.put(LogNames(table: "t").commit(1), Array(line.utf8))
        do {
            _ = try DeltaTable.open(store: fixture.store, path: "t")
            Issue.record("was opened")
        } catch {
            #expect(error.report.code == "LAK-003")
            #expect(error.report.message.contains(named))
        }
    }
}
