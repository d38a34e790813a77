import Base
import Columnar
import Foundation
import Storage
import Testing

@testable import Lake

struct MaintenanceTests {
    @Test func overwriteReplacesWhatIsThereByThen() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(partitionColumns: ["carrier"])
        try append(rows(0..<8), to: table)
        let appender = try table.appender()
        try appender.write(rows(100..<101, carriers: ["AA"]))
        let new = try appender.prepare()
        try append(rows(8..<16), to: table)
        try table.overwrite(with: [new], partition: ["carrier": .string("AA")], application: "m", version: 1)
        try table.overwrite(with: [new], partition: ["carrier": .string("AA")], application: "m", version: 1)
        let others: [Int64] = (0..<16).filter { $0 % 4 != 0 }
        #expect(try ids(table) == others + [100])
        #expect { try table.overwrite(with: [new], partition: ["carrier": .string("UA")]) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-018"
        }
        #expect { try table.delete(partition: ["id": .int(1)]) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-018"
        }
        try table.delete(partition: ["carrier": .null])
        let named = others.filter { $0 % 4 != 2 }
        #expect(try ids(table) == named + [100])
    }

    @Test func compactionIsInConflictWithDeletion() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(partitionColumns: ["carrier"])
        for number in 0..<3 { try append(rows(number * 4..<number * 4 + 4), to: table) }
        let old = try table.snapshot().files.filter { $0.partitionValues["carrier"] == .some("AA") }
        try table.delete(partition: ["carrier": .string("AA")])
        #expect { try table.commit(.rearrange(removed: old, added: []), transaction: nil) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-008"
        }
        let before = try table.snapshot().metadata
        try table.addColumns([Field("c", .int32)])
        #expect { try table.commit(.alter(from: before, to: before, nil), transaction: nil) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-008"
        }
        let outcome = try table.optimize()
        #expect(outcome == OptimizeOutcome(filesRemoved: 9, filesAdded: 3, conflicts: 0))
        #expect(try table.snapshot().fileCount == 3)
        #expect(try table.optimize() == OptimizeOutcome())
        let kept: [Int64] = (0..<12).filter { $0 % 4 != 0 }
        #expect(try ids(table) == kept)
    }

    @Test func vacuumKeepsWhatIsNeeded() throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock(micros: 1_700_000_000_000_000)
        let store = try MemoryObjectStore(temporaryFolder: folder.path, clock: clock)
        let hour: Int64 = 3_600_000_000
        let table = try DeltaTable.create(
            store: store, path: "t", schema: LakeFixture.schema, clock: clock, identifiers: SeededIdentifiers(seed: 3))
        try append(rows(0..<4), to: table)
        let orphan = try table.appender()
        try orphan.write(rows(4..<6))
        table.disown([try orphan.prepare()])
        clock.advance(micros: 10 * hour)
        try table.overwrite(with: [])
        try append(rows(6..<8), to: table)
        clock.advance(micros: hour)
        let pending = try table.appender()
        try pending.write(rows(8..<10))
        let prepared = try pending.prepare()

        #expect(try table.vacuum().paths == [], "a week has not passed")
        let dry = try table.vacuum(olderThanMicros: 2 * hour, dryRun: true)
        #expect(dry.paths.count == 1, "the orphan; what was removed an hour ago stays")
        #expect(try table.vacuum(olderThanMicros: 2 * hour).paths == dry.paths)
        #expect(try ids(table, table.snapshot(version: 1)) == [0, 1, 2, 3])
        try table.commit([prepared])
        clock.advance(micros: 3 * hour)
        #expect(try table.vacuum(olderThanMicros: 2 * hour).paths.count == 1)
        #expect(try ids(table) == [6, 7, 8, 9])
        #expect(try ids(table, table.snapshot(atMicros: 1_700_000_000_000_000 + 10 * hour)) == [6, 7])
        #expect(throws: LakeError.self) { try table.snapshot(atMicros: 1) }
        #expect(throws: LakeError.self) { try table.snapshot(version: 77) }
        withExtendedLifetime(folder) {}
    }

    @Test func creatingTwiceIsRefused() throws {
        let fixture = try LakeFixture()
        _ = try fixture.create()
        #expect { try fixture.create() } throws: { ($0 as? LakeError)?.report.code == "LAK-002" }
        #expect { try fixture.create("p", partitionColumns: ["nope"]) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-012"
        }
        #expect { try fixture.create("p", schema: Schema([Field("a", .int32), Field("A", .int32)])) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-012"
        }
    }
}
