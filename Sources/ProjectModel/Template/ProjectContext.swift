internal import Base

/// What a template asked for while it was rendered.
struct TemplateRequests {
    struct Reference: Hashable {
        let isSource: Bool
        let name: DatasetName
        let location: SourceLocation
    }
    var references: [Reference] = []
    var config: [(key: String, value: ConfigValue, location: SourceLocation)] = []
}

/// dbt's context: `ref`, `source`, `config`, `var`, `this`, `is_incremental` and the rest, for one rendering.
///
/// It must outlive the rendering: the functions that it installs refer to it.
/// References are recorded and rendered as quoted names; whether they exist is the graph's business.
final class ProjectContext {
    struct Settings {
        let projectName: String
        let targetName: String
        let variables: [String: ConfigValue]
        let environment: [String: String]
        let macros: [MacroDefinition]
    }

    private(set) var requests = TemplateRequests()
    private let settings: Settings
    private let this: DatasetName
    private let isIncremental: Bool
    private let properties: [String: ConfigValue]
    let globals = TemplateScope(parent: nil)

    /// - Parameter properties: what YAML files configure for this model, for `config.get`.
    init(settings: Settings, this: DatasetName, isIncremental: Bool, properties: [String: ConfigValue]) {
        self.settings = settings
        self.this = this
        self.isIncremental = isIncremental
        self.properties = properties
        TemplateGlobals.install(in: globals)
        installDatasets()
        installValues()
        installMacros()
    }

    deinit { globals.clear() }

    private func installDatasets() {
        globals["ref"] = TemplateGlobals.function("ref") { [unowned self] call, _ in
            var arguments = call
            arguments.named.removeAll { $0.name == "version" || $0.name == "v" }
            let names = try arguments.bind("package_or_name", "name", required: 1)
            if let package = names[1] == nil ? nil : names[0] {
                let package = try call.string(package, "package")
                guard package == settings.projectName else {
                    throw call.failure(
                        "`ref` names another package", expected: settings.projectName, found: package,
                        hint: "Only models of this project can be referred to.")
                }
            }
            return reference(DatasetName(try call.string(names[1] ?? names[0], "name")), isSource: false, call)
        }
        globals["source"] = TemplateGlobals.function("source") { [unowned self] call, _ in
            let names = try call.bind("source", "table", required: 2)
            let name = DatasetName(try call.string(names[1], "table"), in: try call.string(names[0], "source"))
            return reference(name, isSource: true, call)
        }
        globals["this"] = Self.relation(this)
    }

    private func reference(_ name: DatasetName, isSource: Bool, _ call: TemplateCall) -> TemplateValue {
        requests.references.append(
            TemplateRequests.Reference(isSource: isSource, name: name, location: call.source.location(at: call.offset)))
        return Self.relation(name)
    }

    /// A relation prints as its quoted name. It is text, so that `ref('x') ~ '...'` and filters work on it.
    private static func relation(_ name: DatasetName) -> TemplateValue { .string(name.sql) }

    private func installValues() {
        globals["config"] = configFunction()
        let variable = TemplateGlobals.function("var") { [unowned self] call, _ in
            let arguments = try call.bind("name", "default", required: 1)
            let name = try call.string(arguments[0], "name")
            if let value = settings.variables[name] { return TemplateValue(value) }
            if let value = arguments[1] { return value }
            throw call.failure(
                "there is no variable of this name", expected: "a variable under `vars:`, or a default", found: name,
                hint: Suggestion.hint(
                    for: name, among: settings.variables.keys.sorted(),
                    otherwise: "Add it to `vars:` of gariep.yaml, or write `var('\(name)', default)`."))
        }
        if case .callable(var callable) = variable {
            callable.attributes["has_var"] = TemplateGlobals.function("has_var") { [unowned self] call, _ in
                let name = try call.string(try call.bind("name", required: 1)[0], "name")
                return .bool(settings.variables[name] != nil)
            }
            globals["var"] = .callable(callable)
        }
        globals["env_var"] = TemplateGlobals.function("env_var") { [unowned self] call, _ in
            let arguments = try call.bind("name", "default", required: 1)
            let name = try call.string(arguments[0], "name")
            if let value = settings.environment[name] { return .string(value) }
            if let value = arguments[1] { return value }
            throw call.failure(
                "the environment variable is not set", expected: "a value for \(name)", found: "nothing",
                hint: "Set it, or write `env_var('\(name)', 'default')`.")
        }
        let isIncremental = isIncremental
        globals["is_incremental"] = TemplateGlobals.function("is_incremental") { call, _ in
            _ = try call.bind()
            return .bool(isIncremental)
        }
        globals["execute"] = .bool(true)
        globals["project_name"] = .string(settings.projectName)
        globals["target"] = .dict([
            ("name", .string(settings.targetName)), ("schema", .string("main")), ("type", .string("gariep")),
            ("database", .string(settings.projectName)), ("profile_name", .string(settings.projectName)),
            ("threads", .int(1)),
        ])
        globals["model"] = .dict([
            ("name", .string(this.name)), ("alias", .string(this.name)), ("resource_type", .string("model")),
            ("package_name", .string(settings.projectName)),
            ("unique_id", .string("model.\(settings.projectName).\(this.name)")),
        ])
        installMessages()
    }

