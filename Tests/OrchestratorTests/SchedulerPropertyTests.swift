import Base
import Orchestrator
import Testing

/// Runs a scheduler in a world of random graphs, changes, run times and failures, and watches what it must keep.
private struct World {
    var source: SplitMix64
    let nodes: [FreshnessScheduler.Node]
    let parallel: Int
    var scheduler: FreshnessScheduler
    let clock = ManualClock()
    var ancestors: [NodeID: Set<NodeID>] = [:]
    /// What each node holds: a source its version, a table what it made of its inputs when its run began.
    var contents: [NodeID: Int] = [:]
    var running: [NodeID: (end: Int64, made: Int)] = [:]
    var lastStart: [NodeID: Int64] = [:]
    var lastFailed: Set<NodeID> = []
    var runs = 0
    var broken: [String] = []

    init(seed: UInt64) throws {
        source = SplitMix64(seed: seed)
        var nodes: [FreshnessScheduler.Node] = []
        for index in 0..<Int.random(in: 2...14, using: &source) {
            let id = NodeID("n\(index)")
            if index < 2 || UInt.random(in: 0..<6, using: &source) == 0 {
                nodes.append(FreshnessScheduler.Node(id, kind: .source))
            } else {
                var inputs: [NodeID] = []
                for _ in 0..<Int.random(in: 1...3, using: &source) {
                    inputs.append(nodes.randomElement(using: &source)!.id)
                }
                let isView = UInt.random(in: 0..<5, using: &source) == 0
                let freshness = [0, 0, 5, 50, 300].randomElement(using: &source)!
                nodes.append(
                    FreshnessScheduler.Node(
                        id, inputs: inputs, kind: isView ? .view : .table, freshnessMicros: Int64(freshness)))
            }
        }
        self.nodes = nodes
        parallel = Int.random(in: 1...4, using: &source)
        scheduler = try FreshnessScheduler(
            nodes.shuffled(using: &source),
            backoff: Backoff(firstMicros: 4, longestMicros: 40), parallel: parallel)
        for node in nodes {
            ancestors[node.id] = node.inputs.reduce(into: []) { all, input in
                all.insert(input)
                all.formUnion(ancestors[input]!)
            }
        }
    }

    func content(_ id: NodeID) -> Int? {
        let node = nodes.first { $0.id == id }!
        switch node.kind {
        case .source: return contents[id, default: 0]
        case .table: return contents[id]
        case .view: return contents[id] == nil ? nil : made(node)
        }
    }

    /// What a run that began now would make; nil where an input is not there.
    func made(_ node: FreshnessScheduler.Node) -> Int? {
        var hash = 17
        for input in node.inputs {
            guard let content = content(input) else { return nil }
            hash = (hash &* 31 &+ content) % 1_000_003
        }
        return hash
    }

    mutating func tell(_ event: FreshnessScheduler.Event) {
        let now = clock.nowMicros()
        for action in scheduler.handle(event, at: now) {
            guard case .run(let id, let attempt) = action else { continue }
            let node = nodes.first { $0.id == id }!
            runs += 1
            if running[id] != nil { broken.append("\(id) runs twice at once") }
            if let above = ancestors[id]!.first(where: { running[$0] != nil }) {
                broken.append("\(id) while \(above) runs")
            }
            if let above = ancestors[id]!.first(where: { lastFailed.contains($0) }) {
                broken.append("\(id) though \(above) failed")
            }
            if running.count >= parallel { broken.append("more than \(parallel) at once") }
            if attempt == 1, let last = lastStart[id], now - last < node.freshnessMicros! {
                broken.append("\(id) too often")
            }
            guard let made = made(node) else {
                broken.append("\(id) before its inputs")
                continue
            }
            lastStart[id] = now
            running[id] = (now + Int64.random(in: 0...20, using: &source), made)
        }
    }

    mutating func step(changes: Bool) {
        if changes, UInt.random(in: 0..<4, using: &source) == 0,
            let node = nodes.filter({ $0.kind == .source }).randomElement(using: &source)
        {
            contents[node.id, default: 0] += 1
            tell(.inputChanged(node.id, version: Int64(contents[node.id]!)))
        }
        for (id, run) in running.sorted(by: { $0.key < $1.key }) where run.end <= clock.nowMicros() {
            running[id] = nil
            if changes, UInt.random(in: 0..<5, using: &source) == 0 {
                lastFailed.insert(id)
                tell(.runFailed(id))
            } else {
                lastFailed.remove(id)
                let changed = contents[id] != run.made
                contents[id] = run.made
                tell(.runSucceeded(id, changed: changed))
            }
        }
        clock.advance(micros: 1)
        tell(.timePassed)
    }
}

@Test(arguments: 0..<60)
func anyGraphEndsFreshAndNothingRunsTooEarlyOrTooOften(seed: UInt64) throws {
    var world = try World(seed: seed)
    for _ in 0..<400 { world.step(changes: true) }
    for _ in 0..<1_500 { world.step(changes: false) }
    #expect(world.broken.isEmpty, "seed \(seed): \(world.broken.prefix(3))")
    #expect(world.running.isEmpty)
    #expect(world.runs > 0 || world.nodes.allSatisfy { $0.kind == .source })
    for node in world.nodes where node.kind != .source {
        #expect(world.scheduler.status(of: node.id) == .fresh, "seed \(seed): \(node)")
        #expect(world.content(node.id) == world.made(node), "seed \(seed): \(node)")
    }
    let before = world.runs
    for _ in 0..<500 { world.step(changes: false) }
    #expect(world.runs == before, "seed \(seed) runs though all is fresh")
}
