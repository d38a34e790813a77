/// Who waits for whom: inputs come before the nodes that read them.
struct DependencyGraph: Sendable {
    /// All nodes, inputs first; nodes that do not depend on each other in the order of their names.
    let order: [NodeID]
    let inputs: [NodeID: [NodeID]]
    /// All that a node reads, through others too.
    let ancestors: [NodeID: Set<NodeID>]
    /// All that read a node, through others too.
    let descendants: [NodeID: Set<NodeID>]

    init(_ nodes: [(id: NodeID, inputs: [NodeID])]) throws(OrchestratorError) {
        var inputs: [NodeID: [NodeID]] = [:]
        for node in nodes where inputs.updateValue(node.inputs, forKey: node.id) != nil { throw .duplicate(node.id) }
        var readers: [NodeID: [NodeID]] = [:]
        for node in nodes {
            for input in Set(node.inputs) {
                guard inputs[input] != nil else { throw .unknownInput(node: node.id, input: input) }
                readers[input, default: []].append(node.id)
            }
        }
        // Kahn's algorithm, a layer at a time so that the order depends on nothing but the graph.
        var missing = inputs.mapValues { Set($0).count }
        var layer = missing.filter { $0.value == 0 }.map(\.key).sorted()
        var order: [NodeID] = []
        while !layer.isEmpty {
            order += layer
            var next: [NodeID] = []
            for node in layer {
                for reader in readers[node] ?? [] {
                    missing[reader]! -= 1
                    if missing[reader] == 0 { next.append(reader) }
                }
            }
            layer = next.sorted()
        }
        guard order.count == inputs.count else {
            throw .cycle(DependencyGraph.cycle(among: Set(inputs.keys).subtracting(order), inputs))
        }
        var ancestors: [NodeID: Set<NodeID>] = [:]
        for node in order {
            ancestors[node] = inputs[node]!.reduce(into: []) { all, input in
                all.insert(input)
                all.formUnion(ancestors[input]!)
            }
        }
        var descendants: [NodeID: Set<NodeID>] = [:]
        for (node, above) in ancestors {
            for ancestor in above { descendants[ancestor, default: []].insert(node) }
        }
        self.order = order
        self.inputs = inputs
        self.ancestors = ancestors
        self.descendants = descendants
    }

    /// Every node left has an input that is left: going from input to input must come back to a node.
    private static func cycle(among left: Set<NodeID>, _ inputs: [NodeID: [NodeID]]) -> [NodeID] {
        guard var node = left.min() else { return [] }
        var path: [NodeID] = []
        while !path.contains(node) {
            path.append(node)
            guard let next = inputs[node]!.filter({ left.contains($0) }).min() else { return path }
            node = next
        }
        return Array((path[path.firstIndex(of: node)!...] + [node]).reversed())
    }
}