    private func installMessages() {
        let quiet = TemplateGlobals.function("log") { call, _ in
            _ = try call.bind("msg", "info", required: 1)
            return .string("")
        }
        globals["log"] = quiet
        globals["print"] = quiet
        let raise = TemplateGlobals.function("raise_compiler_error") { call, _ in
            let message = TemplatePrinter.display(try call.bind("message", required: 1)[0] ?? .string(""))
            throw ProjectError.raisedByTemplate(call.source.location(at: call.offset), message: message)
        }
        globals["exceptions"] = .dict(
            TemplateDict([("raise_compiler_error", raise), ("warn", quiet)], isNamespace: true))
        globals["return"] = TemplateGlobals.function("return") { call, interpreter in
            interpreter.returned = try call.bind("data", required: 1)[0] ?? .string("")
            throw Interpreter.Return()
        }
        for name in ["run_query", "statement", "load_result"] {
            globals[name] = TemplateGlobals.function(name) { call, _ in
                throw ProjectError.unsupported(
                    call.source.location(at: call.offset),
                    what: "`\(call.name)`, a query while templates are rendered,",
                    hint: "Put the values into `vars:`, or join with the table in SQL.")
            }
        }
    }

    private func configFunction() -> TemplateValue {
        var callable = TemplateCallable(name: "config") { [unowned self] call, _ in
            let place = call.source.location(at: call.offset)
            var entries = call.named
            for value in call.positional {
                guard case .dict(let dict) = value else {
                    throw call.failure(
                        "`config` takes named arguments", expected: "config(materialized='table')", found: value.kind,
                        hint: "Name the argument.")
                }
                entries += dict.entries.map { (TemplatePrinter.display($0.key.value), $0.value) }
            }
            for (key, value) in entries {
                let place = call.namedOffsets[key].map { call.source.location(at: $0) } ?? place
                guard let value = value.configValue() else {
                    throw call.failure(
                        "`config` takes plain values", found: "\(key) = \(value.kind)",
                        hint: "Use text, numbers, true, false, none, lists or dicts.")
                }
                requests.config.append((key, value, place))
            }
            return .string("")
        }
        let get = TemplateGlobals.function("config.get") { [unowned self] call, _ in
            let arguments = try call.bind("name", "default", "validator", required: 1)
            let name = try call.string(arguments[0], "name")
            let value = requests.config.last { $0.key == name }?.value ?? properties[name]
            return value.map { TemplateValue($0) } ?? arguments[1] ?? TemplateValue.none
        }
        callable.attributes = ["get": get, "require": get]
        return .callable(callable)
    }

    /// Macros are known by name, and as members of the project's name.
    private func installMacros() {
        let members = TemplateDict(isNamespace: true)
        let globals = globals
        for macro in settings.macros {
            let value = TemplateValue.callable(
                TemplateCallable(name: macro.name) { call, interpreter in
                    try interpreter.invoke(interpreter.macroValue(macro, base: globals), call)
                })
            globals[macro.name] = value
            members[.string(macro.name)] = value
        }
        globals[settings.projectName] = .dict(members)
        let dispatch = TemplateGlobals.function("dispatch") { call, _ in
            let name = try call.string(try call.bind("macro_name", "macro_namespace", required: 1)[0], "macro_name")
            for prefix in ["gariep__", "duckdb__", "default__", ""] where globals[prefix + name] != nil {
                return globals[prefix + name] ?? TemplateValue.none
            }
            throw call.failure(
                "there is no macro for this dispatch", expected: "gariep__\(name), duckdb__\(name) or default__\(name)",
                found: name, hint: "Write one of them in macros/.")
        }
        globals["adapter"] = .dict(TemplateDict([("dispatch", dispatch)], isNamespace: true))
    }
}
