internal import Base
internal import Columnar
internal import DuckDB
internal import Foundation
internal import ProjectModel
internal import Synchronization
internal import Warehouse

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A project's batch side: sources, models and tests on the warehouse, in the project's own terms.
final class ProjectWarehouse: Sendable {
    let sound: SoundProject
    let engine: DuckDBWarehouse
    let lakeDirectory: String
    let clock: any WallClock
    private let progress: any WorkReporting
    /// What was loaded last, as this process knows, so that unchanged files cost no query.
    private let loaded = Mutex<[DatasetName: String]>([:])

    var project: Project { sound.project }

    init(
        _ sound: SoundProject, directory: DataDirectory, memoryBytes: Int, threads: Int, clock: any WallClock,
        progress: any WorkReporting
    ) throws {
        self.sound = sound
        self.clock = clock
        self.progress = progress
        lakeDirectory = directory.lake
        engine = try DuckDBWarehouse(
            path: "\(directory.warehouse)/warehouse.duckdb",
            budget: WarehouseBudget(
                memoryBytes: memoryBytes, threads: threads, temporaryDirectory: directory.temporary),
            access: Self.access(sound.project, directory), clock: clock)
    }

    /// All that SQL may open: the lake, the spilled, and what sources and seeds are loaded from.
    static func access(_ project: Project, _ directory: DataDirectory) -> FileAccess {
        var folders = [directory.lake, directory.temporary]
        var files = project.seeds.map { "\(project.directory)/\($0.file)" }
        for source in project.sources {
            guard let pattern = Self.pattern(of: source) else { continue }
            // Files that will match later may be read too.
            if pattern.contains("*") || pattern.contains("?") {
                folders.append(URL(fileURLWithPath: pattern).deletingLastPathComponent().path)
            } else {
                files.append(pattern)
            }
        }
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        return FileAccess(folders: folders.map(absolute), files: files.map(absolute))
    }

    private static func pattern(of source: SourceDefinition) -> String? {
        switch source.connector {
        case .csv(let csv): csv.path.value
        case .parquet(let path), .json(let path): path
        case .topic, .warehouse: nil
        }
    }

    static func relation(_ name: DatasetName) -> RelationName {
        RelationName(schema: name.namespace ?? "main", name: name.name)
    }

    // MARK: Sources

    /// The files that a source or seed is read from, with what tells a change of them; nil for what is not files.
    private func files(of name: DatasetName) -> (paths: [String], fingerprint: String)? {
        let pattern: String
        if let seed = project.seed(name) {
            pattern = "\(project.directory)/\(seed.file)"
        } else {
            guard let source = project.source(name), let path = Self.pattern(of: source) else { return nil }
            pattern = path
        }
        let paths = Self.matching(pattern)
        var text = ""
        for path in paths {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { continue }
            let size = (attributes[.size] as? Int) ?? 0
            let changed = ((attributes[.modificationDate] as? Date) ?? .distantPast).timeIntervalSince1970
            text += "\(path) \(size) \(changed);"
        }
        return (paths, text)
    }

    /// Files that a path with `*` and `?` in its last part names; a plain path names itself.
    private static func matching(_ pattern: String) -> [String] {
        guard pattern.contains("*") || pattern.contains("?") else { return [pattern] }
        let url = URL(fileURLWithPath: pattern)
        let folder = url.deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { unsafe fnmatch(url.lastPathComponent, $0, 0) == 0 }.sorted().map { "\(folder)/\($0)" }
    }

    /// Datasets that are loaded from files.
    var loadable: [DatasetName] {
        project.seeds.map(\.name) + project.sources.filter { files(of: $0.name) != nil }.map(\.name)
    }

    /// Loads a source or seed if its files are others than those that were loaded last.
    ///
    /// - Returns: nil where nothing had changed.
    func load(_ name: DatasetName) throws -> BuildOutcome? {
        guard let (paths, fingerprint) = files(of: name), let schema = sound.plan[name]?.schema else { return nil }
        let columns = schema.fields.map { LoadColumn($0.name, $0.type.description) }
        let format: BulkLoad.Format
        if let seed = project.seed(name) {
            format = .csv(.init(delimiter: seed.delimiter))
        } else {
            switch project.source(name)?.connector {
            case .csv(let csv):
                format = .csv(
                    .init(delimiter: csv.delimiter, nullStrings: [""] + csv.nullTexts, hasHeader: csv.hasHeader))
            case .json: format = .json
            default: format = .parquet
            }
        }
        // The columns are part of the identity: a changed type means that the same file is loaded again.
        let identity = "\(name) " + fingerprint + columns.map { "\($0.name) \($0.sqlType)" }.joined(separator: ",")
        guard loaded.withLock({ $0[name] }) != identity else { return nil }
        let outcome = try engine.load(
            BulkLoad(
                relation: Self.relation(name), files: paths, format: format, columns: columns,
                runID: "load \(Digest.text(identity))"), progress: progress)
        loaded.withLock { $0[name] = identity }
        return outcome.repeated ? nil : outcome
    }

