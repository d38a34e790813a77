import Columnar
import Formats
import Foundation
import Testing

@Test func valuesAreShownAsPeopleReadThem() throws {
    let fields = [
        Field("yes", .bool), Field("price", .decimal128(precision: 9, scale: 2)), Field("ratio", .float64),
        Field("note", .utf8), Field("tags", .list(Field("item", .utf8))),
        Field("place", .structure([Field("x", .int32), Field("name", .utf8)])), Field("raw", .binary),
    ]
    let rows: [[Scalar]] = [
        [
            .bool(true), .decimal(12050), .double(.nan), .string("a\n\"b\""),
            .list([.string("p, q"), .null, .string("r")]),
            .structure([.int(1), .string("it's")]), .bytes([0x61, 0x00, 0xff]),
        ],
        [
            .bool(false), .decimal(-5), .double(-.infinity), .string(""), .list([]), .structure([.null, .string("")]),
            .bytes([]),
        ],
        [.null, .null, .null, .null, .null, .null, .null],
    ]
    let builders = fields.map { ColumnBuilder.make($0.type) }
    for row in rows { for (builder, value) in zip(builders, row) { try builder.append(value) } }
    var writer = ShownRowWriter()
    writer.raw("[")
    writer.append(RecordBatch(schema: Schema(fields), columns: builders.map { $0.finish() }, count: rows.count))
    writer.raw("]")
    let shown = try JSONDecoder().decode([[String?]].self, from: Data(writer.bytes))
    #expect(
        shown[0] == [
            "true", "120.50", "nan", "a\n\"b\"", "['p, q', NULL, r]", "{'x': 1, 'name': 'it\\'s'}", "a\\x00\\xFF",
        ])
    #expect(shown[1] == ["false", "-0.05", "-inf", "", "[]", "{'x': NULL, 'name': ''}", ""])
    #expect(shown[2].allSatisfy { $0 == nil })
}
