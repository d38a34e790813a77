import Base
import Orchestrator
import Testing

private func scheduler(_ names: [NodeID], compacts: Bool = true) -> MaintenanceScheduler {
    MaintenanceScheduler(
        names.map { .init($0, compacts: compacts, compactEveryMicros: 100, vacuumEveryMicros: 1000) },
        backoff: .init(firstMicros: 10, longestMicros: 35), nowMicros: 0)
}

@Test
func compactionWaitsForFilesAndForItsTime() {
    var it = scheduler(["a"])
    #expect(it.handle(.timePassed, at: 0) == .wait(untilMicros: 1000))
    #expect(it.handle(.looked("a", filesToCompact: 0), at: 1) == .wait(untilMicros: 1000))
    #expect(it.handle(.looked("a", filesToCompact: 16), at: 2) == .wait(untilMicros: 100))
    #expect(it.handle(.looked("a", filesToCompact: 20), at: 90) == .wait(untilMicros: 100))
    #expect(it.handle(.timePassed, at: 100) == .run(.compact, "a", attempt: 1))
    #expect(it.handle(.looked("a", filesToCompact: 20), at: 110) == nil, "it runs already")
    #expect(it.handle(.done(.compact, "a", hasMore: false), at: 120) == .wait(untilMicros: 1000))
    #expect(it.handle(.looked("a", filesToCompact: 16), at: 130) == .wait(untilMicros: 200))
    #expect(it.handle(.looked("a", filesToCompact: 0), at: 140) == .wait(untilMicros: 1000), "somebody else did it")
    #expect(it.handle(.looked("a", filesToCompact: 16), at: 500) == .run(.compact, "a", attempt: 1))
}

@Test
func vacuumComesBackForAsLongAsTheTableIsThere() {
    var it = scheduler(["a"])
    #expect(it.handle(.timePassed, at: 1000) == .run(.vacuum, "a", attempt: 1))
    #expect(it.handle(.done(.vacuum, "a", hasMore: true), at: 1001) == .wait(untilMicros: 1011))
    #expect(it.handle(.timePassed, at: 1011) == .run(.vacuum, "a", attempt: 1))
    #expect(it.handle(.done(.vacuum, "a", hasMore: false), at: 1012) == .wait(untilMicros: 2011))
}

@Test
func whatFailsOrMustWaitIsTriedAgain() {
    var it = scheduler(["a"])
    _ = it.handle(.looked("a", filesToCompact: 16), at: 0)
    #expect(it.handle(.timePassed, at: 100) == .run(.compact, "a", attempt: 1))
    #expect(it.handle(.failed(.compact, "a"), at: 100) == .wait(untilMicros: 110))
    #expect(it.handle(.timePassed, at: 110) == .run(.compact, "a", attempt: 2))
    #expect(it.handle(.postponed(.compact, "a"), at: 110) == .wait(untilMicros: 130))
    #expect(it.handle(.timePassed, at: 130) == .run(.compact, "a", attempt: 3))
    #expect(it.handle(.failed(.compact, "a"), at: 130) == .wait(untilMicros: 165))
    #expect(it.handle(.timePassed, at: 165) == .run(.compact, "a", attempt: 4))
    #expect(it.handle(.done(.compact, "a", hasMore: false), at: 170) == .wait(untilMicros: 1000))
    #expect(it.handle(.failed(.vacuum, "a"), at: 170) == .wait(untilMicros: 1000), "it did not run")
    #expect(it.handle(.done(.compact, "nobody", hasMore: true), at: 170) == .wait(untilMicros: 1000))
}

@Test
func tablesTakeTurns() {
    var it = scheduler(["a", "b"])
    _ = it.handle(.looked("b", filesToCompact: 16), at: 0)
    _ = it.handle(.looked("a", filesToCompact: 16), at: 0)
    #expect(it.handle(.timePassed, at: 100) == .run(.compact, "a", attempt: 1))
    #expect(it.handle(.looked("a", filesToCompact: 30), at: 150) == nil)
    #expect(it.handle(.done(.compact, "a", hasMore: true), at: 300) == .run(.compact, "b", attempt: 1))
    #expect(it.handle(.done(.compact, "b", hasMore: true), at: 301) == .wait(untilMicros: 400))
    #expect(it.handle(.timePassed, at: 5000) == .run(.compact, "a", attempt: 1))
}

@Test
func aTableThatIsNotCompactedIsStillVacuumed() {
    var it = scheduler(["a"], compacts: false)
    #expect(it.handle(.looked("a", filesToCompact: 99), at: 200) == .wait(untilMicros: 1000))
    #expect(it.handle(.timePassed, at: 1000) == .run(.vacuum, "a", attempt: 1))
}

/// Whatever happens: one thing at a time, never too soon, and nobody waits for ever.
@Test(arguments: 0..<50 as Range<UInt64>)
func anyOrderOfEvents(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let ids: [NodeID] = ["a", "b", "c"]
    var it = scheduler(ids)
    var running: (work: MaintenanceScheduler.Work, id: NodeID)?
    var started: [NodeID: [Int64]] = [:]
    var (now, quiet) = (Int64(0), true)
    for _ in 0..<2000 {
        now += Int64(random.next() % 20)
        let event: MaintenanceScheduler.Event
        if let (work, id) = running, random.next() % 2 == 0 {
            running = nil
            switch random.next() % 6 {
            case 0: (event, quiet) = (.failed(work, id), false)
            case 1: (event, quiet) = (.postponed(work, id), false)
            default: (event, quiet) = (.done(work, id, hasMore: random.next() % 4 == 0), true)
            }
        } else {
            event =
                random.next() % 2 == 0
                ? .timePassed : .looked(ids[Int(random.next() % 3)], filesToCompact: Int(random.next() % 3))
        }
        switch it.handle(event, at: now) {
        case .run(let work, let id, let attempt)?:
            #expect(running == nil, "seed \(seed)")
            running = (work, id)
            if work == .compact {
                if attempt == 1, quiet, let last = started[id]?.last { #expect(now - last >= 100, "seed \(seed)") }
                started[id, default: []].append(now)
            }
        case .wait(let until)?: #expect(until > now && running == nil, "seed \(seed)")
        case nil: break
        }
    }
    for id in ids { #expect((started[id]?.count ?? 0) > 10, "seed \(seed)") }
}
