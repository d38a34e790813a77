internal import Base

/// What gariep.yaml (or dbt_project.yml) says about the whole project.
public struct ProjectSettings: Sendable, Hashable {
    public struct Ports: Sendable, Hashable {
        public var kafka = 9092
        public var registry = 8081
        public var http = 8080
    }
    public var name = "project"
    public var version = ""
    /// Where everything that the platform keeps lies, relative to the project.
    public var dataDirectory = ".gariep"
    /// What the whole program may hold, in bytes; nil for half of the machine.
    public var memoryBytes: Int?
    public var ports = Ports()
    /// Threads of the stream engine; nil for one a core.
    public var workers: Int?
    public var checkpointInterval = TimeSpan(micros: 1_000_000)
    public var variables: [String: ConfigValue] = [:]
    /// Named settings of engines, as written.
    public var profiles: [String: ConfigValue] = [:]
    public var modelPaths = ["models"]
    public var seedPaths = ["seeds"]
    public var testPaths = ["tests"]
    public var macroPaths = ["macros"]
    public var snapshotPaths = ["snapshots"]
    public var sourcePaths = ["sources"]
    public var apiPaths = ["apis"]
    /// Configuration of models by folder (`models:`), outermost first.
    var folderConfigs: [FolderConfig] = []

    /// The settings of a project that says nothing.
    public init() {}

    struct FolderConfig: Sendable, Hashable {
        /// Folders below a model path; empty for all models.
        let folders: [String]
        let key: String
        let value: ConfigValue
        let location: SourceLocation
    }
}

extension ProjectSettings {
    /// Reads the project's file into these settings.
    mutating func read(_ root: YAMLNode, isDbt: Bool, _ diagnostics: Diagnostics) {
        let what = isDbt ? "dbt_project.yml" : "gariep.yaml"
        guard let map = YAMLMapping(root, within: what, diagnostics: diagnostics) else { return }
        if let value = map.requiredString("name", hint: "Give the project a name.") {
            let isPlain = value.value.unicodeScalars.allSatisfy {
                $0 == "_" || $0 == "-" || $0.properties.isAlphabetic || $0.properties.numericType != nil
            }
            if !isPlain || value.value.isEmpty {
                diagnostics.add(
                    .badValue(
                        value.location, what: "the project's name cannot be used",
                        expected: "letters, digits, `_` and `-`", found: value.value, hint: "Choose another name."))
            }
            name = value.value
        }
        version = map.string("version")?.value ?? ""
        readPaths(map)
        if let vars = map.mapping("vars", within: "`vars`") { readVariables(vars) }
        if let models = map.node("models") { readFolders(models, [], diagnostics) }
        if isDbt {
            map.ignore(
                "profile", "config-version", "require-dbt-version", "analysis-paths", "asset-paths", "docs-paths",
                "target-path", "log-path", "clean-targets", "packages-install-path", "seeds", "tests", "data_tests",
                "snapshots", "sources", "exposures", "on-run-start", "on-run-end", "dispatch", "query-comment",
                "quoting", "flags", "restrict-access", "unit_tests")
        } else {
            readPlatform(map)
        }
        map.finish()
    }

    private mutating func readPaths(_ map: YAMLMapping) {
        func paths(_ key: String, _ fallback: [String]) -> [String] {
            // Both `model-paths` and `model_paths` are found in the field.
            let other = key.split(separator: "-").joined(separator: "_")
            return (map.strings(key) ?? map.strings(other))?.map(\.value) ?? fallback
        }
        modelPaths = paths("model-paths", modelPaths)
        seedPaths = paths("seed-paths", seedPaths)
        testPaths = paths("test-paths", testPaths)
        macroPaths = paths("macro-paths", macroPaths)
        snapshotPaths = paths("snapshot-paths", snapshotPaths)
        sourcePaths = paths("source-paths", sourcePaths)
        apiPaths = paths("api-paths", apiPaths)
    }

    private mutating func readVariables(_ vars: YAMLMapping) {
        for entry in vars.entries {
            // dbt scopes variables by package: those of this project count.
            if entry.key == name, case .mapping(let own) = entry.value.kind {
                for pair in own { variables[pair.key] = pair.value.configValue }
            } else {
                variables[entry.key] = entry.value.configValue
            }
        }
    }

    private mutating func readPlatform(_ map: YAMLMapping) {
        dataDirectory = map.string("data_dir")?.value ?? dataDirectory
        memoryBytes = map.byteSize("memory")?.value
        workers = map.int("workers", in: 1...128)?.value
        checkpointInterval = map.timeSpan("checkpoint_interval")?.value ?? checkpointInterval
        if let ports = map.mapping("ports", within: "`ports`") {
            self.ports.kafka = ports.int("kafka", in: 0...65535)?.value ?? self.ports.kafka
            self.ports.registry = ports.int("registry", in: 0...65535)?.value ?? self.ports.registry
            self.ports.http = ports.int("http", in: 0...65535)?.value ?? self.ports.http
            ports.finish()
        }
        if let profiles = map.mapping("profiles", within: "`profiles`") {
            for entry in profiles.entries { self.profiles[entry.key] = entry.value.configValue }
        }
        map.ignore("description")
    }

    private mutating func readFolders(_ node: YAMLNode, _ folders: [String], _ diagnostics: Diagnostics) {
        guard let map = YAMLMapping(node, within: "`models`", diagnostics: diagnostics), folders.count < 30 else {
            return
        }
        for entry in map.entries {
            let plain = entry.key.hasPrefix("+") ? String(entry.key.dropFirst()) : entry.key
            let isMapping = if case .mapping = entry.value.kind { true } else { false }
            if entry.key.hasPrefix("+") || !isMapping {
                folderConfigs.append(
                    FolderConfig(
                        folders: folders, key: plain, value: entry.value.configValue, location: entry.keyLocation))
            } else {
                let isProject = folders.isEmpty && entry.key == name
                readFolders(entry.value, isProject ? [] : folders + [entry.key], diagnostics)
            }
        }
    }
}
