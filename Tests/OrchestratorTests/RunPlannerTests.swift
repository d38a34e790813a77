import Base
import Orchestrator
import Synchronization
import Testing

private let diamond: [(id: NodeID, inputs: [NodeID])] = [
    ("d", ["b", "c"]), ("b", ["a"]), ("c", ["a"]), ("a", []), ("e", []),
]

@Test
func nodesStartAfterTheirInputs() throws {
    var plan = try RunPlanner(diamond, chosen: ["a", "b", "c", "d", "e"], parallel: 2)
    #expect(plan.order == ["a", "e", "b", "c", "d"])
    #expect(plan.next().start == ["a", "e"])
    #expect(plan.next().start == [])
    plan.finish("a", succeeded: true)
    #expect(plan.next().start == ["b"])
    plan.finish("e", succeeded: true)
    #expect(plan.next().start == ["c"])
    plan.finish("c", succeeded: true)
    plan.finish("b", succeeded: false)
    let step = plan.next()
    #expect(step.start == [] && step.skip.map(\.node) == ["d"] && step.skip.map(\.because) == ["b"])
    #expect(plan.isFinished)
}

@Test
func nodesThatAreNotChosenStillOrderTheOthers() throws {
    var plan = try RunPlanner(diamond, chosen: ["a", "d"], parallel: 4)
    #expect(plan.next().start == ["a"])
    plan.finish("a", succeeded: true)
    #expect(plan.next().start == ["d"])
}

@Test(arguments: 0..<40)
func anyRunEndsWithEachNodeDoneOrExplained(seed: UInt64) async throws {
    var source = SplitMix64(seed: seed)
    var nodes: [(id: NodeID, inputs: [NodeID])] = []
    for index in 0..<Int.random(in: 1...25, using: &source) {
        let inputs =
            nodes.isEmpty
            ? [] : (0..<Int.random(in: 0...3, using: &source)).map { _ in nodes.randomElement(using: &source)!.id }
        nodes.append((NodeID("n\(index)"), inputs))
    }
    let chosen = Set(nodes.map(\.id).filter { _ in UInt.random(in: 0..<5, using: &source) > 0 })
    let failing = Set(nodes.map(\.id).filter { _ in UInt.random(in: 0..<8, using: &source) == 0 })
    let parallel = Int.random(in: 1...4, using: &source)
    let plan = try RunPlanner(nodes, chosen: chosen, parallel: parallel)
    struct Broken: Error {}
    let state = Mutex((running: 0, most: 0, done: Set<NodeID>()))
    let graph = nodes
    let report = await RunExecutor(clock: ManualClock()).execute(plan, runID: "r") { id in
        state.withLock { state in
            state.running += 1
            state.most = max(state.most, state.running)
            for input in graph.first(where: { $0.id == id })!.inputs where chosen.contains(input) {
                #expect(state.done.contains(input), "seed \(seed)")
            }
        }
        await Task.yield()
        state.withLock { state in
            state.running -= 1
            if !failing.contains(id) { state.done.insert(id) }
        }
        if failing.contains(id) { throw Broken() }
        return 1
    }
    #expect(state.withLock { $0.most } <= parallel)
    #expect(Set(report.entries.map(\.node)) == chosen && report.entries.count == chosen.count)
    for entry in report.entries {
        switch entry.outcome {
        case .succeeded: #expect(!failing.contains(entry.node))
        case .failed(let error): #expect(failing.contains(entry.node) && error.code == "ORC-004")
        case .skipped(let culprit): #expect(failing.contains(culprit) && chosen.contains(culprit))
        case .cancelled: Issue.record("nobody cancelled")
        }
    }
    #expect(report.isComplete == chosen.isDisjoint(with: failing))
}

@Test
func aCancelledRunTellsWhatItLeftOut() async throws {
    let plan = try RunPlanner(diamond, chosen: ["a", "b", "c", "d", "e"], parallel: 1)
    let run = Task {
        await RunExecutor(clock: ManualClock()).execute(plan, runID: "r") { _ in
            while !Task.isCancelled { await Task.yield() }
            return 1
        }
    }
    run.cancel()
    let report = await run.value
    #expect(report.entries.count == 5)
    #expect(report.cancelled >= 4)
}

@Test
func theSummaryIsOneLine() {
    var report = RunReport(runID: "r")
    report.add(.init(node: "a", outcome: .succeeded(rows: 3), startedMicros: 0, durationMicros: 1_000_000))
    report.add(
        .init(
            node: "b", outcome: .failed(ErrorReport(code: "X", recovery: .retry, message: "m", hint: "h")),
            startedMicros: 1_000_000, durationMicros: 3_240_000))
    report.add(.init(node: "c", outcome: .skipped(because: "b")))
    #expect(report.summary == "1 done, 1 failed, 1 skipped in 4.2 s")
    #expect(!report.isComplete)
}
