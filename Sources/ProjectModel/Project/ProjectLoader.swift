public import Base

/// Reads a project's folder. Pure but for reading files: it runs nothing and opens no connection.
public enum ProjectLoader {
    /// Reads everything, whatever mistakes there are.
    ///
    /// - Parameters:
    ///   - directory: the folder with gariep.yaml (or dbt_project.yml).
    ///   - environment: what `env_var` sees.
    ///   - overrides: variables that stand over those of the project, as `--vars` gives them.
    ///   - profile: the profile's name, which templates see as `target.name`.
    /// - Returns: what could be read, and all mistakes, by place. With mistakes, the project must not be run.
    public static func load(
        directory: String, environment: [String: String] = [:], overrides: [String: ConfigValue] = [:],
        profile: String = "local"
    ) -> (project: Project, errors: [ErrorReport]) {
        let loading = ProjectLoading(
            directory: directory, environment: environment, overrides: overrides, profile: profile)
        let project = loading.load()
        return (project, loading.diagnostics.reports)
    }
}

/// One loading: the steps, and what each found.
private final class ProjectLoading {
    let diagnostics = Diagnostics()
    private let files: ProjectFiles
    private let environment: [String: String]
    private let overrides: [String: ConfigValue]
    private let profile: String
    private var settings = ProjectSettings()
    private var context: ProjectContext.Settings
    private var sources: [SourceDefinition] = []
    private var properties: [String: ModelProperties] = [:]
    private var seedProperties: [String: ModelProperties] = [:]
    private var endpoints: [EndpointDefinition] = []
    private var seeds: [SeedDefinition] = []
    private var models: [ModelDefinition] = []
    private var disabled: Set<String> = []
    private var snapshots: Set<String> = []
    private var singularTests: [SingularTest] = []
    /// Whether a file that may name sources could not be read.
    private var hasUnreadYAML = false

    /// What a YAML file says about a model or seed.
    private struct ModelProperties {
        let name: Located<String>
        let description: String
        let config: [ModelConfigBuilder.Entry]
        let columns: [ColumnDefinition]
        let tests: [ColumnTest]
        var tags: [String]
    }

    init(
        directory: String, environment: [String: String], overrides: [String: ConfigValue], profile: String
    ) {
        files = ProjectFiles(directory: directory, diagnostics: diagnostics)
        self.environment = environment
        self.overrides = overrides
        self.profile = profile
        context = ProjectContext.Settings(
            projectName: "project", targetName: profile, variables: [:], environment: environment, macros: [])
    }

    func load() -> Project {
        // Everything else depends on the settings: what is said without them is only about their absence.
        guard readSettings() else {
            return Project(
                directory: files.directory, settings: settings, sources: [], seeds: [], models: [], singularTests: [],
                endpoints: [], graph: Graph(projectName: settings.name, nodes: []))
        }
        readMacros()
        readYAML()
        readSeeds()
        readModels()
        readSingularTests()
        checkProperties()
        let graph = GraphBuilder(
            settings: settings, sources: sources, seeds: seeds, models: models, singularTests: singularTests,
            endpoints: endpoints, disabled: disabled, snapshots: snapshots, hasUnreadSources: hasUnreadYAML,
            diagnostics: diagnostics
        ).build()
        return Project(
            directory: files.directory, settings: settings, sources: sources, seeds: seeds, models: models,
            singularTests: singularTests, endpoints: endpoints, graph: graph)
    }

    // MARK: Settings and macros

    /// - Returns: whether all that was there could be read.
    private func readSettings() -> Bool {
        var isThere = false
        var isRead = true
        // gariep.yaml is read last, and so stands over dbt_project.yml where both say something.
        for file in ["dbt_project.yml", "gariep.yaml", "gariep.yml"] where files.exists(file) {
            isThere = true
            let mistakes = diagnostics.errors.count
            if let root = files.readYAML(file) {
                settings.read(root, isDbt: file.hasPrefix("dbt"), diagnostics)
            } else if diagnostics.errors.count > mistakes {
                isRead = false
            }
        }
        if !isThere { diagnostics.add(.noProject(directory: files.directory)) }
        settings.variables.merge(overrides) { _, override in override }
        return isRead
    }

