import Base
import Columnar
import Foundation
import Storage
import Synchronization
import Testing

@testable import Lake

/// A stream appends epochs to a table that is compacted and vacuumed meanwhile, on a store that breaks, by processes that
/// die: the rows are exact, and the stream's commits never fail because of it.
struct CompactionFaultTests {
    private static let policy = CompactionPolicy(fileBytes: 1 << 20, filesMin: 3)
    private static let hour: Int64 = 3_600_000_000
    private static let carriers: [String?] = ["AA", "UA"]

    private struct Rig {
        let folder: TemporaryFolder
        let memory: MemoryObjectStore
        let clock = ManualClock(micros: 1_700_000_000_000_000)

        init(_ seed: UInt64) throws {
            folder = try TemporaryFolder()
            memory = try MemoryObjectStore(temporaryFolder: folder.path, clock: clock)
            _ = try DeltaTable.create(
                store: memory, path: "t", schema: LakeFixture.schema, partitionColumns: ["carrier"],
                configuration: ["delta.checkpointInterval": "5"], clock: clock,
                identifiers: SeededIdentifiers(seed: 9000 + seed))
        }

        func open(_ seed: UInt64) throws -> DeltaTable {
            try DeltaTable.open(
                store: memory, path: "t", clock: clock, identifiers: SeededIdentifiers(seed: seed))
        }
    }