    // MARK: Models

    /// Batch models in an order in which inputs come first.
    var batchModels: [ModelDefinition] {
        project.graph.order.compactMap { name in
            project.model(name).flatMap { model in
                switch model.config.materialized.value {
                case .stream, .ephemeral: nil
                default: model
                }
            }
        }
    }

    /// The batch models that a stream's tables come from, in an order in which inputs come first. They are built before
    /// it starts, as it reads its tables then.
    func models(readBy stream: ModelDefinition) -> [ModelDefinition] {
        var needed: Set<DatasetName> = []
        var waiting = project.physicalReads(stream)
        while let name = waiting.popLast() {
            guard needed.insert(name).inserted, let model = project.model(name),
                model.config.materialized.value != .stream
            else { continue }
            waiting += project.physicalReads(model)
        }
        return batchModels.filter { needed.contains($0.name) }
    }

    func build(_ model: ModelDefinition, runID: String, fullRefresh: Bool = false) throws -> BuildOutcome {
        let relation = Self.relation(model.name)
        let method: BuildMethod
        switch model.config.materialized.value {
        case .view: method = .view
        case .incremental:
            let strategy: IncrementalPlan.Strategy =
                switch model.config.incrementalStrategy {
                case .append: .append
                case .deleteInsert: model.config.uniqueKey.isEmpty ? .append : .deleteInsert
                case .merge: .merge
                }
            method = .incremental(
                IncrementalPlan(strategy: strategy, uniqueKey: model.config.uniqueKey.map(\.value)))
        default: method = .table
        }
        let contract: [ContractColumn]? =
            model.config.isContractEnforced
            ? model.columns.map {
                ContractColumn(name: $0.name.value, sqlType: $0.dataType?.value.description ?? "VARCHAR")
            } : nil
        return try engine.run(
            ModelRun(
                relation: relation, sql: project.composed(model, incremental: false).text,
                incrementalSQL: project.composed(model, incremental: true).text, method: method,
                fullRefresh: fullRefresh, contract: contract,
                inputs: project.physicalReads(model).map(Self.relation), runID: runID), progress: progress)
    }

    // MARK: Tests

    private static func text(_ value: ConfigValue) -> String {
        switch value {
        case .bool(let truth): "\(truth)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .null, .list, .mapping: "NULL"
        }
    }

    func dataTests(of selection: TestSelection) -> [DataTest] {
        var tests: [DataTest] = []
        for test in selection.columns {
            let kind: DataTest.Kind
            switch (test.kind, test.column) {
            case (.unique, let column?): kind = .unique(column: column)
            case (.notNull, let column?): kind = .notNull(column: column)
            case (.acceptedValues(let values, let quoted), let column?):
                kind = .acceptedValues(column: column, values: values.map(Self.text), quote: quoted)
            case (.relationships(let to, let field), let column?):
                kind = .relationships(column: column, to: Self.relation(to), field: field.value)
            case (.custom(_, let query), _): kind = .singular(sql: query.text)
            default: continue
            }
            tests.append(
                DataTest(
                    name: test.name, relation: Self.relation(test.dataset), kind: kind, filter: test.condition,
                    severity: test.severity == .warn ? .warn : .error))
        }
        for test in selection.singular {
            tests.append(
                DataTest(
                    name: test.name, relation: nil, kind: .singular(sql: project.composed(test).text),
                    severity: test.severity == .warn ? .warn : .error))
        }
        return tests
    }
}

/// Short digests of long texts.
enum Digest {
    /// Two FNV-1a hashes from different starts: 128 bits, as 32 hexadecimal digits.
    static func text(_ text: String) -> String {
        func hash(_ start: UInt64) -> String {
            var hash = start
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            let digits = String(hash, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hash(0xcbf2_9ce4_8422_2325) + hash(0x6c62_272e_07bb_0142)
    }
}
