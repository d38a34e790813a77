internal import Columnar

/// A request as one SQL statement with parameters; no text of the caller's ever becomes SQL.
struct RestStatement: Sendable, Equatable {
    private(set) var sql: String
    private(set) var parameters: [Scalar] = []
    /// Columns at the end of the result that only the cursor needs: the order's values as text.
    let cursorColumns: Int

    /// A page of more rows than this first finds its keys and then its rows, for DuckDB sorts what is much with all of
    /// its columns.
    static let narrowSortRows = 1000

    /// Asks for one row more than the page holds, which tells whether there is another page.
    init(_ query: RestQuery, endpoint: RestEndpoint) {
        cursorColumns = query.order.count
        let ordering = query.order.map(\.column)
        let needed = query.fields + ordering.filter { !query.fields.contains($0) }
        let shown = query.fields.map(Self.quoted)
        let hidden = query.order.enumerated().map { "cast(\(Self.quoted($1.column)) as varchar) as \"$cursor\($0)\"" }
        let orderBy =
            " order by "
            + query.order.map { "\(Self.quoted($0.column)) \($0.descending ? "desc" : "asc") nulls last" }.joined(
                separator: ", ")
        let limit = " limit \(query.limit + 1)"

        sql = ""
        var conditions = query.filters.map { condition($0, endpoint) }
        if let cursor = query.cursor { conditions.append(after(cursor, query.order, endpoint)) }
        let filtering = conditions.isEmpty ? "" : " where " + conditions.joined(separator: " and ")
        func page(_ columns: [String]) -> String {
            "select \(columns.map(Self.quoted).joined(separator: ", ")) from \(endpoint.relation)\(filtering)"
                + orderBy + limit
        }
        var rows = page(needed)
        if endpoint.isStored, query.limit > Self.narrowSortRows, needed.count > ordering.count {
            let same = endpoint.key.map {
                "\"$row\".\(Self.quoted($0)) is not distinct from \"$page\".\(Self.quoted($0))"
            }
            rows =
                "select \(needed.map { "\"$row\".\(Self.quoted($0))" }.joined(separator: ", ")) "
                + "from \(endpoint.relation) as \"$row\" semi join (\(page(ordering))) as \"$page\" "
                + "on \(same.joined(separator: " and "))"
        }
        // Texts for the cursor are made of the page's rows alone.
        sql = "select \((shown + hidden).joined(separator: ", ")) from (\(rows))" + orderBy + limit
    }

    static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    private mutating func parameter(_ value: String, _ column: String, _ endpoint: RestEndpoint) -> String {
        parameters.append(.string(value))
        guard let type = endpoint.schema.field(named: column)?.type, type != .utf8 else { return "?" }
        return "cast(? as \(type))"
    }

    private mutating func condition(_ filter: RestQuery.Filter, _ endpoint: RestEndpoint) -> String {
        let column = Self.quoted(filter.column)
        let comparison: String
        switch filter.comparison {
        case .null: return "\(column) is \(filter.values[0] == "true" ? "" : "not ")null"
        case .in:
            return "\(column) in ("
                + filter.values.map { parameter($0, filter.column, endpoint) }.joined(separator: ", ") + ")"
        case .eq: comparison = "="
        case .ne: comparison = "<>"
        case .gt: comparison = ">"
        case .gte: comparison = ">="
        case .lt: comparison = "<"
        case .lte: comparison = "<="
        case .like: comparison = "like"
        }
        return "\(column) \(comparison) \(parameter(filter.values[0], filter.column, endpoint))"
    }

    /// The rows behind the cursor: behind in the first column, or equal there and behind in the second, and so on.
    private mutating func after(_ cursor: RestCursor, _ order: [RestOrder], _ endpoint: RestEndpoint) -> String {
        var alternatives: [String] = []
        for depth in order.indices {
            // Nulls are last, so nothing is behind a null.
            guard let value = cursor.values[depth] else { continue }
            var parts: [String] = []
            for index in 0..<depth {
                let column = Self.quoted(order[index].column)
                if let value = cursor.values[index] {
                    parts.append("\(column) = \(parameter(value, order[index].column, endpoint))")
                } else {
                    parts.append("\(column) is null")
                }
            }
            let column = Self.quoted(order[depth].column)
            let sign = order[depth].descending ? "<" : ">"
            parts.append("(\(column) \(sign) \(parameter(value, order[depth].column, endpoint)) or \(column) is null)")
            alternatives.append("(" + parts.joined(separator: " and ") + ")")
        }
        return alternatives.isEmpty ? "false" : "(" + alternatives.joined(separator: " or ") + ")"
    }
}