    /// What a stream's checkpoint keeps: the epochs that are prepared, as bytes. The stream commits each at least once, and
    /// now and then in a later life; whatever else happens to the table happens in between.
    @Test(arguments: 0..<16)
    func rowsAreExact(seed: UInt64) throws {
        let rig = try Rig(seed)
        var random = SplitMix64(seed: seed)
        func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
        var table = try rig.open(1 + seed * 1000)
        var prepared: (epoch: Int64, bytes: [UInt8])?
        var (epoch, expected, compactions) = (Int64(0), [Int64](), 0)
        for step in 0..<48 {
            rig.clock.advance(micros: Int64(random.next() % 30) * 60_000_000)
            switch random.next() % 10 {
            case 0..<4 where prepared == nil:
                let first = Int(epoch) * 6
                epoch += 1
                let appender = try table.appender()
                try appender.write(rows(first..<first + 6, carriers: Self.carriers))
                prepared = (epoch, try appender.prepare().bytes)
            case 0..<6:
                guard let ready = prepared else { continue }
                // The stream's own commits run on a sound store: only what maintenance does could make them fail.
                try table.commit(
                    [PreparedCommit(bytes: ready.bytes)], application: "stream", version: ready.epoch)
                if chance(30) {
                    let again = try table.commit(
                        [PreparedCommit(bytes: ready.bytes)], application: "stream", version: ready.epoch)
                    #expect(!again.isNew)
                }
                expected += (ready.epoch - 1) * 6..<ready.epoch * 6
                prepared = nil
            case 6..<8:
                // Another process, which breaks down somewhere.
                let faulty = FaultyObjectStore(
                    rig.memory,
                    faults: FaultPlan(
                        seed: random.next(), failsBefore: 40, failsAfter: 40, noSpace: 20, shortReads: 20,
                        crashesAfterCalls: chance(50) ? Int(random.next() % 40) : nil))
                do throws(LakeError) {
                    let other = try DeltaTable.open(
                        store: faulty, path: "t", clock: rig.clock,
                        identifiers: SeededIdentifiers(seed: random.next()))
                    compactions += try other.compact(Self.policy).filesAdded
                    // It cannot know what the stream has prepared, so its retention must be longer than that takes.
                    if prepared == nil { _ = try other.vacuum(olderThanMicros: 2 * Self.hour) }
                } catch {
                    #expect(error.report.code != "LAK-005" && error.report.code != "LAK-017", "\(error)")
                }
            case 8:
                // The same process: files that it has prepared are safe from itself, however old they are.
                compactions += try table.compact(Self.policy).filesAdded
                if prepared == nil || table.pending.all.isEmpty == false {
                    rig.clock.advance(micros: 100 * Self.hour)
                    _ = try table.vacuum(olderThanMicros: Self.hour)
                }
            default:
                // A new life: what was prepared is committed first.
                let life: UInt64 = seed * 1000 + UInt64(step) * 7
                table = try rig.open(life + 2)
                if let ready = prepared {
                    try table.commit(
                        [PreparedCommit(bytes: ready.bytes)], application: "stream", version: ready.epoch)
                    expected += (ready.epoch - 1) * 6..<ready.epoch * 6
                    prepared = nil
                }
            }
            if step % 6 == 5 { #expect(try ids(table) == expected, "seed \(seed), step \(step)") }
        }
        _ = try table.compact(Self.policy)
        let fresh = try rig.open(3)
        #expect(try ids(fresh) == expected, "seed \(seed)")
        #expect(try contents(fresh) == contents(table))
        rig.clock.advance(micros: 1000 * Self.hour)
        if prepared == nil {
            _ = try fresh.vacuum()
            #expect(try rig.memory.list(prefix: "t/carrier").count == fresh.snapshot().fileCount, "seed \(seed)")
        }
        #expect(try ids(rig.open(4)) == expected, "seed \(seed)")
        withExtendedLifetime(rig) {}
    }

    /// A compaction dies at any of its calls to the store: nothing is lost, nothing is twice, and the next one goes on.
    @Test(arguments: 0..<40)
    func killedAnywhere(callsBeforeDeath: Int) throws {
        let rig = try Rig(UInt64(callsBeforeDeath))
        let table = try rig.open(5)
        for number in 0..<4 {
            try append(
                rows(number * 6..<number * 6 + 6, carriers: Self.carriers), to: table, application: "stream",
                version: Int64(number))
        }
        let dying = FaultyObjectStore(
            rig.memory,
            faults: FaultPlan(
                seed: 1, failsBefore: 0, failsAfter: 0, noSpace: 0, shortReads: 0, slow: 0,
                crashesAfterCalls: callsBeforeDeath))
        do throws(LakeError) {
            let victim = try DeltaTable.open(
                store: dying, path: "t", clock: rig.clock, identifiers: SeededIdentifiers(seed: 8))
            _ = try victim.compact(Self.policy)
        } catch {}
        #expect(try ids(table) == Array(0..<24))
        try append(
            rows(24..<30, carriers: Self.carriers), to: table, application: "stream", version: 4)
        #expect(try ids(table) == Array(0..<30))
        _ = try table.compact(CompactionPolicy(fileBytes: 1 << 20, filesMin: 2))
        #expect(try table.snapshot().fileCount == 2)
        rig.clock.advance(micros: Self.hour * 1000)
        _ = try table.vacuum()
        #expect(try rig.memory.list(prefix: "t/carrier").count == 2)
        #expect(try ids(table) == Array(0..<30))
        withExtendedLifetime(rig) {}
    }

    /// On the disk, at the same time: the stream's thread and the maintenance's share the table, as the platform has it.
    @Test func besideAStream() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(
            partitionColumns: ["carrier"], configuration: ["delta.checkpointInterval": "10"])
        let failures = Mutex<[String]>([])
        let isDone = Atomic<Bool>(false)
        let outcome = Mutex(OptimizeOutcome())
        DispatchQueue.concurrentPerform(iterations: 2) { role in
            do {
                if role == 0 {
                    defer { isDone.store(true, ordering: .relaxed) }
                    for number in 0..<60 {
                        try append(
                            rows(number * 6..<number * 6 + 6, carriers: Self.carriers), to: table,
                            application: "stream", version: Int64(number))
                    }
                } else {
                    // Once more at the end, however the threads were scheduled.
                    var isLast = false
                    while !isLast {
                        isLast = isDone.load(ordering: .relaxed)
                        let done = try table.compact(Self.policy)
                        outcome.withLock {
                            $0.filesRemoved += done.filesRemoved
                            $0.conflicts += done.conflicts
                        }
                        _ = try table.vacuum(olderThanMicros: Self.hour, removesStaged: false)
                    }
                }
            } catch { failures.withLock { $0.append("\(error)") } }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(outcome.withLock { $0.filesRemoved } > 0 && outcome.withLock { $0.conflicts } == 0)
        #expect(try ids(table) == Array(0..<360))
        #expect(try ids(DeltaTable.open(store: fixture.store, path: "t")) == Array(0..<360))
    }

    // MARK: What vacuum must leave

    @Test func preparedFilesStayHoweverOld() throws {
        let rig = try Rig(1)
        let table = try rig.open(6)
        try append(rows(0..<6), to: table)
        let appender = try table.appender()
        try appender.write(rows(6..<12))
        let prepared = try appender.prepare()
        let other = try table.appender()
        try other.write(rows(12..<18))
        let forgotten = try other.prepare()
        rig.clock.advance(micros: 10_000 * Self.hour)
        #expect(try table.vacuum(olderThanMicros: 0).paths == [])
        table.disown([forgotten])
        #expect(try table.vacuum(olderThanMicros: Self.hour).paths.count == forgotten.fileCount)
        try table.commit([prepared], application: "stream", version: 2)
        #expect(try ids(table) == Array(0..<12))
        #expect(table.pending.all.isEmpty)
        withExtendedLifetime(rig) {}
    }

    @Test func whatIsStillReadStays() throws {
        let rig = try Rig(2)
        let table = try rig.open(7)
        for number in 0..<4 { try append(rows(number * 6..<number * 6 + 6), to: table) }
        let shown = try table.snapshot()
        _ = try table.compact(Self.policy)
        let between = try table.snapshot()
        for number in 4..<8 { try append(rows(number * 6..<number * 6 + 6), to: table) }
        _ = try table.compact(Self.policy)
        rig.clock.advance(micros: 10_000 * Self.hour)
        #expect(try table.vacuum(keeping: shown).paths == [], "its files stay, and what came after it")
        #expect(try ids(table, shown) == Array(0..<24) && ids(table, between) == Array(0..<24))
        var asked = 0
        let outcome = try table.vacuum(keeping: between, orphans: false) {
            asked += 1
            return asked <= 3
        }
        #expect(outcome.paths.count == 3 && outcome.hasMore && outcome.byteCount > 0)
        let rest = try table.vacuum(keeping: between, orphans: false)
        #expect(rest.paths.count == shown.fileCount - 3 && !rest.hasMore)
        #expect(try ids(table, between) == Array(0..<24))
        #expect(try table.snapshot().tombstones.count == between.fileCount + 16, "those that are gone take no memory")
        _ = try table.vacuum(keeping: table.snapshot())
        #expect(try ids(table) == Array(0..<48))
        #expect(try table.snapshot().tombstones.isEmpty)
        #expect(try rig.memory.list(prefix: "t/carrier").count == table.snapshot().fileCount)
        withExtendedLifetime(rig) {}
    }
}
