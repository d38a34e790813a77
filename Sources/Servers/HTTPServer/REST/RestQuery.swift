internal import Columnar

/// What one request asks of an endpoint, checked against its schema: filters, order, columns, page.
///
/// `column=value`, `column.OP=value` with OP one of eq, ne, gt, gte, lt, lte, in, like, null; `order=a,b.desc`;
/// `fields=a,b`; `limit=N`; `cursor=...` from the page before; `format=json|csv`.
struct RestQuery: Sendable, Equatable {
    enum Comparison: String, Sendable, CaseIterable {
        case eq, ne, gt, gte, lt, lte, `in`, like, null
    }

    struct Filter: Sendable, Equatable {
        let column: String
        let comparison: Comparison
        let values: [String]
    }

    var filters: [Filter] = []
    /// The whole order, key columns at its end.
    var order: [RestOrder] = []
    var fields: [String] = []
    var limit: Int
    var cursor: RestCursor?

    private static let reserved: Set<String> = ["order", "fields", "limit", "cursor", "format"]

    init(_ items: [HTTPExchange.QueryItem], endpoint: RestEndpoint) throws(RestProblem) {
        limit = endpoint.pageSize
        var asked: [RestOrder] = endpoint.defaultOrder
        var seen: Set<String> = []
        for item in items {
            if Self.reserved.contains(item.name), !seen.insert(item.name).inserted {
                throw .badParameter(item.name, found: "twice", expected: "once")
            }
            switch item.name {
            case "order": asked = try Self.order(item.value, endpoint)
            case "fields": fields = try Self.fields(item.value, endpoint)
            case "limit":
                guard let number = Int(item.value), (1...endpoint.pageSizeMax).contains(number) else {
                    throw .badParameter(
                        "limit", found: item.value, expected: "a whole number from 1 to \(endpoint.pageSizeMax)")
                }
                limit = number
            case "cursor":
                guard let decoded = RestCursor(text: item.value) else {
                    throw .badParameter(
                        "cursor", found: item.value, expected: "the `next_cursor` of an earlier page, unchanged")
                }
                cursor = decoded
            case "format": continue
            default: filters.append(try Self.filter(item, endpoint))
            }
        }
        if fields.isEmpty { fields = endpoint.schema.fields.map(\.name) }
        order = asked + endpoint.key.filter { name in !asked.contains { $0.column == name } }.map { RestOrder($0) }
        if let cursor, cursor.order != order.map(\.signature) {
            throw .badParameter(
                "cursor", found: "a cursor of another order", expected: "the same `order` as the page it came from")
        }
        if let cursor, cursor.values.count != order.count {
            throw .badParameter(
                "cursor", found: "a cursor of another order", expected: "the same `order` as the page it came from")
        }
    }

    private static func column(_ name: String, _ endpoint: RestEndpoint, parameter: String) throws(RestProblem) -> Field
    {
        guard let field = endpoint.schema.field(named: name) else {
            throw .unknownColumn(name, parameter: parameter, known: endpoint.schema.fields.map(\.name))
        }
        return field
    }

    private static func order(_ text: String, _ endpoint: RestEndpoint) throws(RestProblem) -> [RestOrder] {
        var result: [RestOrder] = []
        for part in text.split(separator: ",") {
            let pieces = part.split(separator: ".", maxSplits: 1)
            let direction = pieces.count == 2 ? pieces[1] : "asc"
            guard direction == "asc" || direction == "desc" else {
                throw .badParameter("order", found: String(part), expected: "column, column.asc or column.desc")
            }
            let name = try column(String(pieces[0]), endpoint, parameter: "order").name
            guard !result.contains(where: { $0.column == name }) else {
                throw .badParameter("order", found: "\(name) twice", expected: "each column once")
            }
            result.append(RestOrder(name, descending: direction == "desc"))
        }
        guard !result.isEmpty else {
            throw .badParameter("order", found: text, expected: "columns with commas between")
        }
        return result
    }

    private static func fields(_ text: String, _ endpoint: RestEndpoint) throws(RestProblem) -> [String] {
        var names: [String] = []
        for part in text.split(separator: ",") {
            let name = try column(String(part), endpoint, parameter: "fields").name
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else {
            throw .badParameter("fields", found: text, expected: "columns with commas between")
        }
        return names
    }

    private static func filter(_ item: HTTPExchange.QueryItem, _ endpoint: RestEndpoint) throws(RestProblem) -> Filter {
        var name = item.name
        var comparison = Comparison.eq
        if endpoint.schema.field(named: name) == nil, let dot = name.lastIndex(of: ".") {
            let suffix = String(name[name.index(after: dot)...])
            guard let found = Comparison(rawValue: suffix) else {
                throw .badParameter(
                    item.name, found: suffix,
                    expected: "one of " + Comparison.allCases.map(\.rawValue).joined(separator: ", "))
            }
            comparison = found
            name = String(name[..<dot])
        }
        let field = try column(name, endpoint, parameter: item.name)
        if let filterable = endpoint.filterable, !filterable.contains(name) {
            throw .badParameter(
                item.name, found: "a filter by \(name)",
                expected: "a filter by " + filterable.sorted().joined(separator: ", "))
        }
        switch comparison {
        case .null:
            guard item.value == "true" || item.value == "false" else {
                throw .badParameter(item.name, found: item.value, expected: "true or false")
            }
            return Filter(column: name, comparison: .null, values: [item.value])
        case .in:
            let values = item.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            for value in values { try check(value, field, parameter: item.name) }
            return Filter(column: name, comparison: .in, values: values)
        case .like:
            guard field.type == .utf8 else {
                throw .badParameter(item.name, found: "a column of type \(field.type)", expected: "a column of text")
            }
            return Filter(column: name, comparison: .like, values: [item.value])
        default:
            try check(item.value, field, parameter: item.name)
            return Filter(column: name, comparison: comparison, values: [item.value])
        }
    }

    /// Numbers and booleans are checked here; dates and times by the engine that casts them.
    private static func check(_ value: String, _ field: Field, parameter: String) throws(RestProblem) {
        let fits =
            switch field.type {
            case .bool: value == "true" || value == "false"
            case let type where type.isInteger: Int64(value) != nil || UInt64(value) != nil
            case let type where type.isNumeric: Double(value) != nil
            default: true
            }
        guard fits else { throw .badParameter(parameter, found: value, expected: "a value of type \(field.type)") }
    }
}

extension RestOrder {
    /// How a cursor remembers the order it belongs to.
    var signature: String { descending ? "-\(column)" : column }
}
