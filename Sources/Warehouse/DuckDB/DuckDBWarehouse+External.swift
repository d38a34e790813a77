internal import Base
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

    private func viewSQL(_ table: ExternalTable) -> String { ExternalTableSQL(table).text }
}
