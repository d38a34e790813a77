internal import Base
internal import Columnar

/// Reads `columns:` and `tests:` (`data_tests:`) of models, seeds and source tables.
struct TestReader {
    let diagnostics: Diagnostics
    let settings: ProjectContext.Settings

    func columns(_ map: YAMLMapping, of dataset: DatasetName) -> [ColumnDefinition] {
        var columns: [ColumnDefinition] = []
        var seen: [String: Located<String>] = [:]
        for node in map.sequence("columns") {
            guard let column = YAMLMapping(node, within: "a column of \(dataset)", diagnostics: diagnostics) else {
                continue
            }
            column.ignore("tags", "meta", "quote", "constraints", "config", "policy_tags", "docs", "granularity")
            let name = column.requiredString("name", hint: "Name the column.")
            let description = column.string("description")?.value ?? ""
            let type = column.string("data_type").flatMap { dataType($0) }
            let tests = name.map { readTests(column, of: dataset, column: $0.value) } ?? []
            if name == nil { column.ignore("tests", "data_tests") }
            column.finish()
            guard let name else { continue }
            if let first = seen[name.value] {
                diagnostics.add(
                    .duplicateName(name.location, kind: "column", name: name.value, first: first.location))
            }
            seen[name.value] = name
            columns.append(ColumnDefinition(name: name, description: description, dataType: type, tests: tests))
        }
        return columns
    }

    private func dataType(_ text: Located<String>) -> Located<DataType>? {
        if let type = SQLTypeName.parse(text.value) { return Located(type, text.location) }
        diagnostics.add(
            .badValue(
                text.location, what: "unknown data type",
                expected: "a type of SQL, such as varchar, integer, decimal(10, 2)",
                found: text.value,
                hint: Suggestion.hint(
                    for: text.value, among: SQLTypeName.names, otherwise: "Use a type name of DuckDB.")))
        return nil
    }

    /// The tests under `tests:` and `data_tests:` of a column (or of the whole dataset).
    func readTests(_ map: YAMLMapping, of dataset: DatasetName, column: String?) -> [ColumnTest] {
        (map.sequence("tests") + map.sequence("data_tests")).compactMap { test($0, of: dataset, column: column) }
    }

    private func test(_ node: YAMLNode, of dataset: DatasetName, column: String?) -> ColumnTest? {
        let subject = ([dataset.namespace, dataset.name, column].compactMap { $0 }).joined(separator: "_")
        switch node.kind {
        case .scalar(let kind, _):
            let empty = YAMLNode(kind: .mapping([]), location: node.location)
            return YAMLMapping(empty, within: "the test `\(kind)`", diagnostics: diagnostics)
                .flatMap { test(kind, $0, subject, of: dataset, column: column, at: node.location) }
        case .mapping(let pairs):
            guard let pair = pairs.first else { return nil }
            // dbt also writes the arguments beside the name: `- unique: ...` with `name:` and `config:` next to it.
            var arguments = Array(pairs.dropFirst())
            if case .mapping(let own) = pair.value.kind { arguments = own + arguments }
            if let index = arguments.firstIndex(where: { $0.key == "arguments" }),
                case .mapping(let nested) = arguments[index].value.kind
            {
                arguments.remove(at: index)
                arguments += nested
            }
            let merged = YAMLNode(kind: .mapping(arguments), location: pair.keyLocation)
            return YAMLMapping(merged, within: "the test `\(pair.key)`", diagnostics: diagnostics)
                .flatMap { test(pair.key, $0, subject, of: dataset, column: column, at: pair.keyLocation) }
        case .sequence:
            diagnostics.add(
                .wrongType(node.location, key: "a test", expected: "a name, or a name with arguments", found: "a list"))
            return nil
        }
    }

    private func test(
        _ kindName: String, _ map: YAMLMapping, _ subject: String, of dataset: DatasetName, column: String?,
        at location: SourceLocation
    ) -> ColumnTest? {
        map.ignore("description", "meta", "docs")
        let name = map.string("name")?.value
        let config = map.mapping("config", within: "`config` of a test")
        config?.ignore(
            "enabled", "limit", "store_failures", "store_failures_as", "fail_calc", "error_if", "warn_if", "meta")
        let severities = [map, config].compactMap { $0?.choice("severity", ColumnTest.Severity.self)?.value }
        let conditions = [map, config].compactMap { $0?.string("where")?.value }
        let tags = [map, config].flatMap { $0?.strings("tags") ?? [] }.map(\.value)
        config?.finish()
        guard let kind = kind(kindName, map, of: dataset, column: column, at: location) else { return nil }
        if case .custom = kind {} else { map.finish() }
        var defaultName = "\(kindName)_\(subject)"
        if case .relationships(let target, let field) = kind { defaultName += "__\(field.value)__\(target.name)" }
        return ColumnTest(
            name: name ?? defaultName, kind: kind, dataset: dataset, column: column,
            severity: severities.last ?? .error, condition: conditions.last, tags: tags, location: location)
    }

