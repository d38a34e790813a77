public import DuckDB

/// A relation that a query names, and where it does so first.
public struct TableMention: Sendable, Hashable {
    /// One to three parts, as written.
    public let path: [String]
    /// In UTF-8 bytes from 0.
    public let position: Int?
}

extension SQLText {
    /// Every relation that any SELECT names, in the order of the text, each once; common tables are none.
    ///
    /// - Throws: `problems` where the text is not SQL.
    public static func referencedTables(in text: String, parsedBy source: some SyntaxTreeSource) throws(SQLError)
        -> [TableMention]
    {
        let document = try JSONValue(parsing: text, with: source)
        var found: [TableMention] = []
        collect(document["statements"], commonTables: [], &found)
        found.sort { ($0.position ?? 0) < ($1.position ?? 0) }
        var seen: Set<[String]> = []
        return found.filter { seen.insert($0.path.map { $0.lowercased() }).inserted }
    }

    /// The tree is walked as it is, so that no form of query hides a table.
    private static func collect(_ json: JSONValue, commonTables: Set<String>, _ found: inout [TableMention]) {
        switch json {
        case .array(let items): for item in items { collect(item, commonTables: commonTables, &found) }
        case .object(let members):
            var visible = commonTables
            for entry in json["cte_map"]["map"].array {
                let name = entry["key"].string?.lowercased() ?? ""
                let isRecursive = entry["value"]["query_node"]["type"].string == "RECURSIVE_CTE_NODE"
                collect(entry["value"], commonTables: isRecursive ? visible.union([name]) : visible, &found)
                visible.insert(name)
            }
            let names = ["catalog_name", "schema_name", "table_name"].compactMap { json[$0].name }
            let position = json["query_location"].integer
            if json["type"].string == "BASE_TABLE" {
                add(names, position, visible, &found)
            } else if json["type"].string == "TABLE_FUNCTION",
                ["tumble", "hop", "session"].contains(json["function"]["function_name"].string?.lowercased())
            {
                let relation = json["function"]["arguments"].array.first?["expression"] ?? .null
                add(
                    relation["column_names"].array.compactMap(\.string), relation["query_location"].integer, visible,
                    &found)
            }
            for (key, member) in members where key != "cte_map" { collect(member, commonTables: visible, &found) }
        default: break
        }
    }

    private static func add(
        _ path: [String], _ position: Int?, _ commonTables: Set<String>, _ found: inout [TableMention]
    ) {
        guard let name = path.last, path.count > 1 || !commonTables.contains(name.lowercased()) else { return }
        found.append(TableMention(path: path, position: position))
    }
}
