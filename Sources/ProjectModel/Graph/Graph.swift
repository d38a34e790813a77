public import Base

/// What a dataset is.
public enum DatasetKind: Sendable, Hashable {
    case sourceTable
    case topic
    case seed
    case model(Materialization)
    /// Rows that came to a stream after its watermark.
    case lateTopic
    /// Records of a topic that could not be read.
    case deadLetterTopic
    /// Where a stream's rows are kept.
    case lakeTable
    case endpoint

    /// As dbt's `resource_type:` names it.
    public var resourceType: String {
        switch self {
        case .sourceTable, .topic: "source"
        case .seed: "seed"
        case .model: "model"
        case .lateTopic, .deadLetterTopic: "topic"
        case .lakeTable: "table"
        case .endpoint: "endpoint"
        }
    }
}

/// A dataset in the graph.
public struct GraphNode: Sendable, Hashable {
    public let name: DatasetName
    public let kind: DatasetKind
    /// The file that declares it, relative to the project.
    public let location: SourceLocation
    public let tags: [String]
    /// What it is derived from, with where it says so.
    public let reads: [Located<DatasetName>]
    /// Folders below the project's model path and its name: what dbt calls the fully qualified name, less the project.
    let qualifiedName: [String]
}

/// Datasets as nodes, and the steps that derive one from others as edges.
///
/// Derived names live in namespaces of their own: `topic.orders.dead_letter`, `lake.orders`, `api.orders`.
public struct Graph: Sendable {
    public let projectName: String
    public let nodes: [DatasetName: GraphNode]
    public let children: [DatasetName: [DatasetName]]
    /// Every dataset after all that it reads; those in a circle are left out.
    public let order: [DatasetName]

    /// - Parameter nodes: with reads that are all in the graph; what is not is left out without a word.
    public init(projectName: String, nodes list: [GraphNode]) {
        self.projectName = projectName
        var nodes: [DatasetName: GraphNode] = [:]
        for node in list where nodes[node.name] == nil { nodes[node.name] = node }
        var children: [DatasetName: Set<DatasetName>] = [:]
        var waitsFor: [DatasetName: Int] = [:]
        for node in nodes.values {
            let parents = Set(node.reads.map(\.value)).filter { nodes[$0] != nil }
            waitsFor[node.name] = parents.count
            for parent in parents { children[parent, default: []].insert(node.name) }
        }
        self.nodes = nodes
        self.children = children.mapValues { $0.sorted() }
        // Level by level, by name, so that the order does not depend on hashing.
        var ready = waitsFor.filter { $0.value == 0 }.map(\.key).sorted()
        var order: [DatasetName] = []
        while !ready.isEmpty {
            order += ready
            var next: Set<DatasetName> = []
            for name in ready {
                for child in children[name] ?? [] {
                    waitsFor[child, default: 0] -= 1
                    if waitsFor[child] == 0 { next.insert(child) }
                }
            }
            ready = next.sorted()
        }
        self.order = order
    }

    public func parents(of name: DatasetName) -> [DatasetName] {
        var seen: Set<DatasetName> = []
        return (nodes[name]?.reads ?? []).map(\.value).filter { nodes[$0] != nil && seen.insert($0).inserted }
    }

    /// Everything upstream, at most `depth` steps away.
    public func ancestors(of name: DatasetName, depth: Int = .max) -> Set<DatasetName> {
        reach(from: name, depth: depth) { parents(of: $0) }
    }

    /// Everything downstream, at most `depth` steps away.
    public func descendants(of name: DatasetName, depth: Int = .max) -> Set<DatasetName> {
        reach(from: name, depth: depth) { children[$0] ?? [] }
    }

    private func reach(
        from start: DatasetName, depth: Int, _ next: (DatasetName) -> [DatasetName]
    ) -> Set<DatasetName> {
        var found: Set<DatasetName> = []
        var frontier = [start]
        var left = depth
        while !frontier.isEmpty, left > 0 {
            left -= 1
            var further: [DatasetName] = []
            for name in frontier {
                for neighbour in next(name) where found.insert(neighbour).inserted { further.append(neighbour) }
            }
            frontier = further
        }
        found.remove(start)
        return found
    }

    /// Circles, each once, as the path from a dataset back to itself, with the place of its first reference.
    public func cycles() -> [(path: [DatasetName], location: SourceLocation)] {
        var left = Set(nodes.keys).subtracting(order)
        var found: [(path: [DatasetName], location: SourceLocation)] = []
        while let start = left.min() {
            guard let path = path(from: start, within: left) else {
                left.remove(start)
                continue
            }
            left.subtract(path)
            let reference = nodes[path[0]]?.reads.first { $0.value == path[1 % path.count] }
            found.append((path + [path[0]], reference?.location ?? SourceLocation(file: "")))
        }
        return found
    }

    /// A shortest path of reads from a dataset back to itself.
    private func path(from start: DatasetName, within allowed: Set<DatasetName>) -> [DatasetName]? {
        var cameFrom: [DatasetName: DatasetName] = [:]
        var queue = [start]
        var index = 0
        while index < queue.count {
            let name = queue[index]
            index += 1
            for parent in parents(of: name) where allowed.contains(parent) {
                if parent == start {
                    var path = [name]
                    while let last = path.last, last != start, let previous = cameFrom[last] { path.append(previous) }
                    return Array(path.reversed())
                }
                if cameFrom[parent] == nil {
                    cameFrom[parent] = name
                    queue.append(parent)
                }
            }
        }
        return nil
    }
}
