internal import Base
internal import Columnar
internal import DuckDB

extension DuckDBWarehouse {
    @discardableResult
    public func setExternalTable(_ table: ExternalTable, sameRows: Bool) throws(WarehouseError) -> Int64 {
        try ensureSchema(table.relation.schema)
        return try change("external table \(table.relation)") { session throws(WarehouseError) in
            let ledger = RunLedger(session: session)
            let sql = viewSQL(table)
            let known = try ledger.relation(table.relation).flatMap { $0.kind == "external" ? $0 : nil }
            let isView = try session.kind(of: table.relation) == .view
            if let known, isView, known.definition == sql { return known.version }
            try session.drop(table.relation, unless: .view)
            try session.execute("CREATE OR REPLACE VIEW \(table.relation.sql) AS \(sql)")
            let version = sameRows && isView ? known?.version ?? nextVersion() : nextVersion()
            try ledger.setRelation(
                table.relation, kind: "external", version: version, definition: sql, inputs: [])
            return version
        }
    }

    /// One branch for each combination of partition values, whose columns are constants there: a query with a filter
    /// on them opens only the files it needs. The first branch has no rows, only the names and types, so that columns
    /// that older files lack are null and a snapshot without files has all its columns.
    private func viewSQL(_ table: ExternalTable) -> String {
        func cast(_ value: String, _ field: Field) -> String {
            "CAST(\(value) AS \(field.type)) AS \(SQLText.identifier(field.name))"
        }
        var branches = [
            "SELECT " + table.schema.fields.map { cast("NULL", $0) }.joined(separator: ", ") + " WHERE false"
        ]
        let groups = Dictionary(grouping: table.files, by: \.partitionValues)
            .sorted { ($0.value.first?.path ?? "") < ($1.value.first?.path ?? "") }
        for (values, files) in groups {
            let paths = files.map(\.path).sorted().map(SQLText.literal).joined(separator: ", ")
            let constants = table.schema.fields.compactMap { field in
                values[field.name].map { cast($0.map(SQLText.literal) ?? "NULL", field) }
            }
            let stored = table.schema.fields.filter { values[$0.name] == nil }.map(\.name)
            let names = stored.map(SQLText.literal).joined(separator: ", ")
            let columns = stored.isEmpty ? constants : ["COLUMNS(lambda c: c IN (\(names)))"] + constants
            branches.append(
                "SELECT " + columns.joined(separator: ", ")
                    + " FROM read_parquet([\(paths)], union_by_name = true, hive_partitioning = false)")
        }
        let columns = table.schema.fields.map { cast(SQLText.identifier($0.name), $0) }.joined(separator: ", ")
        return "SELECT \(columns) FROM (\(branches.joined(separator: " UNION ALL BY NAME ")))"
    }
}
