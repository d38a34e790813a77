public import Base

/// A project's folder, read, rendered and connected.
public struct Project: Sendable {
    /// Where the project lies.
    public let directory: String
    public let settings: ProjectSettings
    public let sources: [SourceDefinition]
    public let seeds: [SeedDefinition]
    /// Enabled models, by name.
    public let models: [ModelDefinition]
    public let singularTests: [SingularTest]
    public let endpoints: [EndpointDefinition]
    public let graph: Graph

    public func model(_ name: DatasetName) -> ModelDefinition? { models.first { $0.name == name } }
    public func source(_ name: DatasetName) -> SourceDefinition? { sources.first { $0.name == name } }
    public func seed(_ name: DatasetName) -> SeedDefinition? { seeds.first { $0.name == name } }

    /// Every test that YAML files attach to columns and datasets.
    public var columnTests: [ColumnTest] {
        models.flatMap(\.tests) + seeds.flatMap { $0.tests + $0.columns.flatMap(\.tests) }
            + sources.flatMap { $0.tests + $0.columns.flatMap(\.tests) }
    }

    /// The tests that belong to datasets: those attached to them, and queries of tests/ that read any of them.
    public func tests(of datasets: some Sequence<DatasetName>) -> (columns: [ColumnTest], singular: [SingularTest]) {
        let chosen = Set(datasets)
        return (
            columnTests.filter { chosen.contains($0.dataset) },
            singularTests.filter { $0.reads.contains { chosen.contains($0.value) } }
        )
    }

    /// Data files that sources and replays name and that are not there. They may come later, so loading does not ask.
    public func missingDataFiles() -> [ErrorReport] {
        var paths: [Located<String>] = []
        for source in sources {
            switch source.connector {
            case .csv(let csv): paths.append(csv.path)
            case .parquet(let path), .json(let path): paths.append(Located(path, source.location))
            case .topic(let topic): if let replay = topic.replay { paths.append(replay.path) }
            case .warehouse: break
            }
        }
        let files = ProjectFiles(directory: directory, diagnostics: Diagnostics())
        let isPattern = { (path: String) in path.contains("://") || path.contains { "*?[".contains($0) } }
        return paths.filter { !isPattern($0.value) && !files.exists($0.value) }.map {
            ProjectError.fileNotReadable($0.location, reason: "\($0.value) is not there").report
        }
    }

    /// A model's SQL as an engine runs it: ephemeral models that it reads stand before it, as common table expressions.
    ///
    /// - Parameter incremental: whether the table is there already; only incremental models differ.
    public func composed(_ model: ModelDefinition, incremental: Bool = false) -> RenderedSQL {
        compose(incremental ? model.incrementalSQL ?? model.sql : model.sql, reads: model.reads.map(\.value))
    }

    /// A singular test's SQL as an engine runs it.
    public func composed(_ test: SingularTest) -> RenderedSQL { compose(test.query, reads: test.reads.map(\.value)) }

    private func compose(_ sql: RenderedSQL, reads: [DatasetName]) -> RenderedSQL {
        var ordered: [ModelDefinition] = []
        var visited: Set<DatasetName> = []
        collectEphemerals(reads, &visited, &ordered)
        return EphemeralComposer.prepend(ordered.map { ($0.name, $0.sql) }, to: sql)
    }

    private func collectEphemerals(
        _ reads: [DatasetName], _ visited: inout Set<DatasetName>, _ ordered: inout [ModelDefinition]
    ) {
        for name in reads where visited.insert(name).inserted {
            guard let model = model(name), model.config.materialized.value == .ephemeral else { continue }
            collectEphemerals(model.reads.map(\.value), &visited, &ordered)
            ordered.append(model)
        }
    }

    /// What a model reads once ephemeral models are looked through.
    public func physicalReads(_ model: ModelDefinition) -> [DatasetName] {
        var found: [DatasetName] = []
        var visited: Set<DatasetName> = []
        var waiting = Array(model.reads.map(\.value).reversed())
        while let name = waiting.popLast() {
            guard visited.insert(name).inserted else { continue }
            if let inner = self.model(name), inner.config.materialized.value == .ephemeral {
                waiting += inner.reads.map(\.value).reversed()
            } else {
                found.append(name)
            }
        }
        return found
    }
}

/// Puts ephemeral models in front of a query.
enum EphemeralComposer {
    static func prepend(_ ephemerals: [(name: DatasetName, sql: RenderedSQL)], to sql: RenderedSQL) -> RenderedSQL {
        guard !ephemerals.isEmpty else { return sql }
        func glue(_ text: String) -> RenderedSQL { RenderedSQL(text: text, sourceMap: SourceMap(segments: [])) }
        let (afterWith, isRecursive) = withClause(Array(sql.text.utf8))
        var pieces = [glue(isRecursive ? "with recursive " : "with ")]
        for (index, ephemeral) in ephemerals.enumerated() {
            pieces += [glue((index > 0 ? ", " : "") + ephemeral.name.sql + " as (\n"), ephemeral.sql, glue("\n)")]
        }
        pieces.append(glue(afterWith == nil ? "\n" : ",\n"))
        pieces.append(afterWith.map { sql[utf8: $0..<sql.text.utf8.count] } ?? sql)
        return RenderedSQL(joining: pieces)
    }

    /// Where the text goes on after a leading `with` (and `recursive`); nil when the query has none.
    private static func withClause(_ bytes: [UInt8]) -> (end: Int?, isRecursive: Bool) {
        var position = skipSpace(bytes, 0)
        guard let afterWith = keyword("with", bytes, position) else { return (nil, false) }
        position = skipSpace(bytes, afterWith)
        if let afterRecursive = keyword("recursive", bytes, position) { return (afterRecursive, true) }
        return (afterWith, false)
    }

    private static func keyword(_ word: String, _ bytes: [UInt8], _ start: Int) -> Int? {
        let end = start + word.utf8.count
        guard end < bytes.count, bytes[start..<end].map({ $0 | 0x20 }).elementsEqual(word.utf8) else { return nil }
        let next = bytes[end]
        return next <= 0x20 || next == UInt8(ascii: "\"") || next == UInt8(ascii: "-") || next == UInt8(ascii: "/")
            ? end : nil
    }

    /// Skips white space and comments of SQL.
    private static func skipSpace(_ bytes: [UInt8], _ start: Int) -> Int {
        var position = start
        while position < bytes.count {
            if bytes[position] <= 0x20 {
                position += 1
            } else if bytes[position...].starts(with: [0x2d, 0x2d]) {
                while position < bytes.count, bytes[position] != 0x0a { position += 1 }
            } else if bytes[position...].starts(with: [0x2f, 0x2a]) {
                position += 2
                while position < bytes.count, !bytes[position...].starts(with: [0x2a, 0x2f]) { position += 1 }
                position = min(bytes.count, position + 2)
            } else {
                break
            }
        }
        return position
    }
}
