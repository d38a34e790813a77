import Base
import Columnar
import Foundation
import Lake
import Storage

/// A folder with a store in it, which goes when the test does.
final class LakeFixture: Sendable {
    let folder: String
    let store: LocalObjectStore
    let clock = ManualClock(micros: 1_700_000_000_000_000)
    let identifiers: SeededIdentifiers

    init(seed: UInt64 = 1) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("gariep-lake-\(UUID())").path
        store = try LocalObjectStore(root: folder)
        identifiers = SeededIdentifiers(seed: seed)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static let schema = Schema([
        Field("id", .int64, nullable: false), Field("month", .date32), Field("carrier", .utf8),
        Field("amount", .float64),
    ])

    func create(
        _ path: String = "t", schema: Schema = schema, partitionColumns: [String] = [],
        configuration: [String: String] = [:]
    ) throws -> DeltaTable {
        try DeltaTable.create(
            store: store, path: path, schema: schema, partitionColumns: partitionColumns,
            configuration: configuration, clock: clock, identifiers: identifiers)
    }
}

/// Rows `id`, `month` (15706 is 2013-01-01), `carrier`, `amount`.
func rows(_ ids: Range<Int>, carriers: [String?] = ["AA", "UA", nil, "B6/x y%"]) throws -> RecordBatch {
    try batch(
        LakeFixture.schema,
        ids.map {
            [
                .int(Int64($0)), .int(Int64(15706 + $0 % 3 * 31)),
                carriers[$0 % carriers.count].map { .string($0) } ?? .null, .double(Double($0) / 2),
            ]
        })
}

func batch(_ schema: Schema, _ rows: [[Scalar]]) throws -> RecordBatch {
    let builders = schema.fields.map { ColumnBuilder.make($0.type) }
    for row in rows {
        for (builder, value) in zip(builders, row) { try builder.append(value) }
    }
    return RecordBatch(schema: schema, columns: builders.map { $0.finish() }, count: rows.count)
}

/// Writes and commits in one step.
@discardableResult
func append(
    _ batch: RecordBatch, to table: DeltaTable, options: AppendOptions = AppendOptions(), application: String? = nil,
    version: Int64 = 0
) throws -> CommitOutcome {
    let appender = try table.appender(options)
    try appender.write(batch)
    return try table.commit([try appender.prepare()], application: application, version: version)
}

/// All rows, sorted by their text.
func contents(_ table: DeltaTable, _ snapshot: DeltaSnapshot? = nil, columns: [String]? = nil) throws -> [[Scalar]] {
    var all: [[Scalar]] = []
    try table.scan(try snapshot ?? table.snapshot(), columns: columns) { batch in
        for row in 0..<batch.count { all.append(batch.columns.map { $0.scalar(at: row) }) }
    }
    return all.sorted { "\($0)" < "\($1)" }
}

func ids(_ table: DeltaTable, _ snapshot: DeltaSnapshot? = nil) throws -> [Int64] {
    try contents(table, snapshot, columns: ["id"]).compactMap {
        if case .int(let id) = $0[0] { id } else { nil }
    }.sorted()
}
