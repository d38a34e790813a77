import Columnar
import Testing

@testable import Formats

@Test(arguments: [
    (#""int""#, #""int""#),
    (#"{"type":"string"}"#, #""string""#),
    (#"{"type":"long","logicalType":"timestamp-millis"}"#, #""long""#),
    (
        #"{"type":"record","name":"R","namespace":"n.s","doc":"d","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]},"default":"A"},{"name":"f","type":"E"}]}"#,
        #"{"name":"n.s.R","type":"record","fields":[{"name":"e","type":{"name":"n.s.E","type":"enum","symbols":["A"]}},{"name":"f","type":"n.s.E"}]}"#
    ),
    (
        #"{"type":"fixed","size":16,"name":"MD5","aliases":["x"]}"#,
        #"{"name":"MD5","type":"fixed","size":16}"#
    ),
])
func canonicalFormIsAvros(text: String, canonical: String) throws {
    let schema = try AvroSchema(parsing: text)
    #expect(schema.canonicalText == canonical)
    #expect(try AvroSchema(parsing: schema.text) == schema)
    #expect(try AvroSchema(parsing: schema.normalizedText).canonicalText == canonical)
}

@Test(arguments: [
    // Avro's own test data: share/test/data/schema-tests.txt.
    (#""null""#, 7_195_948_357_588_979_594), (#""boolean""#, -6_970_731_678_124_411_036),
    (#""int""#, 8_247_732_601_305_521_295), (#""string""#, -8_142_146_995_180_207_161 as Int64),
])
func fingerprintsAreAvros(text: String, fingerprint: Int64) throws {
    #expect(Int64(bitPattern: try AvroSchema(parsing: text).fingerprint) == fingerprint)
}

@Test(arguments: [
    ("{\n  \"type\": \"recrd\"\n}", 2, 11), (#"["int","int"]"#, 1, 8), (#"["int",["string"]]"#, 1, 8), ("[]", 1, 1),
    (#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#, 1, 74),
    (#"{"type":"record","name":"1R","fields":[]}"#, 1, 25), (#"{"type":"enum","name":"E","symbols":["A","A"]}"#, 1, 42),
    (#"{"type":"fixed","name":"F","size":-1}"#, 1, 35), (#"{"type":"array"}"#, 1, 1), ("", 1, 1),
    (#"{"a":1,"a":2}"#, 1, 8),
    (#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#, 1, 65),
    ("\"int\" x", 1, 7), ("\"\\ud800\"", 1, 8), ("01", 1, 1),
])
func mistakesAreFoundWhereTheyStand(text: String, line: Int, column: Int) {
    #expect {
        try AvroSchema(parsing: text)
    } throws: { error in
        guard case .schema(_, _, _, line, column)? = error as? AvroError else { return false }
        return true
    }
}

@Test func deepTextsAreRefused() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: AvroError.self) { try AvroSchema(parsing: text) }
}

@Test(arguments: [
    #"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#,
    #"{"type":"bytes","logicalType":"decimal","precision":50}"#,
])
func whatColumnsCannotHoldIsRefused(text: String) throws {
    let schema = try AvroSchema(parsing: text)
    #expect(throws: AvroError.self) { try schema.columnarSchema() }
    #expect(throws: AvroError.self) { try AvroDecoder(writer: schema) }
}

@Test func columnsBecomeASchemaAndComeBack() throws {
    let fields = [
        Field("b", .bool), Field("i", .int32, nullable: false), Field("l", .int64), Field("d", .float64),
        Field("s", .utf8), Field("day", .date32), Field("at", .timestamp(.microsecond, zone: "UTC")),
        Field("local", .timestamp(.nanosecond, zone: nil)), Field("m", .decimal128(precision: 12, scale: 3)),
        Field("fixed", .fixedSizeBinary(byteWidth: 5)), Field("span", .intervalMonthDayNano),
        Field("list", .list(Field("item", .utf8))),
        Field("map", .map(key: Field("key", .utf8, nullable: false), value: Field("value", .int64), keysSorted: false)),
        Field("inner", .structure([Field("x", .int32), Field("y", .list(Field("item", .binary, nullable: false)))])),
    ]
    #expect(try AvroSchema(describing: Schema(fields), name: "n.Row").columnarSchema() == Schema(fields))
}

@Test func schemasThatUnfoldWithoutEndAreRefusedAtOnce() throws {
    var fields = #"{"name":"x","type":"null"}"#
    var previous = ""
    var types: [String] = []
    for level in 0..<30 {
        if level > 0 {
            fields = (0..<10).map { #"{"name":"f\#($0)","type":"\#(previous)","default":{}}"# }.joined(separator: ",")
        }
        previous = "R\(level)"
        types.append(#"{"type":"record","name":"\#(previous)","fields":[\#(fields)]}"#)
    }
    // Defaults that fill in defaults are counted too.
    #expect(throws: AvroError.self) { try AvroSchema(parsing: "[\(types.joined(separator: ","))]") }
    let plain = types.map { $0.replacing(#","default":{}"#, with: "") }.joined(separator: ",")
    let schema = try AvroSchema(parsing: "[\(plain)]")
    #expect(throws: AvroError.self) { try schema.columnarSchema() }
    let items = try AvroSchema(
        parsing:
            #"{"type":"record","name":"T","fields":[{"name":"u","type":[\#(plain)]},{"name":"a","type":{"type":"array","items":"R29"}}]}"#
    )
    let reader = try AvroSchema(parsing: #"{"type":"record","name":"T","fields":[]}"#)
    #expect(throws: AvroError.self) { try AvroDecoder(writer: items, reader: reader) }
}
