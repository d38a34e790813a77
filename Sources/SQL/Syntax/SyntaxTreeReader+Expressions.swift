extension SyntaxTreeReader {
    func expressions(_ json: JSONValue) throws(SQLError) -> [SyntaxExpression] {
        try json.array.map { (item) throws(SQLError) in try expression(item) }
    }

    func optionalExpression(_ json: JSONValue) throws(SQLError) -> SyntaxExpression? {
        json.isNull ? nil : try expression(json)
    }

    func expression(_ json: JSONValue) throws(SQLError) -> SyntaxExpression {
        let node = try node(json)
        // Nodes that the parser made up have no place of their own; they stand where their first part stands.
        return SyntaxExpression(
            node: node, alias: json["alias"].name, position: position(json) ?? Self.firstPosition(in: json))
    }

    private func node(_ json: JSONValue) throws(SQLError) -> SyntaxExpression.Node {
        let type = json["type"].string ?? ""
        switch json["class"].string {
        case "COLUMN_REF": return .column(json["column_names"].array.compactMap(\.string))
        case "CONSTANT": return .literal(literal(json["literal"]))
        case "STAR": return .star(try star(json))
        case "CAST":
            return .cast(
                try expression(json["child"]), to: typeName(json["type_expr"]), isTry: json["try_cast"].isTrue)
        case "FUNCTION": return .function(try functionCall(json))
        case "COMPARISON":
            guard let comparison = Self.comparisons[type] else { break }
            return .comparison(comparison, try expression(json["left"]), try expression(json["right"]))
        case "CONJUNCTION":
            let children = try expressions(json["children"])
            return type == "CONJUNCTION_AND" ? .and(children) : .or(children)
        case "BETWEEN":
            return .between(
                try expression(json["input"]), lower: try expression(json["lower"]),
                upper: try expression(json["upper"]))
        case "CASE":
            let branches = try json["case_checks"].array.map { (check) throws(SQLError) in
                SyntaxExpression.Branch(
                    condition: try expression(check["when_expr"]), result: try expression(check["then_expr"]))
            }
            return .conditional(branches, otherwise: try expression(json["else_expr"]))
        case "OPERATOR":
            if let node = try operation(type, json) { return node }
        case "SUBQUERY": return .subquery(try query(json["subquery"]["node"]), try optionalExpression(json["child"]))
        case "WINDOW": return .windowFunction(name: json["function_name"].string ?? type, try inner(json))
        case "PARAMETER": return .parameter(json["identifier"].string ?? "?")
        default: break
        }
        return .unsupported(kind: type, try inner(json))
    }

    private func operation(_ type: String, _ json: JSONValue) throws(SQLError) -> SyntaxExpression.Node? {
        let children = try expressions(json["children"])
        switch (type, children.count) {
        case ("OPERATOR_NOT", 1): return .not(children[0])
        case ("OPERATOR_IS_NULL", 1): return .isNull(children[0])
        case ("OPERATOR_IS_NOT_NULL", 1): return .isNotNull(children[0])
        case ("OPERATOR_COALESCE", 1...): return .coalesce(children)
        case ("COMPARE_IN", 2...): return .inList(children)
        case ("COMPARE_NOT_IN", 2...):
            return .not(SyntaxExpression(node: .inList(children), alias: nil, position: position(json)))
        case ("ARRAY_EXTRACT", 2), ("STRUCT_EXTRACT", 2): return .extract(children[0], children[1])
        default: return nil
        }
    }

    private static let comparisons: [String: SyntaxExpression.Comparison] = [
        "COMPARE_EQUAL": .equal, "COMPARE_NOTEQUAL": .notEqual, "COMPARE_LESSTHAN": .less,
        "COMPARE_LESSTHANOREQUALTO": .lessOrEqual, "COMPARE_GREATERTHAN": .greater,
        "COMPARE_GREATERTHANOREQUALTO": .greaterOrEqual, "COMPARE_DISTINCT_FROM": .distinctFrom,
        "COMPARE_NOT_DISTINCT_FROM": .notDistinctFrom,
    ]

    func functionCall(_ json: JSONValue) throws(SQLError) -> FunctionCall {
        FunctionCall(
            name: try text(json["function_name"], "a function's name").lowercased(),
            arguments: try json["arguments"].array.map { (argument) throws(SQLError) in
                FunctionCall.Argument(
                    name: argument["name"].name?.lowercased(), expression: try expression(argument["expression"]))
            },
            isDistinct: json["distinct"].isTrue, filter: try optionalExpression(json["filter"]),
            orders: try json["order_bys"]["orders"].array.map { (order) throws(SQLError) in
                FunctionCall.Order(
                    expression: try expression(order["expression"]),
                    isDescending: order["type"].string == "DESCENDING")
            }, isOperator: json["is_operator"].isTrue)
    }

    private func literal(_ json: JSONValue) -> SyntaxExpression.Literal {
        let text = json["text"].string ?? ""
        return switch json["kind"].string {
        case "NULL_LITERAL": .null
        case "BOOLEAN": .boolean(text == "true")
        case "INTEGER": .integer(text)
        case "NUMERIC": .numeric(text)
        case "STRING": .string(text)
        default: .other(kind: json["kind"].string ?? "unknown", text: text)
        }
    }

    private func star(_ json: JSONValue) throws(SQLError) -> SyntaxExpression.Star {
        func column(_ item: JSONValue) -> String? { item.string ?? item["column"].string }
        return SyntaxExpression.Star(
            relation: json["relation_name"].name,
            excluded: (json["exclude_list"].array + json["qualified_exclude_list"].array).compactMap(column),
            replaced: try json["replace_list"].array.map { (item) throws(SQLError) in
                .init(column: column(item["key"]) ?? "", expression: try expression(item["value"]))
            },
            renamed: json["rename_list"].array.compactMap { item in
                guard let name = column(item["key"]), let new = item["value"].string else { return nil }
                return .init(column: name, name: new)
            }, isPattern: json["columns"].isTrue)
    }

    private func typeName(_ json: JSONValue) -> TypeName {
        let children = json["children"].array
        return TypeName(
            name: (json["type_name"].string ?? "").uppercased(),
            parameters: children.compactMap { $0["literal"]["text"].string.flatMap { Int($0) } },
            children: children.compactMap {
                $0["class"].string == "TYPE" ? .init(name: $0["alias"].name, type: typeName($0)) : nil
            }, position: position(json))
    }

    /// Every expression directly inside a node of unknown form.
    private func inner(_ json: JSONValue) throws(SQLError) -> [SyntaxExpression] {
        guard case .object(let members) = json else { return [] }
        var found: [SyntaxExpression] = []
        for (_, member) in members.sorted(by: { $0.key < $1.key }) {
            for item in member.array + [member, member["expression"]] {
                let candidate = item["expression"].isNull ? item : item["expression"]
                if candidate["class"].string != nil { found.append(try expression(candidate)) }
            }
        }
        return found
    }
}
