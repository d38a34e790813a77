/// Reads DuckDB's serialized syntax tree into typed nodes. What it does not know it keeps as unsupported.
///
/// Source: DuckDB 2.0, `json_serialize_sql`.
struct SyntaxTreeReader {
    func query(_ json: JSONValue) throws(SQLError) -> QueryExpression {
        let commonTables = try json["cte_map"]["map"].array.map { (entry) throws(SQLError) in
            CommonTableExpression(
                name: try text(entry["key"], "a common table's name"),
                columnAliases: entry["value"]["aliases"].array.compactMap(\.string),
                query: try query(
                    entry["value"]["query_node"].isNull ? entry["value"]["query"]["node"] : entry["value"]["query_node"]
                ))
        }
        let modifiers = try json["modifiers"].array.map { (entry) throws(SQLError) in try modifier(entry) }
        return QueryExpression(commonTables: commonTables, body: try body(json), modifiers: modifiers)
    }

    private func body(_ json: JSONValue) throws(SQLError) -> QueryExpression.Body {
        let type = try text(json["type"], "a query's type")
        switch type {
        case "SELECT_NODE": return .select(try selectNode(json))
        case "SET_OPERATION_NODE":
            let kind: SetOperation.Kind? =
                switch json["setop_type"].string {
                case "UNION": .union
                case "UNION_BY_NAME": .unionByName
                case "EXCEPT": .except
                case "INTERSECT": .intersect
                default: nil
                }
            guard let kind else { return .unsupported(kind: json["setop_type"].string ?? type, position: nil) }
            let inputs = try json["children"].array.map { (child) throws(SQLError) in try query(child) }
            return .setOperation(SetOperation(kind: kind, isAll: json["setop_all"].isTrue, inputs: inputs))
        default: return .unsupported(kind: type, position: Self.firstPosition(in: json))
        }
    }

    private func modifier(_ json: JSONValue) throws(SQLError) -> QueryExpression.Modifier {
        switch json["type"].string {
        case "DISTINCT_MODIFIER":
            let targets = try expressions(json["distinct_on_targets"])
            return targets.isEmpty ? .distinct : .distinctOn(targets)
        case "ORDER_MODIFIER":
            return .orderBy(
                try json["orders"].array.map { (order) throws(SQLError) in try expression(order["expression"]) })
        case "LIMIT_MODIFIER":
            return .limit(position: position(json["limit"]) ?? position(json["offset"]))
        default: return .unsupported(kind: json["type"].string ?? "modifier")
        }
    }

    private func selectNode(_ json: JSONValue) throws(SQLError) -> SelectNode {
        let fromIsEmpty = json["from_table"].isNull || json["from_table"]["type"].string == "EMPTY"
        let keys = try expressions(json["group_expressions"])
        let sets = json["group_sets"].array
        let grouping: Grouping =
            if json["aggregate_handling"].string == "FORCE_AGGREGATES" {
                .all
            } else if keys.isEmpty && sets.count <= 1 {
                .none
            } else if sets.count > 1 || sets.first.map({ $0.array.count != keys.count }) ?? false {
                .sets(position: keys.first?.position)
            } else {
                .keys(keys)
            }
        return SelectNode(
            items: try expressions(json["select_list"]),
            from: fromIsEmpty ? nil : try tableReference(json["from_table"]),
            filter: try optionalExpression(json["where_clause"]), grouping: grouping,
            having: try optionalExpression(json["having"]), qualify: try optionalExpression(json["qualify"]),
            isSampled: !json["sample"].isNull)
    }

    // MARK: FROM

    private func tableReference(_ json: JSONValue) throws(SQLError) -> TableReference {
        let type = try text(json["type"], "a table reference's type")
        let position = position(json)
        guard json["sample"].isNull else { return .unsupported(kind: "TABLESAMPLE", position: position) }
        switch type {
        case "BASE_TABLE":
            guard json["at_clause"].isNull else { return .unsupported(kind: "AT", position: position) }
            let path = [json["catalog_name"].name, json["schema_name"].name, json["table_name"].name].compactMap { $0 }
            return .table(path: path, alias: alias(json), position: position)
        case "SUBQUERY":
            return .subquery(try query(json["subquery"]["node"]), alias: alias(json), position: position)
        case "JOIN": return .join(try join(json))
        case "TABLE_FUNCTION":
            return .function(try functionCall(json["function"]), alias: alias(json), position: position)
        default: return .unsupported(kind: type, position: position ?? Self.firstPosition(in: json))
        }
    }

    private func alias(_ json: JSONValue) -> TableAlias? {
        let columns = json["column_name_alias"].array.compactMap(\.string)
        guard json["alias"].name != nil || !columns.isEmpty else { return nil }
        return TableAlias(name: json["alias"].name, columns: columns)
    }

    private func join(_ json: JSONValue) throws(SQLError) -> JoinClause {
        let kind: JoinClause.Kind =
            switch json["join_type"].string {
            case "INNER": .inner
            case "LEFT": .left
            case "RIGHT": .right
            case "OUTER", "FULL": .full
            case "SEMI": .semi
            case "ANTI": .anti
            default: .other
            }
        let using = json["using_columns"].array.compactMap(\.string)
        let condition: JoinClause.Condition =
            if let on = try optionalExpression(json["condition"]) {
                .on(on)
            } else if !using.isEmpty {
                .using(using)
            } else if json["ref_type"].string == "NATURAL" {
                .natural
            } else {
                .none
            }
        let known = ["REGULAR", "NATURAL", "CROSS", "ASOF"].contains(json["ref_type"].string)
        return JoinClause(
            kind: known ? kind : .other, isAsOf: json["ref_type"].string == "ASOF",
            left: try tableReference(json["left"]), right: try tableReference(json["right"]), condition: condition,
            position: position(json))
    }

    // MARK: Small things

    func text(_ json: JSONValue, _ what: String) throws(SQLError) -> String {
        guard let text = json.string else { throw .unreadableTree(detail: "\(what) is missing") }
        return text
    }

    func position(_ json: JSONValue) -> Int? { json["query_location"].integer }

    /// The smallest position of a node and all below it.
    static func firstPosition(in json: JSONValue) -> Int? {
        switch json {
        case .object(let members):
            members.compactMap { $0.key == "query_location" ? $0.value.integer : firstPosition(in: $0.value) }.min()
        case .array(let items): items.compactMap { firstPosition(in: $0) }.min()
        default: nil
        }
    }
}
