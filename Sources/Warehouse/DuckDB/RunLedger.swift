internal import Base
internal import Columnar
internal import DuckDB

/// What has been done, kept in the database itself, so that it commits with what it tells about.
///
/// `_gariep.runs`: a row a run of a model or load, of each the newest thousand. `_gariep.relations`: what each relation is made of, and its version.
/// `_gariep.epochs`: the last epoch that each writer has appended to each table.
struct RunLedger {
    let session: WarehouseSession

    static let schema = "_gariep"

    func setUp() throws(WarehouseError) {
        try session.execute(
            """
            CREATE SCHEMA IF NOT EXISTS _gariep;
            CREATE TABLE IF NOT EXISTS _gariep.runs (
                run_id VARCHAR, schema_name VARCHAR, relation_name VARCHAR, kind VARCHAR, finished_micros BIGINT,
                rows_read BIGINT, rows_written BIGINT, rows_filtered BIGINT, row_count BIGINT, version BIGINT,
                input_versions MAP(VARCHAR, BIGINT), PRIMARY KEY (run_id, schema_name, relation_name));
            CREATE TABLE IF NOT EXISTS _gariep.relations (
                schema_name VARCHAR, relation_name VARCHAR, kind VARCHAR, version BIGINT, definition VARCHAR,
                inputs STRUCT(s VARCHAR, n VARCHAR)[], PRIMARY KEY (schema_name, relation_name));
            CREATE TABLE IF NOT EXISTS _gariep.epochs (
                writer VARCHAR, schema_name VARCHAR, relation_name VARCHAR, epoch UBIGINT,
                PRIMARY KEY (writer, schema_name, relation_name));
            """)
    }

    /// The highest version that was given out.
    func lastVersion() throws(WarehouseError) -> Int64 {
        try session.integer("SELECT coalesce(max(version), 0) FROM _gariep.relations") ?? 0
    }

    /// What an earlier attempt of the run did, if it came to its end.
    func outcome(runID: String, _ relation: RelationName) throws(WarehouseError) -> BuildOutcome? {
        let rows = try session.rows(
            """
            SELECT rows_read, rows_written, rows_filtered, row_count, version FROM _gariep.runs
            WHERE run_id = $1 AND schema_name = $2 AND relation_name = $3
            """, [.string(runID), .string(relation.schema), .string(relation.name)])
        guard let row = rows.first else { return nil }
        func integer(_ scalar: Scalar) -> Int64? { if case .int(let value) = scalar { value } else { nil } }
        return BuildOutcome(
            handOver: HandOver(
                read: integer(row[0]) ?? 0, written: integer(row[1]) ?? 0, filtered: integer(row[2]) ?? 0),
            rowCount: integer(row[3]), version: integer(row[4]) ?? 0, repeated: true)
    }

    func record(
        _ outcome: BuildOutcome, runID: String, _ relation: RelationName, kind: String, inputs: [RelationName],
        micros: Int64
    ) throws(WarehouseError) {
        var versions: [Scalar.MapEntry] = []
        for input in Set(inputs).sorted() {
            guard let version = try version(of: input) else { continue }
            versions.append(Scalar.MapEntry(.string(input.description), .int(version)))
        }
        let map = DataType.map(
            key: Field("key", .utf8, nullable: false), value: Field("value", .int64), keysSorted: false)
        try session.execute(
            "INSERT OR REPLACE INTO _gariep.runs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                .string(runID), .string(relation.schema), .string(relation.name), .string(kind), .int(micros),
                .int(outcome.handOver.read), .int(outcome.handOver.written), .int(outcome.handOver.filtered),
                outcome.rowCount.map(Scalar.int) ?? .null, .int(outcome.version), .map(versions),
            ], types: Array(repeating: nil, count: 10) + [map])
        try forgetOldRuns(of: relation)
    }

    static let runsMax: Int64 = 1_000

    /// Keeps a relation's newest runs, and lets many old ones go at once.
    private func forgetOldRuns(of relation: RelationName) throws(WarehouseError) {
        let name = [Scalar.string(relation.schema), .string(relation.name)]
        let count = try session.integer(
            "SELECT count(*) FROM _gariep.runs WHERE schema_name = $1 AND relation_name = $2", name)
        guard let count, count >= Self.runsMax + Self.runsMax / 10 else { return }
        try session.execute(
            """
            DELETE FROM _gariep.runs WHERE schema_name = $1 AND relation_name = $2 AND run_id IN (
                SELECT run_id FROM _gariep.runs WHERE schema_name = $1 AND relation_name = $2
                ORDER BY finished_micros DESC, version DESC OFFSET $3)
            """, name + [.int(Self.runsMax)])
    }

    /// Notes what a relation is made of now.
    func setRelation(
        _ relation: RelationName, kind: String, version: Int64, definition: String, inputs: [RelationName]
    ) throws(WarehouseError) {
        let name = DataType.structure([Field("s", .utf8), Field("n", .utf8)])
        try session.execute(
            "INSERT OR REPLACE INTO _gariep.relations VALUES ($1, $2, $3, $4, $5, $6)",
            [
                .string(relation.schema), .string(relation.name), .string(kind), .int(version), .string(definition),
                .list(inputs.map { .structure([.string($0.schema), .string($0.name)]) }),
            ], types: [nil, nil, nil, nil, nil, .list(Field("item", name))])
    }

    /// The version and definition that a relation was given last.
    func relation(_ relation: RelationName) throws(WarehouseError) -> (
        kind: String, version: Int64, definition: String
    )? {
        let rows = try session.rows(
            "SELECT kind, version, definition FROM _gariep.relations WHERE schema_name = $1 AND relation_name = $2",
            [.string(relation.schema), .string(relation.name)])
        guard let row = rows.first, case .string(let kind) = row[0], case .int(let version) = row[1],
            case .string(let definition) = row[2]
        else { return nil }
        return (kind, version, definition)
    }

    /// A table's own version; a view's and those of all that it reads, added up.
    ///
    /// Versions only grow, and each is given out once, so the sum changes when any of them does.
    func version(of relation: RelationName) throws(WarehouseError) -> Int64? {
        try session.integer(
            """
            WITH RECURSIVE reached AS (
                SELECT schema_name, relation_name, kind, version, inputs FROM _gariep.relations
                WHERE schema_name = $1 AND relation_name = $2
                UNION
                SELECT r.schema_name, r.relation_name, r.kind, r.version, r.inputs
                FROM (SELECT unnest(inputs) AS i FROM reached WHERE kind = 'view') AS e
                JOIN _gariep.relations AS r ON r.schema_name = e.i.s AND r.relation_name = e.i.n
            )
            SELECT sum(version) FROM reached
            """, [.string(relation.schema), .string(relation.name)])
    }

    func epoch(writer: String, _ relation: RelationName) throws(WarehouseError) -> Epoch? {
        let rows = try session.rows(
            "SELECT epoch FROM _gariep.epochs WHERE writer = $1 AND schema_name = $2 AND relation_name = $3",
            [.string(writer), .string(relation.schema), .string(relation.name)])
        guard case .uint(let epoch)? = rows.first?.first else { return nil }
        return Epoch(epoch)
    }

    func setEpoch(_ epoch: Epoch, writer: String, _ relation: RelationName) throws(WarehouseError) {
        try session.execute(
            "INSERT OR REPLACE INTO _gariep.epochs VALUES ($1, $2, $3, $4)",
            [.string(writer), .string(relation.schema), .string(relation.name), .uint(epoch.rawValue)])
    }
}
