/// Decides when tables are rebuilt so that they follow their inputs: takes events and the time, gives actions.
///
/// - A table is due when an input has changed since its last run began, and that run began at least its freshness ago.
/// - Nodes start in the order in which they became due; together due, inputs go first. A node never starts while one
///   that it reads runs, through others too, nor while one that reads it does.
/// - A failed node is tried again, each time after twice the wait of the time before, up to a longest wait. What
///   reads it is skipped until it succeeds.
/// - Any number of changes while a node waits or runs cause one more run.
///
/// First come, first served means that a table whose inputs change all the time cannot keep those after it from running.
public struct FreshnessScheduler: Sendable {
    public struct Node: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            /// Changes from outside, and is never run.
            case source
            /// Run once; afterwards its inputs' changes are its own.
            case view
            /// Run when its inputs have changed.
            case table
        }

        public let id: NodeID
        public let inputs: [NodeID]
        public let kind: Kind
        /// The least time between the starts of two runs, in microseconds; nil to run only on request.
        public let freshnessMicros: Int64?

        public init(_ id: NodeID, inputs: [NodeID] = [], kind: Kind = .table, freshnessMicros: Int64? = 0) {
            self.id = id
            self.inputs = inputs
            self.kind = kind
            self.freshnessMicros = freshnessMicros
        }
    }

    public enum Event: Sendable, Hashable {
        /// A source has another version than before.
        case inputChanged(NodeID, version: Int64)
        /// Somebody wants a run whatever the versions say.
        case runRequested(NodeID)
        /// A run ended well; `changed` tells whether its rows may be others than before.
        case runSucceeded(NodeID, changed: Bool)
        case runFailed(NodeID)
        /// Somebody else has run a node. What reads it is due; the node's own standing stays, since nobody knows which
        /// versions that run has read.
        case builtOutside(NodeID)
        case timePassed
    }

    public enum Action: Sendable, Hashable {
        /// Start this run now, and tell when it has ended. `attempt` counts from 1, again after each success.
        case run(NodeID, attempt: Int)
        /// The node would have to run, but what it reads has failed; told once a failure.
        case skip(NodeID, because: NodeID)
        /// Nothing to do before this time unless something happens; always the last action.
        case wait(untilMicros: Int64)
    }

    /// How a node stands.
    public enum Status: Sendable, Hashable {
        case fresh
        /// Its inputs have changed, and it will run at this time or, if that has passed, when its turn comes.
        case stale(dueMicros: Int64)
        case running
        case failed(times: Int, retryMicros: Int64)
        /// Stale, and waits for a node that has failed or was never run.
        case blocked(by: NodeID)
    }

    private struct State: Sendable {
        var version: Int64 = 0
        /// The versions that the last successful run read; nil if there was none.
        var built: [Int64]?
        /// What the current run reads.
        var reading: [Int64]?
        var startedMicros: Int64?
        var failures = 0
        var retryMicros: Int64 = 0
        var requested = false
        /// Its place in the line of those that are due.
        var ticket: Int?
        var toldSkip: NodeID?
    }

    private let nodes: [NodeID: Node]
    private let graph: DependencyGraph
    private let backoff: Backoff
    private let parallel: Int
    private var states: [NodeID: State]
    private var nextTicket = 0
    private var nowMicros: Int64 = .min

    /// - Parameter parallel: how many runs at once, at least 1.
    public init(_ nodes: [Node], backoff: Backoff = Backoff(), parallel: Int = 1) throws(OrchestratorError) {
        precondition(parallel > 0)
        graph = try DependencyGraph(nodes.map { ($0.id, $0.inputs) })
        self.nodes = Dictionary(uniqueKeysWithValues: nodes.map { ($0.id, $0) })
        states = self.nodes.mapValues { _ in State() }
        self.backoff = backoff
        self.parallel = parallel
    }

    /// Tells a source's version before the first event, and before those who read it are restored.
    public mutating func restore(source id: NodeID, version: Int64) {
        guard nodes[id]?.kind == .source else { return }
        states[id]!.version = version
    }

    /// Tells before the first event what an earlier life of the program has done.
    ///
    /// - Parameter isFresh: whether nothing that the node reads has changed since.
    public mutating func restore(_ id: NodeID, startedMicros: Int64, isFresh: Bool) {
        guard let node = nodes[id], node.kind != .source else { return }
        states[id]!.startedMicros = startedMicros
        // Versions that never come say that something was built, from what is there no more.
        states[id]!.built = isFresh ? inputVersions(id) : []
    }

    /// - Parameter time: in microseconds; a time before one that was told already counts as that one.
    public mutating func handle(_ event: Event, at time: Int64) -> [Action] {
        nowMicros = max(nowMicros, time)
        var last: NodeID?
        switch event {
        case .inputChanged(let id, let version):
            guard nodes[id]?.kind == .source else { break }
            states[id]!.version = version
        case .runRequested(let id):
            guard let node = nodes[id], node.kind != .source else { break }
            states[id]!.requested = true
        case .runSucceeded(let id, let changed):
            guard let reading = states[id]?.reading else { break }
            if changed || states[id]!.built == nil { states[id]!.version += 1 }
            states[id]!.built = reading
            states[id]!.reading = nil
            states[id]!.failures = 0
            for reader in graph.descendants[id] ?? [] where states[reader]!.toldSkip == id {
                states[reader]!.toldSkip = nil
            }
            last = id
        case .runFailed(let id):
            guard states[id]?.reading != nil else { break }
            states[id]!.reading = nil
            states[id]!.failures += 1
            states[id]!.retryMicros = nowMicros + backoff.wait(after: states[id]!.failures)
            last = id
        case .builtOutside(let id):
            guard let node = nodes[id], node.kind != .source else { break }
            states[id]!.version += 1
        case .timePassed: break
        }
        return lineUp(last: last) + start() + waiting()
    }

    public func status(of id: NodeID) -> Status? {
        guard let state = states[id] else { return nil }
        if state.reading != nil { return .running }
        if state.failures > 0 { return .failed(times: state.failures, retryMicros: state.retryMicros) }
        guard isStale(id), let due = dueMicros(id) else { return .fresh }
        return blocker(of: id).map { .blocked(by: $0) } ?? .stale(dueMicros: due)
    }

    // MARK: What is due

    /// A view's version is made of its own runs and of all that it reads.
    private func version(_ id: NodeID) -> Int64 {
        let own = states[id]!.version
        return nodes[id]!.kind == .view ? inputVersions(id).reduce(own, &+) : own
    }

    private func inputVersions(_ id: NodeID) -> [Int64] { graph.inputs[id]!.map(version) }

    private func isStale(_ id: NodeID) -> Bool {
        let state = states[id]!
        if state.requested { return true }
        switch nodes[id]!.kind {
        case .source: return false
        case .view: return state.built == nil
        case .table: return nodes[id]!.freshnessMicros != nil && state.built != inputVersions(id)
        }
    }

    /// When a stale node may start; nil for one that waits for a request.
    private func dueMicros(_ id: NodeID) -> Int64? {
        let state = states[id]!
        if state.requested { return state.startedMicros ?? nowMicros }
        if state.failures > 0 { return state.retryMicros }
        guard let freshness = nodes[id]!.freshnessMicros else { return nil }
        guard let started = state.startedMicros else { return nowMicros }
        let (due, overflow) = started.addingReportingOverflow(freshness)
        return overflow ? .max : due
    }

    /// A node above that has failed, or that has to be run first and will not be by itself.
    private func blocker(of id: NodeID) -> NodeID? {
        graph.ancestors[id]!.filter { above in
            let state = states[above]!
            if nodes[above]!.kind == .source { return false }
            if state.failures > 0 { return true }
            return state.built == nil && state.reading == nil && !isStale(above)
        }.min()
    }

    /// Gives a place in the line to all that have become due.
    ///
    /// - Parameter last: a node that has just run, which goes behind those that it has made due.
    private mutating func lineUp(last: NodeID?) -> [Action] {
        var actions: [Action] = []
        for id in graph.order.filter({ $0 != last }) + (last.map { [$0] } ?? []) {
            guard states[id]!.reading == nil, isStale(id), let due = dueMicros(id), due <= nowMicros else {
                states[id]!.ticket = nil
                continue
            }
            if let blocker = blocker(of: id) {
                states[id]!.ticket = nil
                if states[blocker]!.failures > 0, states[id]!.toldSkip != blocker {
                    states[id]!.toldSkip = blocker
                    actions.append(.skip(id, because: blocker))
                }
            } else if states[id]!.ticket == nil {
                states[id]!.ticket = nextTicket
                nextTicket += 1
            }
        }
        return actions
    }

    private mutating func start() -> [Action] {
        var actions: [Action] = []
        var running = Set(states.filter { $0.value.reading != nil }.map(\.key))
        // Those that come too late for a place in this round hold back all that are related to them and came later.
        var ahead: Set<NodeID> = []
        let line = states.compactMap { id, state in state.ticket.map { (ticket: $0, id: id) } }.sorted { $0 < $1 }
        for (_, id) in line {
            guard running.count < parallel else { break }
            let related = graph.ancestors[id]!.union(graph.descendants[id] ?? [])
            guard related.isDisjoint(with: running), related.isDisjoint(with: ahead) else {
                ahead.insert(id)
                continue
            }
            states[id]!.ticket = nil
            states[id]!.requested = false
            states[id]!.startedMicros = nowMicros
            states[id]!.reading = inputVersions(id)
            running.insert(id)
            actions.append(.run(id, attempt: states[id]!.failures + 1))
        }
        return actions
    }

    private func waiting() -> [Action] {
        let next = graph.order.filter { states[$0]!.reading == nil && isStale($0) }
            .compactMap { dueMicros($0) }.filter { $0 > nowMicros }.min()
        return next.map { [.wait(untilMicros: $0)] } ?? []
    }
}
