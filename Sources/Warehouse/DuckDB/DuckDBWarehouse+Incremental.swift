internal import Base
internal import Columnar
internal import DuckDB

extension DuckDBWarehouse {
    /// Computes the new rows beside the table, then takes them in as the plan says.
    func takeIn(_ run: ModelRun, _ plan: IncrementalPlan, _ session: WarehouseSession, _ ledger: RunLedger)
        throws(WarehouseError) -> BuildOutcome
    {
        let table = run.relation.sql
        let delta = "temp.main.gariep_delta"
        let read = try session.execute("CREATE OR REPLACE TEMP TABLE gariep_delta AS\n", query: run.sql)
        let columns = try settleColumns(run, plan, delta, session)
        let list = columns.map(SQLText.identifier).joined(separator: ", ")
        let before = try session.count(table)
        var (inserted, updated, deleted) = (Int64(0), Int64(0), Int64(0))
        let insert = "INSERT INTO \(table) (\(list)) SELECT \(list) FROM \(delta)"
        if read > 0 {
            switch plan.strategy {
            case .append: inserted = try session.execute(insert)
            case .deleteInsert:
                let match = try keyMatch(run, plan, columns, session)
                deleted = try session.execute(
                    "DELETE FROM \(table) AS t WHERE EXISTS (SELECT 1 FROM \(delta) AS d WHERE \(match))")
                inserted = try session.execute(insert)
            case .merge:
                let match = try keyMatch(run, plan, columns, session)
                try refuseDuplicates(run, plan, delta, session)
                updated = try session.count(
                    "\(table) AS t WHERE EXISTS (SELECT 1 FROM \(delta) AS d WHERE \(match))")
                let keys = Set(plan.uniqueKey.map { $0.lowercased() })
                let sets = columns.filter { !keys.contains($0.lowercased()) }.map(SQLText.identifier)
                    .map { "\($0) = d.\($0)" }.joined(separator: ", ")
                let values = columns.map { "d." + SQLText.identifier($0) }.joined(separator: ", ")
                let merged = try session.execute(
                    "MERGE INTO \(table) AS t USING \(delta) AS d ON (\(match))"
                        + (sets.isEmpty ? "" : " WHEN MATCHED THEN UPDATE SET \(sets)")
                        + " WHEN NOT MATCHED THEN INSERT (\(list)) VALUES (\(values))")
                inserted = merged - (sets.isEmpty ? 0 : updated)
            }
        }
        let after = try session.count(table)
        // What the table holds now must follow from what each step says that it did.
        let written = plan.strategy == .merge ? after - before + updated : after - before + deleted
        precondition(inserted >= 0)
        let changed = inserted + updated + deleted > 0
        let known = try ledger.relation(run.relation)
        let version = changed ? nextVersion() : known?.version ?? nextVersion()
        try ledger.setRelation(
            run.relation, kind: "table", version: version, definition: run.sql, inputs: run.inputs)
        try session.execute("DROP TABLE \(delta)")
        return try balanced(
            BuildOutcome(handOver: HandOver(read: read, written: written), rowCount: after, version: version), session)
    }

    /// - Returns: the columns that the table takes, in the order of the new rows.
    private func settleColumns(
        _ run: ModelRun, _ plan: IncrementalPlan, _ delta: String, _ session: WarehouseSession
    ) throws(WarehouseError) -> [String] {
        let old = try session.describe("SELECT * FROM \(run.relation.sql)")
        let new = try session.describe("SELECT * FROM \(delta)")
        let added = new.fields.filter { old.field(like: $0.name) == nil }
        switch plan.onSchemaChange {
        case .ignore: break
        case .appendNewColumns:
            for field in added {
                try session.execute(
                    "ALTER TABLE \(run.relation.sql) ADD COLUMN \(SQLText.identifier(field.name)) \(field.type)")
            }
            return new.fields.map(\.name)
        case .fail:
            let removed = old.fields.filter { new.field(like: $0.name) == nil }
            let retyped = new.fields.filter { field in
                old.field(like: field.name).map { $0.type != field.type } ?? false
            }
            if !(added.isEmpty && removed.isEmpty && retyped.isEmpty) {
                throw .schemaChanged(
                    run.relation, added: added.map { "\($0.name) \($0.type)" }, removed: removed.map(\.name),
                    retyped: retyped.map { "\($0.name) \($0.type)" })
            }
        }
        return new.fields.map(\.name).filter { old.field(like: $0) != nil }
    }

    private func keyMatch(
        _ run: ModelRun, _ plan: IncrementalPlan, _ columns: [String], _ session: WarehouseSession
    ) throws(WarehouseError) -> String {
        let known = Set(columns.map { $0.lowercased() })
        if let missing = plan.uniqueKey.first(where: { !known.contains($0.lowercased()) }) {
            throw .keyMissing(run.relation, column: missing, columns: columns)
        }
        guard !plan.uniqueKey.isEmpty else { throw .keyMissing(run.relation, column: "(none given)", columns: columns) }
        return plan.uniqueKey.map(SQLText.identifier).map { "t.\($0) IS NOT DISTINCT FROM d.\($0)" }
            .joined(separator: " AND ")
    }

    private func refuseDuplicates(
        _ run: ModelRun, _ plan: IncrementalPlan, _ delta: String, _ session: WarehouseSession
    ) throws(WarehouseError) {
        let keys = plan.uniqueKey.map(SQLText.identifier).joined(separator: ", ")
        let texts = plan.uniqueKey.map { "coalesce(\(SQLText.identifier($0))::VARCHAR, 'NULL')" }
            .joined(separator: " || ', ' || ")
        let found = try session.rows(
            "SELECT \(texts), n FROM (SELECT \(keys), count(*) AS n FROM \(delta) GROUP BY \(keys) HAVING n > 1)"
                + " ORDER BY 1 LIMIT 1"
        ).first
        guard let found, case .string(let example) = found[0], case .int(let rows) = found[1] else { return }
        throw .duplicateKeys(run.relation, key: plan.uniqueKey, example: example, rows: rows)
    }
}

extension Schema {
    /// The field that SQL means by `name`, which may differ in case.
    func field(like name: String) -> Field? {
        field(named: name) ?? fields.first { $0.name.lowercased() == name.lowercased() }
    }
}
