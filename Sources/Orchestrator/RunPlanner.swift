/// Leads one run of chosen nodes to its end: each after all it reads, as many at once as allowed, and none that reads
/// a node that failed.
public struct RunPlanner: Sendable {
    private let graph: DependencyGraph
    private let chosen: Set<NodeID>
    private let parallel: Int
    private var waiting: [NodeID]
    private var running: Set<NodeID> = []
    private var done: Set<NodeID> = []
    /// Nodes that failed or were skipped, and the failed node that is to blame.
    private var lost: [NodeID: NodeID] = [:]

    /// - Parameters:
    ///   - nodes: all nodes of the graph with what they read.
    ///   - chosen: those to run; the others count as up to date, but still tell who comes before whom.
    ///   - parallel: how many at once, at least 1.
    public init(_ nodes: [(id: NodeID, inputs: [NodeID])], chosen: Set<NodeID>, parallel: Int)
        throws(OrchestratorError)
    {
        precondition(parallel > 0)
        graph = try DependencyGraph(nodes)
        self.chosen = chosen.intersection(graph.order)
        self.parallel = parallel
        waiting = graph.order.filter { chosen.contains($0) }
    }

    /// The nodes to run, in the order in which one worker would.
    public var order: [NodeID] { graph.order.filter { chosen.contains($0) } }
    public var isFinished: Bool { waiting.isEmpty && running.isEmpty }

    public struct Step: Sendable, Hashable {
        /// Nodes to start now.
        public let start: [NodeID]
        /// Nodes that will not be run, each with the failed node that is to blame.
        public let skip: [Skip]
    }

    public struct Skip: Sendable, Hashable {
        public let node: NodeID
        public let because: NodeID
    }

    /// What to do now; to be asked at the beginning and after each `finish`.
    public mutating func next() -> Step {
        var start: [NodeID] = []
        var skip: [Skip] = []
        var left: [NodeID] = []
        for node in waiting {
            let above = graph.ancestors[node]!.intersection(chosen)
            if let culprit = above.compactMap({ lost[$0] }).min() {
                lost[node] = culprit
                skip.append(Skip(node: node, because: culprit))
            } else if running.count < parallel, above.isSubset(of: done) {
                running.insert(node)
                start.append(node)
            } else {
                left.append(node)
            }
        }
        waiting = left
        return Step(start: start, skip: skip)
    }

    /// - Parameter succeeded: false to skip all that read the node.
    public mutating func finish(_ node: NodeID, succeeded: Bool) {
        precondition(running.remove(node) != nil, "\(node) does not run")
        if succeeded { done.insert(node) } else { lost[node] = node }
    }

    /// Starts nothing any more.
    ///
    /// - Returns: the nodes that were not started.
    public mutating func cancel() -> [NodeID] {
        defer { waiting = [] }
        return waiting
    }
}
