import Columnar
import DuckDB
import Foundation
import Testing

/// Python with DuckDB's own client, where scripts/bootstrap --tests has brought it.
private let python = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".deps/venv/bin/python").path

@Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python)))
func pythonReadsWhatWasAppendedHere() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("duckdb-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let schema = Schema([
        Field("id", .int64, nullable: false), Field("price", .decimal128(precision: 12, scale: 2)),
        Field("text", .utf8), Field("moment", .timestamp(.microsecond, zone: nil)),
        Field("tags", .list(Field("item", .utf8))),
    ])
    let builders = schema.fields.map { ColumnBuilder.make($0.type) }
    for row in Int64(0)..<10_000 {
        let isNull = row % 7 == 0
        let values: [Scalar] = [
            .int(row), isNull ? .null : .decimal(Int128(row) * 3 - 5_000),
            isNull ? .null : .string("row number \(row)"),
            .int(row * 86_400_000_000 + 1), .list((0..<row % 3).map { .string("tag \($0)") }),
        ]
        for (builder, value) in zip(builders, values) { try builder.append(value) }
    }
    let batch = RecordBatch(schema: schema, columns: builders.map { $0.finish() }, count: 10_000)
    let question = """
        SELECT count(*), sum(price), sum(length(text)), count(DISTINCT text), max(moment), sum(len(tags)), \
        string_agg(tags::VARCHAR ORDER BY id) FROM t
        """
    let path = folder + "/it.duckdb"
    let here: String
    do {
        let connection = try DuckDBDatabase(path: path).connect()
        try connection.makeTable("t", schema: schema, from: [batch], temporary: false)
        guard case .string(let text)? = try connection.query("SELECT x::VARCHAR FROM (\(question)) x").single()
        else {
            Issue.record("no answer")
            return
        }
        here = text
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [
        "-c",
        "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchone()[0])",
        path, "SELECT x::VARCHAR FROM (\(question)) x",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let there = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(there.trimmingCharacters(in: .whitespacesAndNewlines) == here)
    #expect(here.contains("10000"))
}
