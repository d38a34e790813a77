internal import ArgumentParser
internal import Base
internal import Foundation
internal import Platform

struct SQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql", abstract: "Query models, sources and lake tables.",
        discussion: """
            Asks the running platform, or opens the project's warehouse where none runs.

              gariep sql 'select origin, sum(flights) from delays_hourly group by origin'
              gariep sql --output parquet 'from carrier_daily' > carrier_daily.parquet
            """)

    @OptionGroup var project: ProjectOptions
    @Option(name: .long, help: "table, csv, json, arrow or parquet.")
    var output = OutputFormat.table
    @Option(name: .long, help: "Rows to print as a table at the most.")
    var rows = 1000
    @Argument(help: "One SELECT.")
    var query: String

    func validate() throws { try Allowed.check(rows, "--rows", 1...Int.max) }

    func run() async throws {
        let session = QuerySession(try project.platformOptions())
        let format: QueryFormat =
            switch output {
            case .table: .shown
            case .csv: .csv
            case .json: .json
            case .arrow: .arrow
            case .parquet: .parquet
            }
        if output == .table {
            var document: [UInt8] = []
            try session.run(query, format: format, rowsMax: rows) { document += $0 }
            return Terminal.print(try Self.table(document))
        }
        try session.run(query, format: format, rowsMax: nil) { Terminal.write($0) }
        if output == .json { Terminal.write([10]) }
    }

    /// What `QueryFormat.shown` says.
    private struct Document: Decodable {
        struct Column: Decodable { let name, type: String }
        let columns: [Column]
        let data: [[String?]]
        let truncated: Bool
    }

    /// The document of `QueryFormat.shown` as a table.
    static func table(_ json: [UInt8]) throws -> String {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(json)) else {
            throw PlatformFailure.control(address: "sql", problem: "an answer of an unknown form")
        }
        let numeric: Set<String> = [
            "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT",
        ]
        let right = document.columns.indices.filter {
            let type = document.columns[$0].type
            return numeric.contains(type) || type.hasPrefix("DECIMAL")
        }
        var table = TextTable(document.columns.map { oneLine($0.name) }, rightAligned: Set(right))
        table.rows = document.data.map { row in row.map { $0.map(oneLine) ?? "NULL" } }
        let rows = NumberText.counted(Int64(document.data.count), "row")
        let note = document.truncated ? "(first \(rows); --rows N for more)" : "(\(rows))"
        return table.rendered(width: Terminal.width) + "\n" + note
    }

    /// Control characters as escapes: a value neither breaks its line nor steers the terminal.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where scalar.properties.generalCategory == .control:
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
