internal import Base

/// Puts a model's configuration together, later entries over earlier ones, and checks each entry's type.
struct ModelConfigBuilder {
    typealias Entry = (key: String, value: ConfigValue, location: SourceLocation)

    /// What dbt knows and Gariep has no use for; accepted, kept under `other`, and without effect.
    private static let accepted: Set<String> = [
        "meta", "docs", "schema", "database", "alias", "description", "on_schema_change", "full_refresh",
        "persist_docs", "grants", "group", "access", "quoting", "event_time", "packages", "batch_size", "begin",
        "lookback", "concurrent_batches", "static_analysis", "indexes", "sort", "dist", "cluster_by",
    ]
    private static let known: [String] = [
        "materialized", "enabled", "unique_key", "incremental_strategy", "freshness", "partition_by", "emit",
        "lateness", "compact", "retention", "tags", "contract", "pre_hook", "post_hook", "pre-hook", "post-hook",
    ]

    private var config: ModelConfig
    private let diagnostics: Diagnostics

    static func build(_ entries: [Entry], defaultLocation: SourceLocation, _ diagnostics: Diagnostics) -> ModelConfig {
        var builder = ModelConfigBuilder(
            config: ModelConfig(materialized: Located(.view, defaultLocation)), diagnostics: diagnostics)
        for entry in entries { builder.apply(entry) }
        return builder.config
    }

    private mutating func apply(_ entry: Entry) {
        switch entry.key {
        case "materialized":
            guard let text = text(entry) else { return }
            if text == "snapshot" {
                return diagnostics.add(
                    .unsupported(entry.location, what: "the materialization `snapshot`", hint: "Use `incremental`."))
            }
            if let value = choice(entry, text, Materialization.self) {
                config.materialized = Located(value, entry.location)
            }
        case "enabled": if let value = bool(entry) { config.isEnabled = value }
        case "unique_key": if let value = names(entry) { config.uniqueKey = value }
        case "partition_by": if let value = names(entry) { config.partitionBy = value }
        case "tags": if let value = names(entry) { config.tags += value.map(\.value) }
        case "incremental_strategy":
            if let text = text(entry), let value = choice(entry, text, IncrementalStrategy.self) {
                config.incrementalStrategy = value
            }
        case "emit":
            if let text = text(entry), let value = choice(entry, text, Emission.self) { config.emission = value }
        case "freshness": if let value = timeSpan(entry) { config.freshness = value }
        case "lateness": if let value = timeSpan(entry) { config.lateness = value }
        case "compact": compact(entry)
        case "retention": retention(entry)
        case "contract":
            if case .bool(let value)? = entry.value["enforced"] { config.isContractEnforced = value }
        case "pre_hook", "post_hook", "pre-hook", "post-hook":
            diagnostics.add(
                .unsupported(entry.location, what: "`\(entry.key)`", hint: "Put the statement into a model of its own.")
            )
        default:
            if Self.accepted.contains(entry.key) {
                config.other[entry.key] = entry.value
            } else {
                diagnostics.add(
                    .unknownKey(
                        entry.location, key: entry.key, within: "the model's config",
                        known: (Self.known.prefix(12) + ["meta"]).sorted()))
            }
        }
    }

    private mutating func compact(_ entry: Entry) {
        // `off` is a truth value in YAML.
        if case .bool(let value) = entry.value {
            config.compaction = value ? .auto : .off
        } else if let text = text(entry), let value = choice(entry, text, Compaction.self) {
            config.compaction = value
        }
    }

    /// Readers outside of the platform need a moment between reading a table's log and reading its files.
    private static let retentionMin = TimeSpan(micros: 60_000_000)

    private mutating func retention(_ entry: Entry) {
        guard let value = timeSpan(entry) else { return }
        guard value >= Self.retentionMin else {
            return diagnostics.add(
                .badValue(
                    entry.location, what: "`retention` is too short", expected: "\(Self.retentionMin) or more",
                    found: value.description,
                    hint: "Readers of the table lose their files after so long; 7 days is the default."))
        }
        config.retention = value
    }

    private func wrong(_ entry: Entry, _ expected: String) {
        diagnostics.add(
            .wrongType(entry.location, key: entry.key, expected: expected, found: entry.value.kind))
    }

    private func text(_ entry: Entry) -> String? {
        guard case .string(let text) = entry.value else {
            wrong(entry, "text")
            return nil
        }
        return text
    }

    private func bool(_ entry: Entry) -> Bool? {
        guard case .bool(let value) = entry.value else {
            wrong(entry, "true or false")
            return nil
        }
        return value
    }

    private func names(_ entry: Entry) -> [Located<String>]? {
        switch entry.value {
        case .null: return []
        case .string(let name): return [Located(name, entry.location)]
        case .list(let items):
            let names = items.compactMap { item -> Located<String>? in
                guard case .string(let name) = item else { return nil }
                return Located(name, entry.location)
            }
            if names.count == items.count { return names }
        default: break
        }
        wrong(entry, "a name, or a list of names")
        return nil
    }

    private func timeSpan(_ entry: Entry) -> TimeSpan? {
        guard let text = text(entry) else { return nil }
        guard let value = TimeSpan(text) else {
            diagnostics.add(
                TimeSpan.error(Located(text, entry.location), what: "`\(entry.key)` is not a length of time"))
            return nil
        }
        return value
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ entry: Entry, _ text: String, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        if let value = Choice(rawValue: text) { return value }
        let names = Choice.allCases.map(\.rawValue)
        diagnostics.add(
            .badValue(
                entry.location, what: "`\(entry.key)` has an unknown value", expected: names.joined(separator: ", "),
                found: text, hint: Suggestion.hint(for: text, among: names, otherwise: "Use one of these.")))
        return nil
    }
}
