internal import Base

/// Connects definitions to a graph, and reports references to what is not there, and circles.
struct GraphBuilder {
    let settings: ProjectSettings
    let sources: [SourceDefinition]
    let seeds: [SeedDefinition]
    let models: [ModelDefinition]
    let singularTests: [SingularTest]
    let endpoints: [EndpointDefinition]
    let disabled: Set<String>
    let snapshots: Set<String>
    /// Whether a file that may name sources could not be read.
    let hasUnreadSources: Bool
    let diagnostics: Diagnostics

    func build() -> Graph {
        let graph = Graph(
            projectName: settings.name, nodes: sourceNodes() + seedNodes() + modelNodes() + endpointNodes())
        checkReferences(graph)
        for cycle in graph.cycles() {
            diagnostics.add(.cycle(cycle.location, path: cycle.path.map(\.description)))
        }
        return graph
    }

    private func sourceNodes() -> [GraphNode] {
        sources.flatMap { source -> [GraphNode] in
            let kind: DatasetKind = source.topic == nil ? .sourceTable : .topic
            let node = GraphNode(
                name: source.name, kind: kind, location: source.location, tags: source.tags, reads: [],
                qualifiedName: [source.name.namespace ?? "", source.name.name])
            guard let topic = source.topic else { return [node] }
            let letter = GraphNode(
                name: DatasetName(topic.deadLetter, in: "topic"), kind: .deadLetterTopic, location: source.location,
                tags: source.tags, reads: [Located(source.name, source.location)], qualifiedName: [topic.deadLetter])
            return [node, letter]
        }
    }

    private func seedNodes() -> [GraphNode] {
        seeds.map { seed in
            GraphNode(
                name: seed.name, kind: .seed, location: SourceLocation(file: seed.file), tags: seed.tags, reads: [],
                qualifiedName: Self.path(of: seed.file, below: settings.seedPaths))
        }
    }

    private func modelNodes() -> [GraphNode] {
        models.flatMap { model -> [GraphNode] in
            let place = SourceLocation(file: model.file)
            let path = Self.path(of: model.file, below: settings.modelPaths)
            let node = GraphNode(
                name: model.name, kind: .model(model.config.materialized.value), location: place,
                tags: model.config.tags, reads: model.reads, qualifiedName: path)
            guard model.config.materialized.value == .stream else { return [node] }
            let itself = [Located(model.name, place)]
            return [
                node,
                GraphNode(
                    name: DatasetName(model.lateTopic, in: "topic"), kind: .lateTopic, location: place,
                    tags: model.config.tags, reads: itself, qualifiedName: path),
                GraphNode(
                    name: DatasetName(model.name.name, in: "lake"), kind: .lakeTable, location: place,
                    tags: model.config.tags, reads: itself, qualifiedName: path),
            ]
        }
    }

    private func endpointNodes() -> [GraphNode] {
        endpoints.map { endpoint in
            GraphNode(
                name: DatasetName(endpoint.name.value, in: "api"), kind: .endpoint, location: endpoint.name.location,
                tags: [], reads: [endpoint.from], qualifiedName: [endpoint.name.value])
        }
    }

    /// Folders below the model path, and the name without its ending.
    private static func path(of file: String, below roots: [String]) -> [String] {
        let root = roots.first { file.hasPrefix($0 + "/") } ?? ""
        var parts = file.dropFirst(root.isEmpty ? 0 : root.count + 1).split(separator: "/").map { String($0) }
        if let last = parts.popLast() { parts.append(String(last[..<(last.lastIndex(of: ".") ?? last.endIndex)])) }
        return parts
    }

    // MARK: References

    private func checkReferences(_ graph: Graph) {
        for model in models { for read in model.reads { check(read, in: graph) } }
        for test in singularTests { for read in test.reads { check(read, in: graph) } }
        for endpoint in endpoints { check(endpoint.from, in: graph) }
        let columns = models.flatMap(\.columns) + seeds.flatMap(\.columns) + sources.flatMap(\.columns)
        for test in columns.flatMap(\.tests) {
            if case .relationships(let target, _) = test.kind { check(Located(target, test.location), in: graph) }
        }
    }

    private func check(_ read: Located<DatasetName>, in graph: Graph) {
        guard graph.nodes[read.value] == nil else { return }
        let name = read.value
        if let namespace = name.namespace {
            // It may stand in the file that is reported already.
            if hasUnreadSources { return }
            let tables = sources.map(\.name)
            // The nearest table of the same source, or the source's own name mistyped.
            let same = tables.filter { $0.namespace == namespace }
            let near =
                same.isEmpty
                ? Suggestion.nearest(to: name.description, among: tables.map(\.description))
                : Suggestion.nearest(to: name.name, among: same.map(\.name)).map { "\(namespace).\($0)" }
            diagnostics.add(
                .unknownReference(read.location, kind: "source table", name: name.description, suggestion: near))
        } else if snapshots.contains(name.name) {
            diagnostics.add(
                .unsupported(
                    read.location, what: "the snapshot `\(name.name)`",
                    hint: "Use an incremental model with a unique_key instead."))
        } else if disabled.contains(name.name) {
            diagnostics.add(
                .wrongInput(
                    read.location, message: "`\(name.name)` is disabled", expected: "an enabled model",
                    found: name.name, hint: "Enable it with `enabled: true`, or take this reference out."))
        } else {
            let known = models.map(\.name.name) + seeds.map(\.name.name)
            diagnostics.add(
                .unknownReference(
                    read.location, kind: "model or seed", name: name.name,
                    suggestion: Suggestion.nearest(to: name.name, among: known)))
        }
    }
}