    private func kind(
        _ name: String, _ map: YAMLMapping, of dataset: DatasetName, column: String?, at location: SourceLocation
    ) -> ColumnTest.Kind? {
        let builtIn = ["unique", "not_null", "accepted_values", "relationships"]
        if builtIn.contains(name), column == nil {
            diagnostics.add(
                .badValue(
                    location, what: "the test `\(name)` belongs to a column", expected: nil, found: "a whole dataset",
                    hint: "Move it under the column's `data_tests`."))
            return nil
        }
        switch name {
        case "unique": return .unique
        case "not_null": return .notNull
        case "accepted_values": return acceptedValues(map)
        case "relationships":
            let target = map.requiredString("to", hint: "Write `to: ref('model')`.")
            let field = map.requiredString("field", hint: "Name the column of the other table.")
            guard let target, let field, let name = relation(target) else { return nil }
            return .relationships(to: name, field: field)
        default:
            guard let macro = settings.macros.first(where: { $0.name == "test_\(name)" }) else {
                let known =
                    builtIn
                    + settings.macros.map(\.name).filter { $0.hasPrefix("test_") }.map { String($0.dropFirst(5)) }
                diagnostics.add(
                    .unknownReference(
                        location, kind: "test", name: name, suggestion: Suggestion.nearest(to: name, among: known)))
                return nil
            }
            return custom(name, macro, map, of: dataset, column: column, at: location)
        }
    }

    private func acceptedValues(_ map: YAMLMapping) -> ColumnTest.Kind? {
        let quoted = map.bool("quote")?.value ?? true
        guard let node = map.require("values", hint: "List the values that are right.") else { return nil }
        guard case .list(let values) = node.configValue, !values.isEmpty else {
            diagnostics.add(
                .wrongType(node.location, key: "values", expected: "a list of values", found: node.description))
            return nil
        }
        return .acceptedValues(values, quoted: quoted)
    }

    /// Reads `ref('x')` or `source('s', 't')` as it stands in YAML.
    func relation(_ text: Located<String>) -> DatasetName? {
        let context = ProjectContext(
            settings: settings, this: DatasetName("this"), isIncremental: false, properties: [:])
        let source = TemplateSource(file: text.location.file, text: "{{ " + text.value + " }}")
        _ = try? Interpreter.render(TemplateParser.parse(source), globals: context.globals)
        if context.requests.references.count == 1 { return context.requests.references[0].name }
        diagnostics.add(
            .badValue(
                text.location, what: "this does not name a dataset",
                expected: "ref('model') or source('source', 'table')",
                found: text.value, hint: "Write it as in a model, without the braces."))
        return nil
    }

    private func custom(
        _ name: String, _ macro: MacroDefinition, _ map: YAMLMapping, of dataset: DatasetName, column: String?,
        at location: SourceLocation
    ) -> ColumnTest.Kind? {
        let context = ProjectContext(settings: settings, this: dataset, isIncremental: false, properties: [:])
        let taken = ["name", "config", "severity", "where", "tags", "description", "meta", "docs"]
        var named: [(name: String, value: TemplateValue)] = [("model", .string(dataset.sql))]
        if let column { named.append(("column_name", .string(column))) }
        for entry in map.entries where !taken.contains(entry.key) {
            named.append((entry.key, TemplateValue(entry.value.configValue)))
        }
        let source = macro.source
        let interpreter = Interpreter(source: source, globals: context.globals)
        let call = TemplateCall(name: name, positional: [], named: named, source: source, offset: macro.offset)
        let value = withExtendedLifetime(context) {
            diagnostics.collect(at: location) {
                try interpreter.invoke(interpreter.macroValue(macro, base: context.globals), call)
            }
        }
        guard let value else { return nil }
        let text = TemplatePrinter.display(value)
        let segment = SourceMap.Segment(outputStart: 0, source: source, templateStart: macro.offset, isVerbatim: false)
        return .custom(name: name, query: RenderedSQL(text: text, sourceMap: SourceMap(segments: [segment])))
    }
}