    private func readMacros() {
        var macros: [String: MacroDefinition] = [:]
        for file in files.list(settings.macroPaths + settings.testPaths.map { "\($0)/generic" }, endings: [".sql"]) {
            guard let template = files.readTemplate(file) else { continue }
            for macro in template.macros.values.sorted(by: { $0.offset < $1.offset }) {
                if let first = macros.updateValue(macro, forKey: macro.name) {
                    diagnostics.add(
                        .duplicateName(
                            macro.source.location(at: macro.offset), kind: "macro", name: macro.name,
                            first: first.source.location(at: first.offset)))
                }
            }
        }
        context = ProjectContext.Settings(
            projectName: settings.name, targetName: profile, variables: settings.variables, environment: environment,
            macros: macros.values.sorted { $0.name < $1.name })
        for file in files.list(settings.snapshotPaths, endings: [".sql"]) {
            guard let template = files.readTemplate(file) else { continue }
            snapshots.formUnion(template.snapshots.map(\.name))
        }
    }

    // MARK: YAML

    private func readYAML() {
        let folders = settings.sourcePaths + settings.modelPaths + settings.seedPaths + settings.apiPaths
        let tests = TestReader(diagnostics: diagnostics, settings: context)
        let sourceReader = SourceReader(files: files, diagnostics: diagnostics, tests: tests, settings: context)
        let endpointReader = EndpointReader(diagnostics: diagnostics, tests: tests)
        for file in files.list(folders, endings: [".yml", ".yaml"]) {
            let mistakes = diagnostics.errors.count
            guard let root = files.readYAML(file) else {
                if diagnostics.errors.count > mistakes { hasUnreadYAML = true }
                continue
            }
            // A list at the top is data for a replay; whoever names the file reads it.
            if case .sequence = root.kind { continue }
            guard let map = YAMLMapping(root, within: "the file", diagnostics: diagnostics) else { continue }
            map.ignore(
                "version", "macros", "exposures", "metrics", "groups", "semantic_models", "saved_queries", "analyses",
                "unit_tests", "snapshots", "data_tests", "anchors")
            for source in map.sequence("sources") { sources += sourceReader.read(source, file: file) }
            for model in map.sequence("models") { readProperties(model, "model", tests, into: &properties) }
            for seed in map.sequence("seeds") { readProperties(seed, "seed", tests, into: &seedProperties) }
            endpoints += map.sequence("endpoints").compactMap { endpointReader.read($0) }
            map.finish()
        }
        refuseDuplicates(
            "source table", sources.map { Located($0.name.description, $0.location) }, foldingCase: true)
        refuseDuplicates("endpoint", endpoints.map(\.name))
        refuseDuplicates("endpoint path", endpoints.map { Located($0.path, $0.name.location) })
        refuseDuplicates(
            "topic", sources.compactMap { source in source.topic.map { Located($0.topic, source.location) } })
    }

    private func refuseDuplicates(_ kind: String, _ names: [Located<String>], foldingCase: Bool = false) {
        var seen: [String: Located<String>] = [:]
        for name in names {
            let key = foldingCase ? name.value.lowercased() : name.value
            if let first = seen[key] {
                diagnostics.add(duplicate(name.location, kind, name.value, first.value, at: first.location))
            } else {
                seen[key] = name
            }
        }
    }

    /// A name that is taken; the warehouse takes names that differ only in case for one.
    private func duplicate(
        _ place: SourceLocation, _ kind: String, _ name: String, _ firstName: String, at first: SourceLocation
    ) -> ProjectError {
        name == firstName
            ? .duplicateName(place, kind: kind, name: name, first: first)
            : .sameButForCase(place, kind: kind, name: name, firstName: firstName, first: first)
    }

