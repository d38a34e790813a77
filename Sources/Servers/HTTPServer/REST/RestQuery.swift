internal import Columnar

/// What one request asks of an endpoint, checked against its schema: filters, order, columns, page.
///
/// `column=value`, `column.OP=value` with OP one of eq, ne, gt, gte, lt, lte, in, like, null; `order=a,b.desc`;
/// `fields=a,b`; `limit=N`; `cursor=...` from the page before; `format=json|csv`. A name that is a column's means the
/// column, dots and all; else what stands behind its last dot is the operator. Items of lists may be quoted.
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
    /// Parameters whose values only the engine can judge.
    var unjudged: [String] = []

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
            default: filters.append(try filter(item, endpoint))
            }
        }
        if fields.isEmpty { fields = endpoint.schema.fields.map(\.name) }
        order = asked + endpoint.key.filter { name in !asked.contains { $0.column == name } }.map { RestOrder($0) }
        if let cursor { self.cursor = try continued(cursor, endpoint) }
    }

    /// The cursor with values that fit the columns of the order; one that somebody changed does not.
    private mutating func continued(_ cursor: RestCursor, _ endpoint: RestEndpoint) throws(RestProblem) -> RestCursor {
        guard cursor.order == order.map(\.signature), cursor.values.count == order.count else {
            throw .badParameter(
                "cursor", found: "a cursor of another order", expected: "the same `order` as the page it came from")
        }
        var values: [String?] = []
        for (term, value) in zip(order, cursor.values) {
            guard let value, let type = endpoint.schema.field(named: term.column)?.type else {
                values.append(nil)
                continue
            }
            switch RestValue.read(value, as: type) {
            case .value(let sql): values.append(sql)
            case .unknown:
                values.append(value)
                unjudged.append("cursor")
            case .wrong where type.isTime:
                // Dates may be such as the engine has and callers cannot write: before year 1, infinity.
                values.append(value)
                unjudged.append("cursor")
            case .wrong:
                throw .badParameter(
                    "cursor", found: "a changed cursor", expected: "the `next_cursor` of an earlier page, unchanged")
            }
        }
        return RestCursor(order: cursor.order, values: values)
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
        for part in try list(text, parameter: "order") {
            var (name, descending) = (part, false)
            if endpoint.schema.field(named: part) == nil, let dot = part.lastIndex(of: ".") {
                let direction = part[part.index(after: dot)...]
                guard direction == "asc" || direction == "desc" else {
                    throw .badParameter("order", found: part, expected: "column, column.asc or column.desc")
                }
                (name, descending) = (String(part[..<dot]), direction == "desc")
            }
            name = try column(name, endpoint, parameter: "order").name
            guard !result.contains(where: { $0.column == name }) else {
                throw .badParameter("order", found: "\(name) twice", expected: "each column once")
            }
            result.append(RestOrder(name, descending: descending))
        }
        guard !result.isEmpty else {
            throw .badParameter("order", found: text, expected: "columns with commas between")
        }
        return result
    }

    private static func fields(_ text: String, _ endpoint: RestEndpoint) throws(RestProblem) -> [String] {
        var names: [String] = []
        for part in try list(text, parameter: "fields") {
            let name = try column(part, endpoint, parameter: "fields").name
            if !names.contains(name) { names.append(name) }
        }
        guard !names.isEmpty else {
            throw .badParameter("fields", found: text, expected: "columns with commas between")
        }
        return names
    }

    /// The items of a list, without those that are empty.
    private static func list(_ text: String, parameter: String) throws(RestProblem) -> [String] {
        guard let items = QuotedList.items(text) else {
            throw .badParameter(parameter, found: text, expected: "a list whose quotes are closed")
        }
        return items.filter { !$0.isEmpty }
    }

    private mutating func filter(_ item: HTTPExchange.QueryItem, _ endpoint: RestEndpoint) throws(RestProblem) -> Filter
    {
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
        let field = try Self.column(name, endpoint, parameter: item.name)
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
            guard let items = QuotedList.items(item.value) else {
                throw .badParameter(item.name, found: item.value, expected: "a list whose quotes are closed")
            }
            var values: [String] = []
            for value in items { values.append(try read(value, field, parameter: item.name)) }
            return Filter(column: name, comparison: .in, values: values)
        case .like:
            guard field.type == .utf8 else {
                throw .badParameter(item.name, found: "a column of type \(field.type)", expected: "a column of text")
            }
            return Filter(column: name, comparison: .like, values: [item.value])
        default:
            let value = try read(item.value, field, parameter: item.name)
            return Filter(column: name, comparison: comparison, values: [value])
        }
    }

    private mutating func read(_ value: String, _ field: Field, parameter: String) throws(RestProblem) -> String {
        switch RestValue.read(value, as: field.type) {
        case .value(let sql): return sql
        case .unknown:
            unjudged.append(parameter)
            return value
        case .wrong(let expected): throw .badParameter(parameter, found: value, expected: expected)
        }
    }
}

extension DataType {
    /// Whether values are points in time.
    fileprivate var isTime: Bool {
        switch self {
        case .date32, .date64, .timestamp: true
        default: false
        }
    }
}

extension RestOrder {
    /// How a cursor remembers the order it belongs to.
    var signature: String { descending ? "-\(column)" : column }
}
