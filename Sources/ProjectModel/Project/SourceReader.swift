internal import Base

/// Reads `sources:` of YAML files: dbt's form, with Gariep's connector in `config:`.
struct SourceReader {
    let files: ProjectFiles
    let diagnostics: Diagnostics
    let tests: TestReader
    let settings: ProjectContext.Settings

    private static let reserved = ["api", "lake", "topic"]

    func read(_ node: YAMLNode, file: String) -> [SourceDefinition] {
        guard let map = YAMLMapping(node, within: "a source", diagnostics: diagnostics) else { return [] }
        map.ignore(
            "database", "loader", "meta", "overrides", "quoting", "loaded_at_field", "loaded_at_query", "data_tests",
            "tests")
        let name = map.requiredString("name", hint: "Name the source.")
        _ = map.string("description")
        let schema = map.string("schema")?.value
        let tags = map.strings("tags")?.map(\.value) ?? []
        map.ignore("freshness")
        let config = map.node("config")
        var found: [SourceDefinition] = []
        let tables = map.sequence("tables")
        map.finish()
        guard let name else { return [] }
        if Self.reserved.contains(name.value) {
            diagnostics.add(
                .badValue(
                    name.location, what: "the name of this source is taken",
                    expected: "another name than \(Self.reserved.joined(separator: ", "))",
                    found: name.value, hint: "Rename the source."))
        }
        for table in tables {
            if let table = self.table(table, of: name, schema: schema, config: config, tags: tags, file: file) {
                found.append(table)
            }
        }
        return found
    }

    private func table(
        _ node: YAMLNode, of source: Located<String>, schema: String?, config: YAMLNode?, tags: [String], file: String
    ) -> SourceDefinition? {
        guard let map = YAMLMapping(node, within: "a table of the source `\(source.value)`", diagnostics: diagnostics),
            let table = map.requiredString("name", hint: "Name the table.")
        else { return nil }
        map.ignore("meta", "loader", "quoting", "loaded_at_field", "loaded_at_query", "external", "freshness")
        let name = DatasetName(table.value, in: source.value)
        let description = map.string("description")?.value ?? ""
        let identifier = map.string("identifier")?.value ?? table.value
        let columns = tests.columns(map, of: name)
        let ownTests = tests.readTests(map, of: name, column: nil)
        let ownTags = map.strings("tags")?.map(\.value) ?? []
        // The table's own settings stand over those of the whole source.
        var pairs: [YAMLNode.Pair] = []
        for part in [config, map.node("config")] {
            guard let part else { continue }
            guard case .mapping(let own) = part.kind else {
                diagnostics.add(
                    .wrongType(part.location, key: "config", expected: "a mapping of keys", found: part.description))
                continue
            }
            pairs = pairs.filter { pair in !own.contains { $0.key == pair.key } } + own
        }
        map.finish()
        let merged = YAMLNode(kind: .mapping(pairs), location: pairs.first?.keyLocation ?? table.location)
        guard let settings = YAMLMapping(merged, within: "`config` of \(name)", diagnostics: diagnostics) else {
            return nil
        }
        settings.ignore("enabled", "meta", "event_time_field", "loaded_at_field")
        let freshness = settings.timeSpan("freshness")?.value
        let kind =
            connector(settings, name, file: file)
            ?? (pairs.contains { $0.key == "connector" }
                ? nil : .warehouse(schema: schema ?? source.value, table: identifier))
        settings.finish()
        guard let kind else { return nil }
        return SourceDefinition(
            name: name, description: description, connector: kind, columns: columns, tests: ownTests,
            tags: tags + ownTags, freshness: freshness, location: table.location)
    }

    private enum ConnectorName: String, CaseIterable {
        case csv, parquet, json, topic, warehouse
    }

    private func connector(_ map: YAMLMapping, _ name: DatasetName, file: String) -> SourceDefinition.Connector? {
        guard let connector = map.choice("connector", ConnectorName.self) else {
            // Without a known connector, its keys cannot be judged.
            if map.keys.contains("connector") {
                for key in map.keys { map.ignore(key) }
            }
            return nil
        }
        let pathHint = "Say where the files are, relative to the project."
        switch connector.value {
        case .csv:
            let path = map.requiredString("path", hint: pathHint)
            let delimiter = map.string("delimiter")
            if let delimiter, delimiter.value.unicodeScalars.count != 1, delimiter.value != "\\t" {
                diagnostics.add(
                    .badValue(
                        delimiter.location, what: "the delimiter is not one character", expected: "one character",
                        found: "'\(delimiter.value)'", hint: "Write it like ';' or '\\t'."))
            }
            let nulls = map.strings("null")?.map(\.value) ?? []
            let header = map.bool("header")?.value ?? true
            guard let path else { return nil }
            return .csv(
                CSVSource(
                    path: resolved(path), delimiter: delimiter.map { $0.value == "\\t" ? "\t" : $0.value } ?? ",",
                    nullTexts: nulls, hasHeader: header))
        case .parquet: return map.requiredString("path", hint: pathHint).map { .parquet(path: resolved($0).value) }
        case .json: return map.requiredString("path", hint: pathHint).map { .json(path: resolved($0).value) }
        case .warehouse:
            return .warehouse(
                schema: map.string("schema")?.value ?? name.namespace ?? "main",
                table: map.string("table")?.value ?? name.name)
        case .topic: return topic(map, name, file: file).map { .topic($0) }
        }
    }

    private func resolved(_ path: Located<String>) -> Located<String> {
        let isAddress = path.value.contains("://")
        return Located(isAddress ? path.value : files.absolute(path.value), path.location)
    }

