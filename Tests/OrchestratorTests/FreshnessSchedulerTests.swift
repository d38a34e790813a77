import Base
import Orchestrator
import Testing

private typealias Scheduler = FreshnessScheduler

private func scheduler(_ nodes: [FreshnessScheduler.Node], parallel: Int = 4) throws -> FreshnessScheduler {
    try FreshnessScheduler(
        nodes, backoff: Backoff(firstMicros: 10, longestMicros: 35), parallel: parallel)
}

private let chain = [
    FreshnessScheduler.Node("s", kind: .source), FreshnessScheduler.Node("a", inputs: ["s"]),
    FreshnessScheduler.Node("b", inputs: ["a"]),
]

@Test
func inputsGoFirstAndChangesFlowDown() throws {
    var it = try scheduler(chain)
    #expect(it.handle(.timePassed, at: 0) == [.run("a", attempt: 1)])
    #expect(it.status(of: "a") == .running)
    #expect(it.handle(.runSucceeded("a", changed: true), at: 1) == [.run("b", attempt: 1)])
    #expect(it.handle(.runSucceeded("b", changed: true), at: 2) == [])
    #expect(it.status(of: "b") == .fresh)
    #expect(it.handle(.inputChanged("s", version: 1), at: 3) == [.run("a", attempt: 1)])
    #expect(it.handle(.inputChanged("s", version: 1), at: 3) == [])
    // Nothing came out differently, so that nothing goes on.
    #expect(it.handle(.runSucceeded("a", changed: false), at: 4) == [])
}

/// A model that a person has built: what reads it follows, and its own standing stays.
@Test
func whatIsBuiltOutsideMakesItsReadersDue() throws {
    var it = try scheduler(chain)
    #expect(it.handle(.timePassed, at: 0) == [.run("a", attempt: 1)])
    #expect(it.handle(.runSucceeded("a", changed: true), at: 1) == [.run("b", attempt: 1)])
    #expect(it.handle(.runSucceeded("b", changed: true), at: 2) == [])
    #expect(it.handle(.builtOutside("a"), at: 3) == [.run("b", attempt: 1)])
    #expect(it.status(of: "a") == .fresh)
    #expect(it.handle(.builtOutside("s"), at: 4) == [])
    #expect(it.handle(.builtOutside("nobody"), at: 5) == [])
}

