internal import Columnar
internal import DuckDB

/// The SELECT that reads one snapshot of an external table.
///
/// All files are one scan: DuckDB runs the branches of a UNION ALL at once, and as many scans as there are partitions
/// need as many times the memory. The values of partition columns come from the table's log. Where every file lies in
/// folders that say the same, DuckDB reads them from the folders, and a query with a filter on them opens only the files
/// it needs; else a list of files and values stands in the SELECT and is joined with the rows.
struct ExternalTableSQL {
    private let table: ExternalTable

    init(_ table: ExternalTable) { self.table = table }

    /// The first branch has no rows, only the names and types, so that columns that older files lack are null and a
    /// snapshot without files has all its columns. DuckDB's optimiser takes it out.
    var text: String {
        let nothing = "SELECT " + table.schema.fields.map { cast("NULL", $0) }.joined(separator: ", ") + " WHERE false"
        // The files of one table have the same partition columns; more than one group is another program's doing.
        let groups = Dictionary(grouping: table.files) { file in
            table.schema.fields.map(\.name).filter { file.partitionValues[$0] != nil }
        }.sorted { $0.key.joined(separator: "\0") < $1.key.joined(separator: "\0") }
        let scans = groups.map { scan($1.sorted { $0.path < $1.path }, partitioned: $0) }
        let columns = table.schema.fields.map { cast(SQLText.identifier($0.name), $0) }.joined(separator: ", ")
        return "SELECT \(columns) FROM (\(([nothing] + scans).joined(separator: " UNION ALL BY NAME ")))"
    }

    private func cast(_ value: String, _ field: Field) -> String {
        "CAST(\(value) AS \(field.type)) AS \(SQLText.identifier(field.name))"
    }

    private func scan(_ files: [ExternalTable.File], partitioned: [String]) -> String {
        let paths = "[" + files.map { SQLText.literal($0.path) }.joined(separator: ", ") + "]"
        let fields = table.schema.fields.filter { partitioned.contains($0.name) }
        let stored = table.schema.fields.map(\.name).filter { !partitioned.contains($0) }
        if partitioned.isEmpty {
            return
                "SELECT \(taking(stored)) FROM read_parquet(\(paths), union_by_name = true, hive_partitioning = false)"
        }
        if files.allSatisfy({ PartitionFolders.say($0.partitionValues, path: $0.path) }) {
            let types = fields.map { "\(SQLText.literal($0.name)): \(SQLText.literal("\($0.type)"))" }
            return "SELECT \(taking(stored + partitioned)) FROM read_parquet(\(paths), union_by_name = true, "
                + "hive_partitioning = true, hive_types = {\(types.joined(separator: ", "))})"
        }
        // The names are such as no table has.
        let values = files.map { file in
            let texts = partitioned.map { PartitionFolders.value(file.partitionValues[$0] ?? nil) }
            return "("
                + ([file.path] + texts).map { $0.map(SQLText.literal) ?? "NULL" }.joined(separator: ", ") + ")"
        }
        let columns =
            (stored.isEmpty ? [] : [taking(stored)])
            + fields.enumerated().map { cast("\"$partition\".\"$\($0)\"", $1) }
        let names = ["\"$path\""] + partitioned.indices.map { "\"$\($0)\"" }
        return "SELECT \(columns.joined(separator: ", ")) FROM read_parquet(\(paths), union_by_name = true, "
            + "hive_partitioning = false, filename = '$file') JOIN (VALUES \(values.joined(separator: ", "))) "
            + "AS \"$partition\"(\(names.joined(separator: ", "))) ON \"$file\" = \"$path\""
    }

    /// Those of the columns that the files have.
    private func taking(_ names: [String]) -> String {
        "COLUMNS(lambda c: c IN (\(names.map(SQLText.literal).joined(separator: ", "))))"
    }
}

/// Partition values as folders of a path write them: `month=2013-01-01/carrier=AA`.
enum PartitionFolders {
    static let nullFolder = "__HIVE_DEFAULT_PARTITION__"

    /// A value of the log; text that is empty means null there.
    ///
    /// Source: Delta Transaction Log Protocol, "Partition Value Serialization".
    static func value(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether DuckDB finds exactly `values` in the folders of `path`: each in one of the last folders, and nothing
    /// that looks like another one further up.
    static func say(_ values: [String: String?], path: String) -> Bool {
        let folders = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let named = folders.suffix(values.count)
        guard named.count == values.count, !path.contains("\\"), !path.contains("?"),
            folders.dropLast(values.count).allSatisfy({ !$0.contains("=") })
        else { return false }
        var found: Set<String> = []
        for folder in named {
            let sides = folder.split(separator: "=", omittingEmptySubsequences: false)
            // DuckDB does not decode names, but values.
            guard sides.count == 2, let said = decoded(sides[1]), let held = values[String(sides[0])],
                found.insert(String(sides[0])).inserted
            else { return false }
            if let held = value(held) {
                guard said == held, said != nullFolder else { return false }
            } else if sides[1] != nullFolder {
                return false
            }
        }
        return true
    }

    /// Percent-decoded; nil where it is not percent-encoded well, or not by everybody's reading.
    private static func decoded(_ text: Substring) -> String? {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x41 + 10
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
        var decoded: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = bytes.popFirst().flatMap(digit), let low = bytes.popFirst().flatMap(digit) else {
                return nil
            }
            decoded.append(high << 4 | low)
        }
        return String(validating: decoded, as: UTF8.self)
    }
}
