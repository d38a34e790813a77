import Base
import Synchronization
import Testing

@testable import EventLog

private let times = "log/topics/orders/0/00000000000000000000.times"

private struct Fixture {
    let fileSystem: MemoryFileSystem
    let clock: ManualClock
    var log: DurableLog

    init(segmentBytes: Int = 1 << 20) throws {
        (fileSystem, clock) = (MemoryFileSystem(), ManualClock(micros: 1_000_000_000))
        log = try Self.open(fileSystem, clock, segmentBytes)
        try log.createTopic(orders, partitions: 1)
    }

    static func open(_ fileSystem: MemoryFileSystem, _ clock: ManualClock, _ segmentBytes: Int) throws -> DurableLog {
        try DurableLog.open(
            directory: "log", configuration: configuration(segmentBytes: segmentBytes), fileSystem: fileSystem,
            clock: clock)
    }

    var partition: PartitionHandle { get throws { try log.partition(orders, 0) } }

    /// A batch of two records, at the clock's time.
    func append(timestamp: Int64 = .max - 10) throws {
        try partition.append(try batch(["a", "b"], timestamp: timestamp))
    }

    /// The time of each record.
    func found() throws -> [Int64?] {
        var result: [Int64?] = []
        var next = try partition.startOffset
        while true {
            let chunk = try partition.read(from: next, bytesMax: 300)
            if chunk.isEmpty { return result }
            let timeline = try partition.appendTimes(of: chunk)
            while next < chunk.nextOffset {
                result.append(timeline.millis(at: next))
                next = next.next
            }
        }
    }
}

@Suite struct AppendTimeTests {
    /// Over several segments, after a restart, in memory or from the files, whatever the producer says.
    @Test(arguments: [400, 1 << 20], [10, 1_500]) func timesAreTheLogsOwn(segmentBytes: Int, batches: Int) throws {
        var fixture = try Fixture(segmentBytes: segmentBytes)
        var expected: [Int64?] = []
        for number in 0..<batches {
            try fixture.append(timestamp: number % 2 == 0 ? .max - 10 : -5)
            expected += [fixture.clock.nowMicros() / 1000, fixture.clock.nowMicros() / 1000]
            if number % 3 != 0 { fixture.clock.advance(micros: 7_000) }
        }
        #expect(try fixture.found() == expected)
        for closes in [false, true] {
            if closes { try fixture.log.close() }
            fixture.log = try Fixture.open(fixture.fileSystem, fixture.clock, segmentBytes)
            #expect(try fixture.found() == expected)
        }
        fixture.clock.advance(micros: 1_000_000)
        try fixture.append()
        #expect(try fixture.found().last == fixture.clock.nowMicros() / 1000)
    }

    @Test func timesDoNotGoBackWithTheClock() throws {
        var fixture = try Fixture()
        try fixture.append()
        fixture.clock.advance(micros: -900_000_000)
        try fixture.append()
        fixture.log = try Fixture.open(fixture.fileSystem, fixture.clock, 1 << 20)
        try fixture.append()
        #expect(try fixture.found() == [Int64?](repeating: 1_000_000, count: 6))
    }

    @Test func aLogWithoutTimesTakesThoseOfItsFiles() throws {
        var fixture = try Fixture(segmentBytes: 400)
        for _ in 0..<10 { try fixture.append() }
        fixture.fileSystem.state.withLock { state in
            for path in state.names.keys where path.hasSuffix(".times") { state.names[path] = nil }
        }
        fixture.log = try Fixture.open(fixture.fileSystem, fixture.clock, 400)
        #expect(try fixture.found() == [Int64?](repeating: 7_000, count: 20))
        try fixture.append()
        #expect(try fixture.found().last == 1_000_000)
        fixture.log = try Fixture.open(fixture.fileSystem, fixture.clock, 400)
        #expect(try fixture.found() == [Int64?](repeating: 7_000, count: 20) + [1_000_000, 1_000_000])
    }

    /// Cut anywhere, or with any byte broken: later times are lost to earlier ones, and what follows is right again.
    @Test(arguments: 0..<60) func damageCostsOnlyTheEntriesItHits(place: Int) throws {
        for cuts in [false, true] {
            var fixture = try Fixture()
            for _ in 0..<3 {
                try fixture.append()
                fixture.clock.advance(micros: 1_000_000)
            }
            let node = try #require(fixture.fileSystem.node(times))
            node.content.withLock { content in
                #expect(content.current.count == 60)
                if cuts { content.current.removeLast(60 - place) } else { content.current[place] ^= 0x10 }
            }
            fixture.log = try Fixture.open(fixture.fileSystem, fixture.clock, 1 << 20)
            try fixture.append()
            let found = try fixture.found().compactMap(\.self)
            #expect(found.count == 8)
            #expect(found == found.sorted())
            #expect(found.last == 1_003_000)
            let allowed: Set<Int64> = [7_000, 1_000_000, 1_001_000, 1_002_000, 1_003_000]
            #expect(Set(found).isSubset(of: allowed), "\(found)")
        }
    }

    @Test func entriesOfRecordsThatACrashCutOffGo() throws {
        var fixture = try Fixture()
        for _ in 0..<4 {
            try fixture.append()
            fixture.clock.advance(micros: 1_000_000)
        }
        let segment = try #require(fixture.fileSystem.node("log/topics/orders/0/00000000000000000000.log"))
        segment.content.withLock { $0.current.removeLast($0.current.count / 2) }
        fixture.log = try Fixture.open(fixture.fileSystem, fixture.clock, 1 << 20)
        try fixture.append()
        #expect(try fixture.found() == [1_000_000, 1_000_000, 1_001_000, 1_001_000, 1_004_000, 1_004_000])
    }

    @Test func aDiskThatCannotTakeThemLosesNoRecords() throws {
        let fixture = try Fixture()
        try fixture.append()
        let system = fixture.fileSystem
        let isLog = MutexFlag()
        system.setPlan { operation, _ in
            // Segment and times are written in turn.
            operation == .write && isLog.toggled() ? .diskFull(after: 3) : nil
        }
        for _ in 0..<3 {
            fixture.clock.advance(micros: 1_000_000)
            try fixture.append()
        }
        system.setPlan { _, _ in nil }
        fixture.clock.advance(micros: 1_000_000)
        try fixture.append()
        let expected = try fixture.found()
        let appended: [Int64?] = [1_000_000, 1_001_000, 1_002_000, 1_003_000, 1_004_000]
        #expect(expected == appended.flatMap { [$0, $0] })
        var again = fixture
        again.log = try Fixture.open(system, fixture.clock, 1 << 20)
        #expect(try again.found() == expected)
    }

    @Test func retentionTakesThemAlong() throws {
        let fixture = try Fixture(segmentBytes: 400)
        for _ in 0..<10 { try fixture.append() }
        _ = try fixture.partition.deleteRecords(before: fixture.partition.endOffset)
        try fixture.log.enforceRetention()
        let left = fixture.fileSystem.state.withLock { $0.names.keys.filter { $0.hasSuffix(".times") } }
        #expect(left.count == 1)
    }
}

/// False, then true, then false ...
private final class MutexFlag: Sendable {
    private let value = Mutex(true)
    func toggled() -> Bool {
        value.withLock { value in
            value.toggle()
            return value
        }
    }
}
