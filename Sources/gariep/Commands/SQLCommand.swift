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
        switch output {
        case .table: Terminal.print(try Self.table(session.run(query, format: .json, rowsMax: rows)))
        case .csv: Terminal.write(try session.run(query, format: .csv, rowsMax: nil))
        case .json: Terminal.write(try session.run(query, format: .json, rowsMax: nil) + [10])
        case .arrow: Terminal.write(try session.run(query, format: .arrow, rowsMax: nil))
        case .parquet: Terminal.write(try session.run(query, format: .parquet, rowsMax: nil))
        }
    }

    /// The `{"columns": [...], "data": [...]}` document as a table.
    static func table(_ json: [UInt8]) throws -> String {
        guard let document = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
            let columns = document["columns"] as? [[String: String]], let data = document["data"] as? [[String: Any]]
        else { throw PlatformFailure.control(address: "sql", problem: "an answer of an unknown form") }
        let names = columns.compactMap { $0["name"] }
        let numeric: Set<String> = [
            "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "UBIGINT", "UINTEGER",
        ]
        let right = columns.indices.filter {
            let type = columns[$0]["type"] ?? ""
            return numeric.contains(type) || type.hasPrefix("DECIMAL")
        }
        var table = TextTable(names, rightAligned: Set(right))
        table.rows = data.map { row in names.map { text(row[$0]) } }
        return table.rendered(width: Terminal.width) + "\n(\(NumberText.counted(Int64(data.count), "row")))"
    }

    private static func text(_ value: Any?) -> String {
        switch value {
        case nil, is NSNull: return ""
        case let text as String: return text
        case let number as NSNumber: return number.stringValue
        default: return value.map { "\($0)" } ?? ""
        }
    }
}