@Test
func freshnessLimitsHowOftenAndManyChangesAreOneRun() throws {
    var it = try scheduler([.init("s", kind: .source), .init("a", inputs: ["s"], freshnessMicros: 100)])
    #expect(it.handle(.timePassed, at: 0) == [.run("a", attempt: 1)])
    for version in 1...5 { #expect(it.handle(.inputChanged("s", version: Int64(version)), at: 10) == []) }
    #expect(it.handle(.runSucceeded("a", changed: true), at: 20) == [.wait(untilMicros: 100)])
    #expect(it.status(of: "a") == .stale(dueMicros: 100))
    #expect(it.handle(.timePassed, at: 99) == [.wait(untilMicros: 100)])
    #expect(it.handle(.timePassed, at: 100) == [.run("a", attempt: 1)])
    #expect(it.handle(.runSucceeded("a", changed: true), at: 101) == [])
    #expect(it.handle(.timePassed, at: 1_000) == [])
}

@Test
func failuresAreRetriedEverMoreSlowlyAndReadersAreSkipped() throws {
    var it = try scheduler(chain + [.init("t", kind: .source), .init("c", inputs: ["b", "t"])])
    _ = it.handle(.timePassed, at: 0)
    _ = it.handle(.runSucceeded("a", changed: true), at: 0)
    _ = it.handle(.runSucceeded("b", changed: true), at: 0)
    _ = it.handle(.runSucceeded("c", changed: true), at: 0)
    #expect(it.handle(.inputChanged("s", version: 1), at: 0) == [.run("a", attempt: 1)])
    #expect(it.handle(.runFailed("a"), at: 0) == [.wait(untilMicros: 10)])
    #expect(it.status(of: "a") == .failed(times: 1, retryMicros: 10))
    // c has news of its own, but would mix it with what a could not bring.
    #expect(it.handle(.inputChanged("t", version: 1), at: 1) == [.skip("c", because: "a"), .wait(untilMicros: 10)])
    #expect(it.status(of: "c") == .blocked(by: "a"))
    #expect(it.handle(.timePassed, at: 2) == [.wait(untilMicros: 10)])
    var waits: [Int64] = []
    var now: Int64 = 10
    for attempt in 2...5 {
        #expect(it.handle(.timePassed, at: now) == [.run("a", attempt: attempt)])
        guard case .wait(let until)? = it.handle(.runFailed("a"), at: now).last else {
            Issue.record("no wait")
            return
        }
        waits.append(until - now)
        now = until
    }
    #expect(waits == [20, 35, 35, 35])
    #expect(it.handle(.timePassed, at: now) == [.run("a", attempt: 6)])
    #expect(it.handle(.runSucceeded("a", changed: true), at: now) == [.run("b", attempt: 1)])
    #expect(it.handle(.runSucceeded("b", changed: true), at: now) == [.run("c", attempt: 1)])
}

@Test
func viewsRunOnceAndPassChangesOn() throws {
    var it = try scheduler([
        .init("s", kind: .source), .init("v", inputs: ["s"], kind: .view), .init("t", inputs: ["v"]),
    ])
    #expect(it.handle(.timePassed, at: 0) == [.run("v", attempt: 1)])
    #expect(it.handle(.runSucceeded("v", changed: true), at: 1) == [.run("t", attempt: 1)])
    #expect(it.handle(.runSucceeded("t", changed: true), at: 2) == [])
    #expect(it.handle(.inputChanged("s", version: 1), at: 3) == [.run("t", attempt: 1)])
}

@Test
func onRequestOnly() throws {
    var it = try scheduler([
        .init("s", kind: .source), .init("a", inputs: ["s"], freshnessMicros: nil), .init("b", inputs: ["a"]),
    ])
    #expect(it.handle(.inputChanged("s", version: 1), at: 0) == [])
    #expect(it.status(of: "b") == .blocked(by: "a"))
    #expect(it.handle(.runRequested("a"), at: 1) == [.run("a", attempt: 1)])
    #expect(it.handle(.runSucceeded("a", changed: true), at: 2) == [.run("b", attempt: 1)])
}

@Test
func aRestartRebuildsOnlyWhatIsStale() throws {
    var it = try scheduler(chain + [.init("other", inputs: ["s"], freshnessMicros: 50)])
    it.restore(source: "s", version: 7)
    it.restore("a", startedMicros: 0, isFresh: true)
    it.restore("b", startedMicros: 0, isFresh: true)
    it.restore("other", startedMicros: 0, isFresh: false)
    #expect(it.handle(.inputChanged("s", version: 7), at: 20) == [.wait(untilMicros: 50)])
    #expect(it.handle(.timePassed, at: 50) == [.run("other", attempt: 1)])
}

@Test
func unknownAndUnexpectedEventsDoNothing() throws {
    var it = try scheduler(chain)
    #expect(it.handle(.runSucceeded("nobody", changed: true), at: 0) == [.run("a", attempt: 1)])
    #expect(it.handle(.runFailed("b"), at: 0) == [])
    #expect(it.handle(.inputChanged("a", version: 3), at: 0) == [])
    #expect(it.handle(.runRequested("s"), at: 0) == [])
    #expect(it.status(of: "nobody") == nil)
}

@Test
func brokenGraphsAreRefused() {
    #expect(throws: OrchestratorError.cycle(["a", "c", "b", "a"])) {
        try scheduler([.init("a", inputs: ["b"]), .init("b", inputs: ["c"]), .init("c", inputs: ["a"])])
    }
    #expect(throws: OrchestratorError.cycle(["a", "a"])) { try scheduler([.init("a", inputs: ["a"])]) }
    #expect(throws: OrchestratorError.unknownInput(node: "a", input: "b")) {
        try scheduler([.init("a", inputs: ["b"])])
    }
    #expect(throws: OrchestratorError.duplicate("a")) { try scheduler([.init("a"), .init("a")]) }
}

@Test
func aTableThatIsAlwaysStaleDoesNotStarveThoseAfterIt() throws {
    var it = try scheduler(
        [
            .init("s", kind: .source), .init("a", inputs: ["s"]), .init("b", inputs: ["s"]),
            .init("x", inputs: ["a", "b"]),
        ], parallel: 2)
    var running: [(id: NodeID, end: Int64)] = []
    var runs: [NodeID: Int] = [:]
    for now in Int64(0)..<1_000 {
        var actions = it.handle(.inputChanged("s", version: now), at: now)
        while let index = running.firstIndex(where: { $0.end <= now }) {
            actions += it.handle(.runSucceeded(running.remove(at: index).id, changed: true), at: now)
        }
        for case .run(let id, _) in actions {
            runs[id, default: 0] += 1
            running.append((id, now + (id == "a" ? 7 : 5)))
        }
    }
    #expect(runs["x", default: 0] > 20)
    #expect(runs["a", default: 0] > 20)
    #expect(runs["b", default: 0] > 20)
}

/// Waits double while a thing fails at once, and begin anew after a run that lasted.
@Test func restartsWaitLongerUntilARunLasts() {
    var restarts = Restarts(backoff: Backoff(firstMicros: 10, longestMicros: 35), goodMicros: 1_000)
    #expect([0, 5, 999, 0].map { restarts.failed(ranMicros: $0) } == [10, 20, 35, 35])
    #expect([1_000, 0].map { restarts.failed(ranMicros: $0) } == [10, 20])
}
