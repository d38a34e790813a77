public import Base
public import Columnar

internal import DuckDB
internal import Foundation

extension DuckDBWarehouse {
    @discardableResult
    public func load(_ load: BulkLoad, progress: any WorkReporting) throws(WarehouseError) -> BuildOutcome {
        guard !load.files.isEmpty else { throw .nothingToLoad(load.relation) }
        let missing = load.files.first { path in
            !path.contains("://") && !path.contains { "*?[".contains($0) }
                && !FileManager.default.fileExists(atPath: path)
        }
        if let missing { throw .nothingToLoad(load.relation, missing: missing) }
        let task = "load \(load.relation)"
        let bytes = Self.byteCount(of: load.files)
        progress.update(task: task, done: 0, total: bytes, unit: bytes == nil ? .parts : .bytes)
        var isOver = false
        defer { if !isOver { progress.abandon(task: task) } }
        try ensureSchema(load.relation.schema)
        let outcome = try change(task) { session throws(WarehouseError) in
            let ledger = RunLedger(session: session)
            let exists = try session.kind(of: load.relation) == .table
            let definition = "loaded as \(load.runID)"
            // Rows that replaced others count only while they are still there: files may come back as they once were.
            let known = try ledger.relation(load.relation)?.definition
            let isHeld = exists && known == definition
            if load.mode == .append || isHeld, let done = try ledger.outcome(runID: load.runID, load.relation) {
                return done
            }
            let source = try select(load, session)
            let before = exists && load.mode == .append ? try session.count(load.relation.sql) : 0
            let sql: String
            if load.mode == .append && exists {
                sql = "INSERT INTO \(load.relation.sql) BY NAME \(source)"
            } else {
                try session.drop(load.relation, unless: .table)
                sql = "CREATE OR REPLACE TABLE \(load.relation.sql) AS \(source)"
            }
            let read: Int64
            do throws(WarehouseError) {
                read = try following(session, progress, bytes: bytes) { () throws(WarehouseError) in
                    try session.execute(sql)
                }
            } catch { throw CSVErrorText.badRow(error, files: load.files) }
            let after = try session.count(load.relation.sql)
            let version = nextVersion()
            try ledger.setRelation(
                load.relation, kind: "table", version: version, definition: definition, inputs: [])
            let outcome = try balanced(
                BuildOutcome(
                    handOver: HandOver(read: read, written: after - before), rowCount: after, version: version),
                session)
            try ledger.record(
                outcome, runID: load.runID, load.relation, kind: "load", inputs: [], micros: clock.nowMicros())
            return outcome
        }
        isOver = true
        let written = outcome.handOver.written
        progress.finish(
            task: task, summary: outcome.repeated ? "unchanged" : NumberText.counted(written, "row"),
            count: outcome.repeated ? nil : (written, "rows"))
        return outcome
    }

