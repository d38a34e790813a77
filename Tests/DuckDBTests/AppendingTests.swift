import Base
import Columnar
import DuckDB
import Testing

/// A random value of `type`, a fifth of them null.
private func random(_ type: DataType, _ source: inout SplitMix64) -> Scalar {
    if UInt8.random(in: 0..<5, using: &source) == 0 { return .null }
    func integer(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &source) }
    switch type {
    case .bool: return .bool(Bool.random(using: &source))
    case .int8: return .int(integer(-128...127))
    case .int16: return .int(integer(-32768...32767))
    case .int32, .date32: return .int(integer(-1_000_000...1_000_000))
    case .uint8: return .uint(UInt64(integer(0...255)))
    case .uint16: return .uint(UInt64(integer(0...65535)))
    case .uint32: return .uint(UInt64(integer(0...4_294_967_295)))
    case .uint64: return .uint(UInt64.random(in: 0...UInt64.max, using: &source))
    case .float32, .float64: return .double(Double(integer(-1_000...1_000)) / 8)
    case .decimal128(let precision, _):
        let limit = (0..<precision).reduce(Int128(1)) { power, _ in power * 10 } - 1
        return .decimal(Int128.random(in: -limit...limit, using: &source))
    case .utf8:
        let count = Int(integer(0...40))
        return .string(String((0..<count).map { _ in "abcé漢😀 '\"".randomElement(using: &source)! }))
    case .binary: return .bytes((0..<integer(0...30)).map { _ in UInt8.random(in: 0...255, using: &source) })
    case .time64(.microsecond): return .int(integer(0...86_399_999_999))
    case .intervalMonthDayNano:
        return .interval(
            months: Int32(integer(-99...99)), days: Int32(integer(-99...99)), nanos: integer(-99...99) * 1_000)
    case .list(let item): return .list((0..<integer(0...5)).map { _ in random(item.type, &source) })
    case .structure(let fields): return .structure(fields.map { random($0.type, &source) })
    case .map(_, let value, _):
        return .map(
            (0..<integer(0...4)).map { Scalar.MapEntry(.string("key \($0)"), random(value.type, &source)) })
    case .dictionary: return .string(["one", "two", "three and more letters"].randomElement(using: &source)!)
    default: return .int(integer(-1_000_000_000_000...1_000_000_000_000))
    }
}

private let fields = [
    Field("a", .bool), Field("b", .int8), Field("c", .int16), Field("d", .int32), Field("e", .int64),
    Field("f", .uint8), Field("g", .uint16), Field("h", .uint32), Field("i", .uint64), Field("j", .float32),
    Field("k", .float64), Field("l", .decimal128(precision: 4, scale: 1)),
    Field("m", .decimal128(precision: 9, scale: 9)), Field("n", .decimal128(precision: 18, scale: 0)),
    Field("o", .decimal128(precision: 38, scale: 10)), Field("p", .utf8), Field("q", .binary), Field("r", .date32),
    Field("s", .time64(.microsecond)), Field("t", .timestamp(.second, zone: nil)),
    Field("u", .timestamp(.millisecond, zone: nil)), Field("v", .timestamp(.microsecond, zone: nil)),
    Field("w", .timestamp(.nanosecond, zone: nil)), Field("x", .timestamp(.microsecond, zone: "UTC")),
    Field("y", .intervalMonthDayNano), Field("z", .list(Field("item", .utf8))),
    Field("aa", .structure([Field("n", .int32), Field("l", .list(Field("item", .structure([Field("s", .utf8)]))))])),
    Field(
        "ab",
        .map(
            key: Field("key", .utf8, nullable: false), value: Field("value", .list(Field("item", .int64))),
            keysSorted: false)),
    Field("ac", .list(Field("item", .list(Field("item", .float64))))),
]

