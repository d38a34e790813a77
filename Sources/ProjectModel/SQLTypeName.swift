internal import Columnar

/// Reads `data_type` as DuckDB names types: `varchar`, `decimal(10, 2)`, `timestamp`, `integer[]`.
enum SQLTypeName {
    private static let simple: [String: DataType] = [
        "boolean": .bool, "bool": .bool, "tinyint": .int8, "smallint": .int16, "integer": .int32, "int": .int32,
        "int4": .int32, "bigint": .int64, "int8": .int64, "long": .int64, "utinyint": .uint8, "usmallint": .uint16,
        "uinteger": .uint32, "ubigint": .uint64, "float": .float32, "real": .float32, "double": .float64,
        "float8": .float64, "double precision": .float64, "varchar": .utf8, "text": .utf8, "string": .utf8,
        "char": .utf8, "blob": .binary, "bytea": .binary, "date": .date32, "time": .time64(.microsecond),
        "timestamp": .timestamp(.microsecond, zone: nil), "datetime": .timestamp(.microsecond, zone: nil),
        "timestamp_s": .timestamp(.second, zone: nil), "timestamp_ms": .timestamp(.millisecond, zone: nil),
        "timestamp_ns": .timestamp(.nanosecond, zone: nil), "timestamptz": .timestamp(.microsecond, zone: "UTC"),
        "timestamp with time zone": .timestamp(.microsecond, zone: "UTC"), "interval": .intervalMonthDayNano,
        "decimal": .decimal128(precision: 18, scale: 3), "numeric": .decimal128(precision: 18, scale: 3),
    ]

    static var names: [String] { simple.keys.sorted() }

    static func parse(_ text: String, depth: Int = 0) -> DataType? {
        guard depth < 10 else { return nil }
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if let type = simple[words] { return type }
        if words.hasSuffix("[]") {
            return parse(String(words.dropLast(2)), depth: depth + 1).map { .list(Field("item", $0)) }
        }
        guard words.hasSuffix(")"), let open = words.firstIndex(of: "(") else { return nil }
        let name = words[..<open].filter { $0 != " " }
        let numbers = words[words.index(after: open)...].dropLast().split(separator: ",")
            .map { Int($0.filter { $0 != " " }) }
        switch (name, numbers.count) {
        case ("varchar", 1) where numbers[0] != nil, ("char", 1) where numbers[0] != nil: return .utf8
        case ("decimal", 1...2), ("numeric", 1...2):
            guard let precision = numbers[0], (1...38).contains(precision) else { return nil }
            guard let scale = numbers.count == 2 ? numbers[1] : 0, (0...precision).contains(scale) else { return nil }
            return .decimal128(precision: precision, scale: scale)
        default: return nil
        }
    }
}
