import Columnar
import Formats
import Testing

@Suite struct TextTests {
    static func one(_ type: DataType, _ value: Scalar) throws -> RecordBatch {
        let builder = ColumnBuilder.make(type)
        try builder.append(value)
        return RecordBatch(schema: Schema([Field("x", type)]), columns: [builder.finish()], count: 1)
    }

    @Test(
        arguments: [
            (
                .timestamp(.millisecond, zone: "UTC"), .int(1_356_998_400_500), "\"2013-01-01T00:00:00.500Z\"",
                "2013-01-01T00:00:00.500Z"
            ),
            (.timestamp(.second, zone: nil), .int(-1), "\"1969-12-31T23:59:59\"", "1969-12-31T23:59:59"),
            (.date32, .int(-719_162), "\"0001-01-01\"", "0001-01-01"),
            (.date32, .int(19_782), "\"2024-02-29\"", "2024-02-29"),
            (.time64(.nanosecond), .int(3_661_000_000_001), "\"01:01:01.000000001\"", "01:01:01.000000001"),
            (.decimal128(precision: 9, scale: 3), .decimal(-5), "-0.005", "-0.005"),
            (.decimal128(precision: 9, scale: 0), .decimal(120), "120", "120"),
            (.float64, .double(.nan), "null", "nan"),
            (.float64, .double(12), "12", "12"), (.float32, .double(0.5), "0.5", "0.5"),
            (.bool, .bool(true), "true", "true"),
            (.int64, .int(.min), "-9223372036854775808", "-9223372036854775808"),
            (.utf8, .string("a\"b\\\n\u{1}é"), "\"a\\\"b\\\\\\n\\u0001é\"", "\"a\"\"b\\\n\u{1}é\""),
            (.utf8, .string(""), "\"\"", "\"\""), (.utf8, .null, "null", ""),
            (.binary, .bytes([1, 2, 3, 4]), "\"AQIDBA==\"", "AQIDBA=="),
            (.duration(.millisecond), .int(1500), "\"PT1.500S\"", "PT1.500S"),
            (.list(Field("item", .int8)), .list([.int(1), .null]), "[1,null]", "\"[1,null]\""),
            (
                .structure([Field("a", .int8), Field("b", .utf8)]), .structure([.int(1), .string("z")]),
                "{\"a\":1,\"b\":\"z\"}",
                "\"{\"\"a\"\":1,\"\"b\"\":\"\"z\"\"}\""
            ),
            (
                .map(key: Field("key", .utf8, nullable: false), value: Field("value", .int8), keysSorted: false),
                .map([.init(.string("k"), .int(2))]), "{\"k\":2}", "\"{\"\"k\"\":2}\""
            ),
            (
                .map(key: Field("key", .int8, nullable: false), value: Field("value", .int8), keysSorted: false),
                .map([.init(.int(7), .null)]), "[{\"key\":7,\"value\":null}]",
                "\"[{\"\"key\"\":7,\"\"value\"\":null}]\""
            ),
            (.dictionary(index: .int8, value: .utf8, ordered: false), .string("d,e"), "\"d,e\"", "\"d,e\""),
        ] as [(DataType, Scalar, String, String)])
    func valuesAreWritten(type: DataType, value: Scalar, json: String, csv: String) throws {
        let batch = try Self.one(type, value)
        var object = JSONRowWriter()
        object.append(batch)
        #expect(String(decoding: object.bytes, as: UTF8.self) == "{\"x\":\(json)}")
        var line = CSVRowWriter(crlf: false)
        line.append(batch)
        #expect(String(decoding: line.bytes, as: UTF8.self) == csv + "\n")
    }

    @Test func rowsAreSeparated() throws {
        let batch = try Self.one(.decimal128(precision: 4, scale: 2), .decimal(150))
        var rows = JSONRowWriter(decimalsAsStrings: true)
        rows.raw("[")
        rows.append(batch)
        rows.append(batch)
        rows.raw("]")
        #expect(String(decoding: rows.bytes, as: UTF8.self) == "[{\"x\":\"1.50\"},{\"x\":\"1.50\"}]")
        var lines = CSVRowWriter()
        lines.header(["x", "a,b"])
        lines.append(batch)
        #expect(String(decoding: lines.bytes, as: UTF8.self) == "x,\"a,b\"\r\n1.50\r\n")
    }
}