    /// A file of the project, named from the project's folder or from that of the YAML file; it must be there.
    private func projectFile(_ path: Located<String>, beside file: String) -> Located<String>? {
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        for candidate in [path.value, folder.isEmpty ? path.value : "\(folder)/\(path.value)"]
        where files.exists(candidate) {
            return Located(candidate, path.location)
        }
        diagnostics.add(.fileNotReadable(path.location, reason: "\(path.value) is not there"))
        return nil
    }

    private func topic(_ map: YAMLMapping, _ name: DatasetName, file: String) -> TopicSource? {
        let topic = map.string("topic")?.value ?? name.name
        let partitions = map.int("partitions", in: 1...4096)?.value ?? 1
        let format = map.choice("format", TopicSource.Format.self)
        if format == nil, !map.keys.contains("format") {
            _ = map.require("format", hint: "Say how records are written: `avro` or `json`.")
        }
        let schema = map.string("schema").flatMap { projectFile($0, beside: file) }
        if format?.value == .avro, !map.keys.contains("schema") {
            _ = map.require("schema", hint: "Name the file with the Avro schema.")
        }
        let key = map.string("key")
        let deadLetter = map.string("dead_letter")?.value ?? "\(topic).dead_letter"
        let eventTime = map.string("event_time")
        let lateness = map.timeSpan("lateness")
        let idleAfter = map.timeSpan("idle_after")?.value
        let onDataLoss = map.choice("on_data_loss", TopicSource.DataLoss.self)?.value ?? .fail
        let aheadMax = map.timeSpan("event_time_ahead_max")
        if let needing = lateness ?? aheadMax, eventTime == nil {
            diagnostics.add(
                .missingKey(
                    needing.location, key: "event_time", within: map.within,
                    hint: "Lateness is measured by the column that says when an event happened; name it."))
        }
        let replay = map.mapping("replay", within: "`replay` of \(name)").flatMap {
            self.replay($0, key: key, file: file)
        }
        return TopicSource(
            topic: topic, partitions: partitions, format: format?.value ?? .json,
            schemaFile: schema.map { Located(files.absolute($0.value), $0.location) }, key: key, deadLetter: deadLetter,
            eventTime: eventTime, lateness: lateness?.value ?? TimeSpan(micros: 0), idleAfter: idleAfter,
            onDataLoss: onDataLoss, eventTimeAheadMax: aheadMax?.value ?? TopicSource.eventTimeAheadMaxDefault,
            replay: replay)
    }

    private func replay(_ map: YAMLMapping, key: Located<String>?, file: String) -> ReplayDefinition? {
        let path = map.requiredString("path", hint: "Say which file holds the events.").map { resolved($0) }
        let queryFile = map.string("query").flatMap { projectFile($0, beside: file) }
        let orderBy = map.strings("order_by")?.map(\.value) ?? []
        let time = map.string("time")?.value
        let ownKey = map.string("key")?.value ?? key?.value
        let speed = map.number("speed")
        if let speed, speed.value <= 0 {
            diagnostics.add(
                .badValue(
                    speed.location, what: "the speed is not positive", expected: "a number above 0",
                    found: "\(speed.value)", hint: "Leave it out to replay as fast as it goes."))
        }
        let broken =
            map.string("broken_records").flatMap { projectFile($0, beside: file) }
            .map { brokenRecords($0.value) } ?? []
        map.finish()
        guard let path else { return nil }
        let query = queryFile.flatMap { render($0.value, path: path.value) }
        return ReplayDefinition(
            path: path, query: query, orderBy: orderBy, time: time, key: ownKey, speed: speed?.value,
            brokenRecords: broken)
    }

    private func render(_ file: String, path: String) -> RenderedSQL? {
        guard let template = files.readTemplate(file) else { return nil }
        let context = ProjectContext(
            settings: settings, this: DatasetName("replay"), isIncremental: false, properties: [:])
        let quoted = path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        context.globals["path"] = .string(quoted)
        return withExtendedLifetime(context) {
            diagnostics.collect(at: SourceLocation(file: file)) {
                try Interpreter.render(template, globals: context.globals)
            }
        }
    }

    private func brokenRecords(_ file: String) -> [BrokenRecord] {
        guard let root = files.readYAML(file) else { return [] }
        guard case .sequence(let items) = root.kind else {
            diagnostics.add(
                .wrongType(root.location, key: "broken_records", expected: "a list of records", found: root.description)
            )
            return []
        }
        return items.compactMap { brokenRecord($0) }
    }

    private func brokenRecord(_ node: YAMLNode) -> BrokenRecord? {
        guard let map = YAMLMapping(node, within: "a broken record", diagnostics: diagnostics) else { return nil }
        let after = map.int("after", in: 0...Int.max)?.value ?? 0
        let key = map.string("key")?.value ?? ""
        let why = map.string("why")?.value ?? ""
        let schema = map.string("schema")
        if let schema, schema.value != "registered" {
            diagnostics.add(
                .badValue(
                    schema.location, what: "`schema` has an unknown value", expected: "registered", found: schema.value,
                    hint: "Write `registered`, or leave it out."))
        }
        let value = map.string("value")
        map.finish()
        let digits = Array((value?.value ?? "").utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
        }
        guard bytes.count * 2 == digits.count else {
            diagnostics.add(
                .badValue(
                    value?.location ?? map.location, what: "`value` is not hexadecimal",
                    expected: "pairs of 0-9 and a-f",
                    found: value?.value, hint: "Write each byte as two digits."))
            return nil
        }
        return BrokenRecord(after: after, key: key, value: bytes, hasRegisteredHeader: schema != nil, why: why)
    }
}
