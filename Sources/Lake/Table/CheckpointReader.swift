internal import Columnar
internal import Storage

/// Reads classic and multi-part checkpoints of any writer: columns are found by name, unknown ones are skipped.
struct CheckpointReader {
    let store: any ObjectStore

    func read(_ paths: [String], _ take: (Action) -> Void) throws(LakeError) {
        for path in paths {
            let file = try storing { () throws(StorageError) in try store.localFile(path) }
            try ParquetFiles.read(
                file.path, columns: ["txn", "add", "remove", "metaData", "protocol"], name: path
            ) { batch throws(LakeError) in
                for (field, column) in zip(batch.schema.fields, batch.columns) {
                    guard let rows = StructureRows(column) else { continue }
                    for row in 0..<column.count where !column.isNull(row) {
                        if let action = try action(field.name, rows, row, file: path) { take(action) }
                    }
                }
            }
            withExtendedLifetime(file) {}
        }
    }

    private func action(
        _ name: String, _ rows: StructureRows, _ row: Int, file: String
    ) throws(LakeError) -> Action? {
        func required<Value>(_ value: Value?, _ what: String) throws(LakeError) -> Value {
            guard let value else { throw .corruptLog(file: file, reason: "\(name) without \(what)") }
            return value
        }
        switch name {
        case "txn":
            return .transaction(
                SetTransaction(
                    application: try required(rows.string("appId", row), "appId"),
                    version: try required(rows.integer("version", row), "version"),
                    lastUpdated: rows.integer("lastUpdated", row)))
        case "add":
            var stats = rows.string("stats", row)
            if stats == nil, case .structure(let values) = rows.scalar("stats_parsed", row),
                let index = rows.innerNames("stats_parsed").firstIndex(of: "numRecords"),
                case .int(let count) = values[index]
            {
                stats = FileStatistics.text(rows: count, columns: [])
            }
            return .add(
                AddFile(
                    path: try required(rows.string("path", row), "path"),
                    partitionValues: rows.map("partitionValues", row) ?? [:],
                    size: try required(rows.integer("size", row), "size"),
                    modificationTime: rows.integer("modificationTime", row) ?? 0,
                    dataChange: rows.bool("dataChange", row) ?? false, stats: stats, tags: rows.map("tags", row),
                    hasDeletionVector: !rows.scalar("deletionVector", row).isNull))
        case "remove":
            return .remove(
                RemoveFile(
                    path: try required(rows.string("path", row), "path"),
                    deletionTimestamp: rows.integer("deletionTimestamp", row),
                    dataChange: rows.bool("dataChange", row) ?? false,
                    partitionValues: rows.map("partitionValues", row), size: rows.integer("size", row)))
        case "metaData":
            var provider = "parquet"
            if case .structure(let values) = rows.scalar("format", row),
                let index = rows.innerNames("format").firstIndex(of: "provider"), case .string(let text) = values[index]
            {
                provider = text
            }
            return .metadata(
                try TableMetadata(
                    id: try required(rows.string("id", row), "id"), name: rows.string("name", row),
                    summary: rows.string("description", row), provider: provider,
                    schemaString: try required(rows.string("schemaString", row), "schemaString"),
                    partitionColumns: rows.list("partitionColumns", row) ?? [],
                    createdTime: rows.integer("createdTime", row),
                    configuration: (rows.map("configuration", row) ?? [:]).compactMapValues { $0 }, file: file))
        case "protocol":
            return .protocol(
                TableProtocol(
                    minReaderVersion: Int(try required(rows.integer("minReaderVersion", row), "minReaderVersion")),
                    minWriterVersion: Int(try required(rows.integer("minWriterVersion", row), "minWriterVersion")),
                    readerFeatures: rows.list("readerFeatures", row), writerFeatures: rows.list("writerFeatures", row)))
        default: return nil
        }
    }
}

/// The fields of a structure column by name.
private struct StructureRows {
    private let column: Column
    private let fields: [String: (column: Column, type: DataType)]

    init?(_ column: Column) {
        guard case .structure(let inner) = column.type else { return nil }
        self.column = column
        fields = Dictionary(
            zip(inner, column.children).map { ($0.name, (column: $1, type: $0.type)) },
            uniquingKeysWith: { first, _ in first })
    }

    func innerNames(_ name: String) -> [String] { fields[name]?.type.childFields.map(\.name) ?? [] }
    func scalar(_ name: String, _ row: Int) -> Scalar {
        fields[name]?.column.scalar(at: column.offset + row) ?? .null
    }
    func string(_ name: String, _ row: Int) -> String? {
        if case .string(let text) = scalar(name, row) { text } else { nil }
    }
    func integer(_ name: String, _ row: Int) -> Int64? {
        if case .int(let number) = scalar(name, row) { number } else { nil }
    }
    func bool(_ name: String, _ row: Int) -> Bool? {
        if case .bool(let truth) = scalar(name, row) { truth } else { nil }
    }
    func list(_ name: String, _ row: Int) -> [String]? {
        guard case .list(let items) = scalar(name, row) else { return nil }
        return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
    func map(_ name: String, _ row: Int) -> [String: String?]? {
        guard case .map(let entries) = scalar(name, row) else { return nil }
        var map: [String: String?] = [:]
        for entry in entries {
            guard case .string(let key) = entry.key else { continue }
            if case .string(let value) = entry.value { map[key] = .some(value) } else { map[key] = .some(nil) }
        }
        return map
    }
}