    private func readProperties(
        _ node: YAMLNode, _ kind: String, _ tests: TestReader, into properties: inout [String: ModelProperties]
    ) {
        guard let map = YAMLMapping(node, within: "a \(kind)", diagnostics: diagnostics) else { return }
        map.ignore(
            "docs", "meta", "access", "group", "latest_version", "deprecation_date", "constraints", "version",
            "time_spine", "primary_entity")
        let name = map.requiredString("name", hint: "Name the \(kind).")
        let description = map.string("description")?.value ?? ""
        if let versions = map.pair("versions") {
            diagnostics.add(
                .unsupported(
                    versions.keyLocation, what: "`versions` of models", hint: "Give each version its own model."))
        }
        let dataset = DatasetName(name?.value ?? "")
        let columns = tests.columns(map, of: dataset)
        let ownTests = tests.readTests(map, of: dataset, column: nil)
        let tags = map.strings("tags")?.map(\.value) ?? []
        var config: [ModelConfigBuilder.Entry] = []
        if let node = map.node("config"), let map = YAMLMapping(node, within: "`config`", diagnostics: diagnostics) {
            config = map.entries.map { ($0.key, $0.value.configValue, $0.keyLocation) }
        }
        map.finish()
        guard let name else { return }
        if let first = properties[name.value] {
            diagnostics.add(
                .duplicateName(name.location, kind: "description of", name: name.value, first: first.name.location))
            return
        }
        properties[name.value] = ModelProperties(
            name: name, description: description, config: config, columns: columns, tests: ownTests, tags: tags)
    }

    /// What YAML describes must be there.
    private func checkProperties() {
        let names = Set(models.map(\.name.name)).union(disabled)
        for property in properties.values where !names.contains(property.name.value) {
            // A model whose template is broken is reported there.
            if brokenModels.contains(property.name.value) { continue }
            diagnostics.add(
                .unknownReference(
                    property.name.location, kind: "model", name: property.name.value,
                    suggestion: Suggestion.nearest(to: property.name.value, among: names.sorted())))
        }
        let seedNames = seeds.map(\.name.name)
        for property in seedProperties.values where !seedNames.contains(property.name.value) {
            diagnostics.add(
                .unknownReference(
                    property.name.location, kind: "seed", name: property.name.value,
                    suggestion: Suggestion.nearest(to: property.name.value, among: seedNames)))
        }
    }

    // MARK: Seeds

    private func readSeeds() {
        for file in files.list(settings.seedPaths, endings: [".csv"]) {
            let name = Self.stem(of: file)
            let property = seedProperties[name]
            var delimiter = ","
            var tags = property?.tags ?? []
            var isEnabled = true
            for entry in property?.config ?? [] {
                switch (entry.key, entry.value) {
                case ("delimiter", .string(let text)): delimiter = text
                case ("tags", .string(let tag)): tags.append(tag)
                case ("enabled", .bool(let value)): isEnabled = value
                case ("column_types", _):
                    diagnostics.add(
                        .unsupported(
                            entry.location, what: "`column_types` of seeds",
                            hint: "Give each column its `data_type` under `columns:`."))
                case ("quote_columns", _), ("schema", _), ("database", _), ("alias", _), ("meta", _), ("docs", _): break
                default:
                    diagnostics.add(
                        .unknownKey(
                            entry.location, key: entry.key, within: "the seed's config",
                            known: ["delimiter", "enabled", "meta", "tags"]))
                }
            }
            guard isEnabled else { continue }
            seeds.append(
                SeedDefinition(
                    name: DatasetName(name), file: file, description: property?.description ?? "",
                    delimiter: delimiter, columns: property?.columns ?? [], tests: property?.tests ?? [], tags: tags))
        }
    }

