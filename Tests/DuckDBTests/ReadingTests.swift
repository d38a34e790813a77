import Base
import Columnar
import DuckDB
import Testing

/// One row a type: the query's expression, the type that a batch gets, and its value.
private let values: [(sql: String, type: DataType, value: Scalar)] = [
    ("NULL", .null, .null),
    ("true", .bool, .bool(true)),
    ("(-128)::TINYINT", .int8, .int(-128)),
    ("(-32768)::SMALLINT", .int16, .int(-32768)),
    ("42", .int32, .int(42)),
    ("9223372036854775807::BIGINT", .int64, .int(.max)),
    ("255::UTINYINT", .uint8, .uint(255)),
    ("65535::USMALLINT", .uint16, .uint(65535)),
    ("4294967295::UINTEGER", .uint32, .uint(4_294_967_295)),
    ("18446744073709551615::UBIGINT", .uint64, .uint(.max)),
    (
        "(-12345678901234567890123456789)::HUGEINT", .decimal128(precision: 38, scale: 0),
        .decimal(-12345678901234567890123456789)
    ),
    ("7::UHUGEINT", .decimal128(precision: 38, scale: 0), .decimal(7)),
    ("1.5::FLOAT", .float32, .double(1.5)),
    ("(-2.25)::DOUBLE", .float64, .double(-2.25)),
    ("(-1.25)::DECIMAL(4,2)", .decimal128(precision: 4, scale: 2), .decimal(-125)),
    ("1234.5::DECIMAL(9,1)", .decimal128(precision: 9, scale: 1), .decimal(12345)),
    ("1234567890.12345678::DECIMAL(18,8)", .decimal128(precision: 18, scale: 8), .decimal(123_456_789_012_345_678)),
    (
        "(-12345678901234567890.5)::DECIMAL(38,1)", .decimal128(precision: 38, scale: 1),
        .decimal(-123456789012345678905)
    ),
    ("'short'", .utf8, .string("short")),
    ("'longer than twelve bytes, naïvely'", .utf8, .string("longer than twelve bytes, naïvely")),
    ("''", .utf8, .string("")),
    ("'\\x00\\xFF'::BLOB", .binary, .bytes([0, 255])),
    ("DATE '1969-12-31'", .date32, .int(-1)),
    ("TIME '00:00:01.000002'", .time64(.microsecond), .int(1_000_002)),
    ("TIMESTAMP_S '1970-01-01 00:00:07'", .timestamp(.second, zone: nil), .int(7)),
    ("TIMESTAMP_MS '1970-01-01 00:00:07.5'", .timestamp(.millisecond, zone: nil), .int(7_500)),
    ("TIMESTAMP '1970-01-01 00:00:07.5'", .timestamp(.microsecond, zone: nil), .int(7_500_000)),
    ("TIMESTAMP_NS '1970-01-01 00:00:00.000000001'", .timestamp(.nanosecond, zone: nil), .int(1)),
    ("TIMESTAMPTZ '1970-01-01 02:00:00+02'", .timestamp(.microsecond, zone: "UTC"), .int(0)),
    ("INTERVAL '1 month 2 days 3 microseconds'", .intervalMonthDayNano, .interval(months: 1, days: 2, nanos: 3_000)),
    ("[1, NULL, 3]", .list(Field("item", .int32)), .list([.int(1), .null, .int(3)])),
    ("[]::VARCHAR[]", .list(Field("item", .utf8)), .list([])),
    (
        "[['a'], NULL, []]", .list(Field("item", .list(Field("item", .utf8)))),
        .list([.list([.string("a")]), .null, .list([])])
    ),
    ("[1, 2]::INTEGER[2]", .list(Field("item", .int32)), .list([.int(1), .int(2)])),
    ("{'a': 1, 'b': 'x'}", .structure([Field("a", .int32), Field("b", .utf8)]), .structure([.int(1), .string("x")])),
    (
        "MAP {'k': 1.5::DOUBLE}",
        .map(key: Field("key", .utf8, nullable: false), value: Field("value", .float64), keysSorted: false),
        .map([Scalar.MapEntry(.string("k"), .double(1.5))])
    ),
    ("'b'::ENUM ('a', 'b')", .dictionary(index: .uint8, value: .utf8, ordered: true), .string("b")),
    ("'47183823-2574-4bfd-b411-99ed177d3e43'::UUID", .utf8, .string("47183823-2574-4bfd-b411-99ed177d3e43")),
]

@Test(arguments: values)
func everyTypeIsReadWithItsValueAndItsNulls(sql: String, type: DataType, value: Scalar) throws {
    let connection = try DuckDBDatabase().connect()
    let query = "SELECT CASE WHEN i % 3 = 1 THEN NULL ELSE \(sql) END AS v FROM range(5000) t(i) ORDER BY i"
    #expect(try connection.describe(query).fields == [Field("v", type)])
    let result = try connection.query(query)
    #expect(result.schema.fields == [Field("v", type)])
    var row = 0
    for batch in try result.all() {
        #expect(batch.columns[0].type == type)
    }
    for found in try connection.query(query).rows() {
        if found != [row % 3 == 1 ? .null : value] {
            Issue.record("row \(row) of \(sql) is \(found)")
            return
        }
        row += 1
    }
    #expect(row == 5000)
}

@Test
func listsWhoseItemsLieApartAreGathered() throws {
    let connection = try DuckDBDatabase().connect()
    let sql = """
        SELECT i, list_slice([i, i + 1, i + 2, i + 3], 2, 3) AS part, [{'n': i, 's': 'item ' || i}] AS nested
        FROM range(4000) t(i) ORDER BY hash(i)
        """
    for row in try connection.query(sql).rows() {
        guard case .int(let number) = row[0] else {
            Issue.record("not a number: \(row)")
            return
        }
        try #require(row[1] == .list([.int(number + 1), .int(number + 2)]))
        try #require(row[2] == .list([.structure([.int(number), .string("item \(number)")])]))
    }
}

@Test(arguments: [
    ("TIME WITH TIME ZONE '12:00:00+02'", "DDB-011"), ("'101'::BIT", "DDB-011"),
    ("170141183460469231731687303715884105727::HUGEINT", "DDB-012"),
    ("INTERVAL '9000000000000 seconds'", "DDB-012"),
])
func whatBatchesCannotHoldIsAnErrorThatNamesTheColumn(sql: String, code: String) throws {
    let connection = try DuckDBDatabase().connect()
    let error = #expect(throws: DuckDBError.self) { try connection.query("SELECT \(sql) AS odd").all() }
    #expect(error?.report.code == code)
    #expect(error?.report.message.contains("odd") == true)
}

@Test
func rowsStreamAndAnErrorInTheMiddleIsNotTheEnd() throws {
    let connection = try DuckDBDatabase(configuration: DuckDBConfiguration(threads: 1)).connect()
    let result = try connection.query(
        "SELECT CASE WHEN i = 900000 THEN error('late') ELSE i END AS v FROM range(1000000) t(i)")
    var rows = 0
    let error = #expect(throws: DuckDBError.self) {
        while let batch = try result.next() { rows += batch.count }
    }
    #expect(rows < 1_000_000)
    #expect(error?.failure?.message.contains("late") == true)
    #expect(try result.next() == nil)
    #expect(try connection.query("SELECT 1").single() == .int(1))
}