    /// nil where a file is not on this machine, or its name is a pattern.
    private static func byteCount(of files: [String]) -> Int64? {
        var bytes: Int64 = 0
        for file in files {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: file),
                let size = attributes[.size] as? Int
            else { return nil }
            bytes += Int64(size)
        }
        return bytes > 0 ? bytes : nil
    }

    /// The SELECT that reads the files as they should be.
    private func select(_ load: BulkLoad, _ session: WarehouseSession) throws(WarehouseError) -> String {
        let files = "[" + load.files.map(SQLText.literal).joined(separator: ", ") + "]"
        switch load.format {
        case .parquet:
            let from = "read_parquet(\(files), union_by_name = true)"
            return try casting(load, from: from, found: session.describe("SELECT * FROM \(from)"))
        case .json:
            let types = load.columns.map { "\(SQLText.literal($0.name)): \(SQLText.literal($0.sqlType))" }
            let columns = types.isEmpty ? "" : ", columns = {\(types.joined(separator: ", "))}"
            return "SELECT * FROM read_json(\(files)\(columns))"
        case .csv(let csv):
            var options = [
                "header = \(csv.hasHeader)", "delim = \(SQLText.literal(csv.delimiter))",
                "quote = \(SQLText.literal(csv.quote))", "escape = \(SQLText.literal(csv.quote))",
                "nullstr = [\(csv.nullStrings.map(SQLText.literal).joined(separator: ", "))]",
            ]
            if let format = csv.timestampFormat { options.append("timestampformat = \(SQLText.literal(format))") }
            if let format = csv.dateFormat { options.append("dateformat = \(SQLText.literal(format))") }
            if load.columns.isEmpty {
                return "SELECT * FROM read_csv(\(files), \(options.joined(separator: ", ")))"
            }
            let layout = csv.hasHeader ? try commonHeader(load, csv, session) : load.columns.map(\.name)
            // All columns of the files in their order; those that nobody declared are read as text and left out.
            let types = layout.map { name in
                let type = load.columns.first { $0.name == name }?.sqlType ?? "VARCHAR"
                return "\(SQLText.literal(name)): \(SQLText.literal(type))"
            }
            options += ["auto_detect = false", "columns = {\(types.joined(separator: ", "))}"]
            let wanted = load.columns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
            return "SELECT \(wanted) FROM read_csv(\(files), \(options.joined(separator: ", ")))"
        }
    }

    private func casting(_ load: BulkLoad, from: String, found: Schema) throws(WarehouseError) -> String {
        if load.columns.isEmpty { return "SELECT * FROM \(from)" }
        for column in load.columns where found.field(named: column.name) == nil {
            throw .fileColumnMissing(
                file: load.files[0], column: column.name, found: found.fields.map(\.name))
        }
        let columns = load.columns.map { column in
            let name = SQLText.identifier(column.name)
            return "CAST(\(name) AS \(column.sqlType)) AS \(name)"
        }
        return "SELECT \(columns.joined(separator: ", ")) FROM \(from)"
    }

    /// The names in the files' first lines, which must be the same in all of them and hold the columns wanted.
    private func commonHeader(_ load: BulkLoad, _ csv: BulkLoad.CSV, _ session: WarehouseSession)
        throws(WarehouseError) -> [String]
    {
        var common: [String]?
        for file in load.files {
            let plain = CSVHeader.names(ofFile: file, csv)
            let names = if let plain { plain } else { try guessedHeader(file, csv, session) }
            for column in load.columns where !names.contains(column.name) {
                throw .fileColumnMissing(file: file, column: column.name, found: names)
            }
            if let common, common != names {
                let odd = zip(common, names).first { $0 != $1 }?.0 ?? common.last ?? ""
                throw .fileColumnMissing(file: file, column: odd, found: names)
            }
            common = names
        }
        return common ?? []
    }

    /// DuckDB's word for files that are not plain text, such as compressed ones.
    private func guessedHeader(_ file: String, _ csv: BulkLoad.CSV, _ session: WarehouseSession) throws(WarehouseError)
        -> [String]
    {
        try session.describe(
            "SELECT * FROM read_csv(\(SQLText.literal(file)), header = true, all_varchar = true, sample_size = 64, "
                + "delim = \(SQLText.literal(csv.delimiter)), quote = \(SQLText.literal(csv.quote)), "
                + "null_padding = true, strict_mode = false, ignore_errors = true)"
        ).fields.map(\.name)
    }

    /// Adds the rows of one epoch to a table, made where it is missing; an epoch that was added before is not again.
    ///
    /// - Parameter writer: names the stream that writes; its epochs only grow.
    /// - Returns: whether the rows were added now.
    @discardableResult
    public func append(_ batches: [RecordBatch], to relation: RelationName, writer: String, epoch: Epoch)
        throws(WarehouseError) -> Bool
    {
        try ensureSchema(relation.schema)
        return try change("append to \(relation)") { session throws(WarehouseError) in
            let ledger = RunLedger(session: session)
            if let last = try ledger.epoch(writer: writer, relation), last >= epoch { return false }
            if let schema = batches.first?.schema, try session.kind(of: relation) == nil {
                let columns = schema.fields.map {
                    "\(SQLText.identifier($0.name)) \($0.type)" + ($0.nullable ? "" : " NOT NULL")
                }
                try session.execute("CREATE TABLE \(relation.sql) (\(columns.joined(separator: ", ")))")
            }
            let rows = batches.reduce(0) { $0 + $1.count }
            if rows > 0 {
                let before = try session.count(relation.sql)
                try session.append(batches, to: relation)
                let written = try session.count(relation.sql) - before
                _ = try balanced(
                    BuildOutcome(
                        handOver: HandOver(read: Int64(rows), written: written), rowCount: nil, version: 0), session)
                try ledger.setRelation(
                    relation, kind: "table", version: nextVersion(), definition: "written by \(writer)", inputs: [])
            }
            try ledger.setEpoch(epoch, writer: writer, relation)
            return true
        }
    }

    /// The last epoch that `writer` has added to a table.
    public func lastEpoch(of writer: String, in relation: RelationName) throws(WarehouseError) -> Epoch? {
        try session("epoch of \(relation)") { session throws(WarehouseError) in
            try RunLedger(session: session).epoch(writer: writer, relation)
        }
    }
}
