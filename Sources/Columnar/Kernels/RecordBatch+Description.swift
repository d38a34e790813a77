extension RecordBatch: CustomStringConvertible {
    /// The first rows as a plain table, for tests and logs.
    public var description: String {
        let shown = min(count, 20)
        var lines = [schema.fields.map(\.name)]
        for row in 0..<shown { lines.append(columns.map { $0.scalar(at: row).text }) }
        let widths = schema.fields.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var text = lines.map { line in
            zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
        }
        text.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "-+-"), at: 1)
        if shown < count { text.append("... \(count - shown) more rows") }
        return text.joined(separator: "\n")
    }
}

extension Scalar {
    /// The bare value, without its type's unit or scale.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let value): "\(value)"
        case .string(let value): value
        case .bytes(let value): "x'" + value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
        case .interval(let months, let days, let nanos): "\(months)mo \(days)d \(nanos)ns"
        case .list(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
        case .structure(let values): "{" + values.map(\.text).joined(separator: ", ") + "}"
        case .map(let entries):
            "{" + entries.map { "\($0.key.text): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }
}
