public import Base

internal import Columnar
internal import DuckDB

extension DuckDBWarehouse {
    @discardableResult
    public func run(_ run: ModelRun, progress: any WorkReporting) throws(WarehouseError) -> BuildOutcome {
        let task = "model \(run.relation)"
        progress.update(task: task, done: 0, total: nil, unit: .parts)
        var isOver = false
        defer { if !isOver { progress.abandon(task: task) } }
        try ensureSchema(run.relation.schema)
        let outcome = try change(task) { session throws(WarehouseError) in
            let ledger = RunLedger(session: session)
            if let done = try ledger.outcome(runID: run.runID, run.relation) { return done }
            // Decided here, where nobody can change it until the run is over.
            let isTable = try session.kind(of: run.relation) == .table
            let takesIn = run.method.isIncremental && !run.fullRefresh && isTable
            let run = takesIn ? run.running(run.incrementalSQL ?? run.sql) : run
            if let contract = run.contract { try check(contract, of: run, session) }
            let outcome = try following(session, progress) { () throws(WarehouseError) in
                try build(run, takesIn: takesIn, session, ledger)
            }
            try checkNulls(run, session)
            try ledger.record(
                outcome, runID: run.runID, run.relation, kind: run.method.name, inputs: run.inputs,
                micros: clock.nowMicros())
            return outcome
        }
        isOver = true
        let written = outcome.handOver.written
        progress.finish(
            task: task,
            summary: outcome.rowCount.map {
                "\(NumberText.counted(written, "row")) written, \(NumberText.grouped($0)) in all"
            } ?? "view", count: outcome.rowCount == nil ? nil : (written, "rows"))
        return outcome
    }

    private func build(
        _ run: ModelRun, takesIn: Bool, _ session: WarehouseSession, _ ledger: RunLedger
    ) throws(WarehouseError) -> BuildOutcome {
        switch run.method {
        case .view: try buildView(run, session, ledger)
        case .incremental(let plan) where takesIn: try takeIn(run, plan, session, ledger)
        case .table, .incremental: try buildTable(run, session, ledger)
        }
    }

    /// Runs `body` and tells meanwhile how far its statements are. What DuckDB counts are not rows, so that only the share
    /// is told: of the bytes that are read where they are known.
    func following<Result>(
        _ session: WarehouseSession, _ progress: any WorkReporting, bytes: Int64? = nil,
        _ body: () throws(WarehouseError) -> Result
    ) throws(WarehouseError) -> Result {
        let task = session.task
        return try StatementWatch.following(
            session.connection,
            { state in
                let total = bytes ?? 10_000
                progress.update(
                    task: task, done: Int64(Double(total) * min(1, max(0, state.fraction))), total: total,
                    unit: bytes == nil ? .parts : .bytes)
            }, body)
    }

    private func buildView(_ run: ModelRun, _ session: WarehouseSession, _ ledger: RunLedger) throws(WarehouseError)
        -> BuildOutcome
    {
        try session.drop(run.relation, unless: .view)
        try session.execute("CREATE OR REPLACE VIEW \(run.relation.sql) AS\n", query: run.sql)
        let known = try ledger.relation(run.relation)
        if let known, known.kind == "view", known.definition == run.sql {
            // The same view keeps its version, but may have been told other inputs.
            try ledger.setRelation(
                run.relation, kind: "view", version: known.version, definition: run.sql, inputs: run.inputs)
        } else {
            try ledger.setRelation(
                run.relation, kind: "view", version: nextVersion(), definition: run.sql, inputs: run.inputs)
        }
        let version = try ledger.version(of: run.relation) ?? 0
        return BuildOutcome(handOver: HandOver(), rowCount: nil, version: version)
    }

    /// DuckDB builds the new table beside the old one, which readers see until the transaction commits.
    private func buildTable(_ run: ModelRun, _ session: WarehouseSession, _ ledger: RunLedger) throws(WarehouseError)
        -> BuildOutcome
    {
        try session.drop(run.relation, unless: .table)
        let read = try session.execute("CREATE OR REPLACE TABLE \(run.relation.sql) AS\n", query: run.sql)
        let written = try session.count(run.relation.sql)
        let version = nextVersion()
        try ledger.setRelation(
            run.relation, kind: "table", version: version, definition: run.sql, inputs: run.inputs)
        return try balanced(
            BuildOutcome(handOver: HandOver(read: read, written: written), rowCount: written, version: version), session
        )
    }

    func balanced(_ outcome: BuildOutcome, _ session: WarehouseSession) throws(WarehouseError) -> BuildOutcome {
        guard outcome.handOver.missing == 0 else { throw .rowsMissing(task: session.task, outcome.handOver) }
        return outcome
    }

    // MARK: Contracts

    private func check(_ contract: [ContractColumn], of run: ModelRun, _ session: WarehouseSession)
        throws(WarehouseError)
    {
        let found = try session.describe(run.sql)
        var problems: [String] = []
        for column in contract {
            guard let field = found.field(like: column.name) else {
                problems.append("\(column.name) is missing")
                continue
            }
            let wanted = try session.describe("SELECT CAST(NULL AS \(column.sqlType)) AS v")[0].type
            if field.type != wanted { problems.append("\(column.name) is \(field.type), not \(wanted)") }
        }
        let promised = Set(contract.map { $0.name.lowercased() })
        for field in found.fields where !promised.contains(field.name.lowercased()) {
            problems.append("\(field.name) \(field.type) is not in the contract")
        }
        if !problems.isEmpty { throw .contractBroken(run.relation, problems: problems) }
    }

    private func checkNulls(_ run: ModelRun, _ session: WarehouseSession) throws(WarehouseError) {
        let columns = (run.contract ?? []).filter(\.notNull).map(\.name)
        if columns.isEmpty { return }
        let counts = columns.map { "count(*) FILTER (\(SQLText.identifier($0)) IS NULL)" }.joined(separator: ", ")
        let row = try session.rows("SELECT \(counts) FROM \(run.relation.sql)").first ?? []
        let problems = zip(columns, row).compactMap { column, count -> String? in
            guard case .int(let nulls) = count, nulls > 0 else { return nil }
            return "\(column) is null in \(nulls) rows"
        }
        if !problems.isEmpty { throw .contractBroken(run.relation, problems: problems) }
    }
}

extension BuildMethod {
    var isIncremental: Bool { if case .incremental = self { true } else { false } }

    var name: String {
        switch self {
        case .view: "view"
        case .table: "table"
        case .incremental(let plan): "incremental \(plan.strategy.rawValue)"
        }
    }
}