@Test(arguments: 0..<6)
func appendedBatchesComeBackAsTheyWere(seed: UInt64) throws {
    var source = SplitMix64(seed: seed)
    let count = Int.random(in: 1...5000, using: &source)
    let wanted = (0..<count).map { _ in fields.map { random($0.type, &source) } }
    let builders = fields.map { ColumnBuilder.make($0.type) }
    for row in wanted {
        for (builder, value) in zip(builders, row) { try builder.append(value) }
    }
    let batch = RecordBatch(schema: Schema(fields), columns: builders.map { $0.finish() }, count: count)
    let connection = try DuckDBDatabase().connect()
    let columns = fields.map { "\(SQLText.identifier($0.name)) \($0.type)" }.joined(separator: ", ")
    try connection.execute("CREATE TABLE t (\(columns))")
    // In slices, so that offsets within columns are met.
    let middle = Int.random(in: 0...count, using: &source)
    try connection.append([batch.slice(0..<middle), batch.slice(middle..<count)], to: "t")
    #expect(try connection.query("SELECT * FROM t").schema == Schema(fields))
    let found = try connection.query("SELECT * FROM t ORDER BY rowid").rows()
    try #require(found.count == count)
    for (row, pair) in zip(found, wanted).enumerated() where pair.0 != pair.1 {
        Issue.record("seed \(seed), row \(row): \(pair.0) is not \(pair.1)")
        return
    }
}

@Test(arguments: [
    (DataType.float16, Scalar.double(1.5), "FLOAT"), (.date64, .int(86_400_000), "DATE"),
    (.time32(.second), .int(61), "TIME"), (.time32(.millisecond), .int(61_500), "TIME"),
    (.timestamp(.second, zone: "UTC"), .int(61), "TIMESTAMPTZ"), (.duration(.second), .int(61), "INTERVAL"),
    (.fixedSizeBinary(byteWidth: 2), .bytes([1, 2]), "BLOB"), (.int8, .int(61), "BIGINT"), (.null, .null, "INTEGER"),
    (.dictionary(index: .int16, value: .utf8, ordered: false), .string("61"), "VARCHAR"),
])
func typesThatDuckDBLacksArriveAsTheNearest(type: DataType, value: Scalar, sqlType: String) throws {
    let builder = ColumnBuilder.make(type)
    try builder.append(value)
    let batch = RecordBatch(schema: Schema([Field("v", type)]), columns: [builder.finish()], count: 1)
    let connection = try DuckDBDatabase().connect()
    try connection.execute("CREATE TABLE t (v \(sqlType), other INTEGER DEFAULT 7)")
    try connection.append([batch], to: "t")
    let wanted: [DataType: String] = [
        .float16: "1.5", .date64: "1970-01-02", .time32(.second): "00:01:01", .time32(.millisecond): "00:01:01.5",
        .timestamp(.second, zone: "UTC"): "1970-01-01 00:01:01+00", .duration(.second): "00:01:01",
        .fixedSizeBinary(byteWidth: 2): "\\x01\\x02",
    ]
    let expected: Scalar = value.isNull ? .null : .string(wanted[type] ?? "61")
    #expect(try connection.query("SELECT v::VARCHAR, other FROM t").rows() == [[expected, .int(7)]])
}

@Test
func badAppendsAreRefused() throws {
    let connection = try DuckDBDatabase().connect()
    try connection.execute("CREATE TABLE t (v VARCHAR NOT NULL)")
    func batch(_ name: String, _ type: DataType, _ value: Scalar) throws -> RecordBatch {
        let builder = ColumnBuilder.make(type)
        try builder.append(value)
        return RecordBatch(schema: Schema([Field(name, type)]), columns: [builder.finish()], count: 1)
    }
    #expect(throws: DuckDBError.self) { try connection.append([batch("w", .utf8, .string("a"))], to: "t") }
    #expect(throws: DuckDBError.self) { try connection.append([batch("v", .utf8, .null)], to: "t") }
    #expect(throws: DuckDBError.self) { try connection.append([batch("v", .utf8, .string("a"))], to: "nowhere") }
    let broken = #expect(throws: DuckDBError.self) {
        try connection.append([batch("v", .utf8, .bytes([0xff, 0xfe]))], to: "t")
    }
    #expect(broken?.report.code == "DDB-012")
    #expect(try connection.query("SELECT count(*) FROM t").single() == .int(0))
}