    private static func stem(of file: String) -> String {
        let name = file.split(separator: "/").last ?? ""
        return String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])
    }

    // MARK: Models

    private var brokenModels: Set<String> = []

    private func readModels() {
        var seen: [String: (name: String, place: SourceLocation)] = [:]
        for seed in seeds {
            let (name, place) = (seed.name.name, SourceLocation(file: seed.file))
            if let first = seen.updateValue((name, place), forKey: name.lowercased()) {
                diagnostics.add(duplicate(place, "seed", name, first.name, at: first.place))
            }
        }
        for root in settings.modelPaths {
            for file in files.list([root], endings: [".sql"]) {
                let name = Self.stem(of: file)
                let place = SourceLocation(file: file)
                if let first = seen[name.lowercased()] {
                    diagnostics.add(duplicate(place, "model", name, first.name, at: first.place))
                    continue
                }
                seen[name.lowercased()] = (name, place)
                readModel(name, file: file, root: root)
            }
        }
    }

    private func readModel(_ name: String, file: String, root: String) {
        let place = SourceLocation(file: file)
        let dataset = DatasetName(name)
        let property = properties[name]
        let folders = file.dropFirst(root.count + 1).split(separator: "/").dropLast().map { String($0) }
        // From the general to the particular: folders, YAML, the file itself.
        var entries = settings.folderConfigs
            .filter { folders.starts(with: $0.folders) || $0.folders == folders + [name] }
            .sorted { $0.folders.count < $1.folders.count }
            .map { (key: $0.key, value: $0.value, location: $0.location) }
        entries += property?.config ?? []
        guard let template = files.readTemplate(file) else {
            brokenModels.insert(name)
            return
        }
        let known = Dictionary(entries.map { ($0.key, $0.value) }) { _, later in later }
        guard let first = render(template, dataset, isIncremental: false, known) else {
            brokenModels.insert(name)
            return
        }
        entries += first.requests.config
        var config = ModelConfigBuilder.build(entries, defaultLocation: place, diagnostics)
        config.tags = (property?.tags ?? []) + config.tags
        guard config.isEnabled else {
            disabled.insert(name)
            return
        }
        var references = first.requests.references
        var incremental: RenderedSQL?
        if config.materialized.value == .incremental,
            let second = render(template, dataset, isIncremental: true, known)
        {
            incremental = second.sql
            references += second.requests.references
        }
        let hasSQL = first.sql.text.contains { !$0.isWhitespace }
        if !hasSQL {
            diagnostics.add(
                .badValue(
                    place, what: "the model has no SQL", expected: "one SELECT", found: "nothing",
                    hint: "Write its SELECT, or remove the file."))
            brokenModels.insert(name)
            return
        }
        var seen: Set<DatasetName> = []
        let reads = references.filter { seen.insert($0.name).inserted }.map { Located($0.name, $0.location) }
        models.append(
            ModelDefinition(
                name: dataset, file: file, description: property?.description ?? "", config: config, sql: first.sql,
                incrementalSQL: incremental, reads: reads, columns: property?.columns ?? [],
                tests: (property?.tests ?? []) + (property?.columns.flatMap(\.tests) ?? [])))
    }

    private func render(
        _ template: Template, _ name: DatasetName, isIncremental: Bool, _ known: [String: ConfigValue]
    ) -> (sql: RenderedSQL, requests: TemplateRequests)? {
        let context = ProjectContext(
            settings: context, this: name, isIncremental: isIncremental, properties: known)
        let sql = diagnostics.collect(at: SourceLocation(file: template.source.file)) {
            try Interpreter.render(template, globals: context.globals)
        }
        return sql.map { ($0, context.requests) }
    }

    private func readSingularTests() {
        for root in settings.testPaths {
            for file in files.list([root], endings: [".sql"]) where !file.hasPrefix("\(root)/generic/") {
                guard let template = files.readTemplate(file),
                    let rendered = render(template, DatasetName(Self.stem(of: file)), isIncremental: false, [:])
                else { continue }
                // A file of macros only is no test.
                guard rendered.sql.text.contains(where: { !$0.isWhitespace }) else { continue }
                var severity = ColumnTest.Severity.error
                var tags: [String] = []
                for entry in rendered.requests.config {
                    switch (entry.key, entry.value) {
                    case ("severity", .string(let text)):
                        if let value = ColumnTest.Severity(rawValue: text.lowercased()) {
                            severity = value
                        } else {
                            diagnostics.add(
                                .badValue(
                                    entry.location, what: "`severity` has an unknown value", expected: "error, warn",
                                    found: text, hint: "Use one of these."))
                        }
                    case ("tags", .string(let tag)): tags.append(tag)
                    default: break
                    }
                }
                var seen: Set<DatasetName> = []
                singularTests.append(
                    SingularTest(
                        name: Self.stem(of: file), file: file, query: rendered.sql,
                        reads: rendered.requests.references.filter { seen.insert($0.name).inserted }
                            .map { Located($0.name, $0.location) },
                        severity: severity, tags: tags))
            }
        }
    }
}
