import Base
import Columnar
import Foundation
import Lake
import Storage
import Synchronization
import Testing

struct ConcurrencyTests {
    /// Writers with a table object each, as two processes have, and a reader that never sees a part of a commit.
    @Test func writersRaceOnLocalDisk() throws {
        let fixture = try LakeFixture()
        _ = try fixture.create(configuration: ["delta.checkpointInterval": "7"])
        let (writers, commits) = (3, 12)
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: writers + 1) { writer in
            do {
                let table = try DeltaTable.open(
                    store: LocalObjectStore(root: fixture.folder), path: "t", clock: fixture.clock,
                    identifiers: SeededIdentifiers(seed: 50 + UInt64(writer)))
                for number in 0..<commits {
                    if writer == writers {
                        let snapshot = try table.snapshot()
                        let seen = try ids(table, snapshot)
                        // Each commit brings five rows, so any other count is a part of one.
                        if seen.count % 5 != 0 || Int64(seen.count) != snapshot.version * 5 {
                            failures.withLock { $0.append("\(seen.count) rows in version \(snapshot.version)") }
                        }
                    } else {
                        let first = (writer * commits + number) * 5
                        try append(
                            rows(first..<first + 5), to: table, application: "w\(writer)", version: Int64(number))
                    }
                }
            } catch { failures.withLock { $0.append("\(error)") } }
        }
        #expect(failures.withLock { $0 } == [])
        let table = try DeltaTable.open(store: fixture.store, path: "t")
        #expect(try table.snapshot().version == Int64(writers * commits))
        #expect(try ids(table) == (0..<Int64(writers * commits * 5)).map { $0 })
        for writer in 0..<writers { #expect(try table.snapshot().transactionVersion("w\(writer)") == 11) }
    }

    @Test func theSameEpochFromTwoProcessesCountsOnce() throws {
        let fixture = try LakeFixture()
        _ = try fixture.create()
        let outcomes = Mutex<[Bool]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { writer in
            do {
                let table = try DeltaTable.open(
                    store: LocalObjectStore(root: fixture.folder), path: "t",
                    identifiers: SeededIdentifiers(seed: 90 + UInt64(writer)))
                let outcome = try append(rows(0..<5), to: table, application: "job", version: 3)
                outcomes.withLock { $0.append(outcome.isNew) }
            } catch { Issue.record(error) }
        }
        #expect(outcomes.withLock { $0.filter { $0 }.count } == 1)
        #expect(try ids(DeltaTable.open(store: fixture.store, path: "t")) == [0, 1, 2, 3, 4])
    }

    @Test func compactionBesideAppendsAndDeletes() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(partitionColumns: ["carrier"])
        for number in 0..<6 { try append(rows(number * 4..<number * 4 + 4), to: table) }
        let other = try DeltaTable.open(
            store: fixture.store, path: "t", clock: fixture.clock, identifiers: SeededIdentifiers(seed: 5))
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 2) { role in
            do {
                if role == 0 {
                    _ = try table.optimize()
                } else {
                    for number in 6..<12 { try append(rows(number * 4..<number * 4 + 4), to: other) }
                    try other.delete(partition: ["carrier": .string("UA")])
                }
            } catch { failures.withLock { $0.append("\(error)") } }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try ids(table) == (0..<48).filter { $0 % 4 != 1 }.map { Int64($0) })
    }
}
