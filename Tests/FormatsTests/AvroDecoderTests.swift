import Base
import Columnar
import Testing

@testable import Formats

/// Rows as values, to compare batches by.
private func rows(_ batch: RecordBatch, _ schema: AvroSchema) throws -> [[UInt8]] {
    let encoder = try AvroEncoder(batch, as: schema)
    return try (0..<batch.count).map { row in
        var writer = ByteWriter()
        try encoder.encode(row: row, into: &writer)
        return writer.bytes
    }
}

private func record(_ fields: String) -> String { #"{"type":"record","name":"R","fields":[\#(fields)]}"# }

private let everything = record(
    #"""
    {"name":"b","type":"boolean"},{"name":"i","type":["null","int"]},{"name":"l","type":["long","null"]},
    {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":["null","string"]},{"name":"y","type":"bytes"},
    {"name":"x","type":{"type":"fixed","name":"X","size":3}},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B","C"]}},
    {"name":"list","type":{"type":"array","items":["null","string"]}},
    {"name":"map","type":{"type":"map","values":{"type":"array","items":"int"}}},
    {"name":"u","type":["null","int","string",{"type":"record","name":"In","fields":[{"name":"p","type":"long"},{"name":"q","type":["null",{"type":"array","items":"string"}]}]}]},
    {"name":"in","type":["null","In"]},
    {"name":"m","type":["null",{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}]},
    {"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"n","type":"null"},
    {"name":"span","type":["null",{"type":"fixed","name":"D","size":12,"logicalType":"duration"}]}
    """#)

/// A random value of the column's type, for `ColumnBuilder.append`.
private func value(_ field: Field, _ random: inout SplitMix64) -> Scalar {
    if field.nullable, Int.random(in: 0..<4, using: &random) == 0 { return .null }
    switch field.type {
    case .null: return .null
    case .bool: return .bool(.random(using: &random))
    case .int32:
        return .int(Int64(Int32(truncatingIfNeeded: random.next()) >> Int32.random(in: 0...31, using: &random)))
    case .int64, .timestamp: return .int(Int64(bitPattern: random.next()) >> Int64.random(in: 0...63, using: &random))
    case .float32: return .double(Double(Float.random(in: -1e9...1e9, using: &random)))
    case .float64: return .double(.random(in: -1e200...1e200, using: &random))
    case .decimal128: return .decimal(Int128(Int64.random(in: -999_999_999...999_999_999, using: &random)))
    case .utf8:
        if field.name == "e" { return .string(["A", "B", "C"].randomElement(using: &random)!) }
        return .string(
            ["", "a", "Gariep", "ǂnū ǃarib 🌊", String(repeating: "x", count: 200)].randomElement(using: &random)!)
    case .binary:
        return .bytes((0..<Int.random(in: 0...5, using: &random)).map { _ in .random(in: 0...255, using: &random) })
    case .fixedSizeBinary(let width): return .bytes((0..<width).map { _ in .random(in: 0...255, using: &random) })
    case .intervalMonthDayNano:
        return .interval(
            months: .random(in: 0...9, using: &random), days: .random(in: 0...9, using: &random),
            nanos: .random(in: 0...9, using: &random) * 1_000_000)
    case .list(let item): return .list((0..<Int.random(in: 0...3, using: &random)).map { _ in value(item, &random) })
    case .map(_, let inner, _):
        return .map(
            (0..<Int.random(in: 0...3, using: &random)).map {
                Scalar.MapEntry(.string("k\($0)"), value(inner, &random))
            })
    case .structure(let fields):
        guard field.name == "u" else { return .structure(fields.map { value($0, &random) }) }
        let chosen = Int.random(in: 0..<fields.count, using: &random)
        return .structure(
            fields.enumerated().map { index, member in
                index == chosen ? value(Field(member.name, member.type, nullable: false), &random) : .null
            })
    default: return .null
    }
}

private func randomBatch(_ schema: AvroSchema, rows: Int, seed: UInt64) throws -> RecordBatch {
    var random = SplitMix64(seed: seed)
    let columns = try schema.columnarSchema()
    let builders = columns.fields.map { ColumnBuilder.make($0.type) }
    for _ in 0..<rows {
        for (field, builder) in zip(columns.fields, builders) { try builder.append(value(field, &random)) }
    }
    return RecordBatch(schema: columns, columns: builders.map { $0.finish() }, count: rows)
}

@Test(arguments: 0..<20 as Range<UInt64>)
func rowsComeBackAsTheyWent(seed: UInt64) throws {
    let schema = try AvroSchema(parsing: everything)
    let batch = try randomBatch(schema, rows: 30, seed: seed)
    let encoded = try rows(batch, schema)
    let decoder = try AvroDecoder(writer: schema)
    for record in encoded { try decoder.decode(record) }
    let back = decoder.finish()
    #expect(back.schema == batch.schema)
    #expect(try rows(back, schema) == encoded)
    // Slices count their rows from elsewhere.
    #expect(try rows(batch.slice(7..<19), schema) == Array(encoded[7..<19]))
    var random = SplitMix64(seed: seed)
    let file = try AvroFile.write(batch, as: schema, blockBytes: 500, random: &random)
    #expect(try rows(try AvroFile.read(file), schema) == encoded)
}

@Test(arguments: 0..<60 as Range<UInt64>)
func brokenRecordsThrowAndLeaveNothing(seed: UInt64) throws {
    let schema = try AvroSchema(parsing: everything)
    let good = try rows(try randomBatch(schema, rows: 4, seed: seed), schema)
    let decoder = try AvroDecoder(writer: schema)
    var random = SplitMix64(seed: seed)
    var expected: [[UInt8]] = []
    for round in 0..<100 {
        var bytes = good[round % 4]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        case 1: bytes.append(.random(in: 0...255, using: &random))
        default:
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
        }
        let before = decoder.count
        do throws(AvroError) {
            try decoder.decode(bytes)
            expected.append(bytes)
        } catch {
            #expect(decoder.count == before)
            guard case .malformedRecord(_, _, _, let position) = error else { throw error }
            #expect((0...bytes.count).contains(position))
        }
        try decoder.decode(good[round % 4])
        expected.append(good[round % 4])
    }
    let batch = decoder.finish()
    #expect(batch.count == expected.count)
    // Every row that stayed can be written, and what is untouched is equal; a changed record may have longer varints.
    let again = try AvroDecoder(writer: schema)
    for record in expected { try again.decode(record) }
    let (left, right) = (try rows(batch, schema), try rows(again.finish(), schema))
    #expect(left == right)
}

@Test(arguments: [
    (#""int""#, [] as [UInt8], 0), (#""int""#, [0x80], 0), (#""int""#, [0xfe, 0xff, 0xff, 0xff, 0x1f], 5),
    (#""long""#, [UInt8](repeating: 0xff, count: 11), 0), (#""boolean""#, [2], 1), (#""string""#, [1], 1),
    (#""string""#, [2, 0xff], 2), (#""string""#, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 10),
    (#"["null","int"]"#, [4], 1), (#"["null","int"]"#, [1], 1), (#"["int","string","null"]"#, [6, 0], 1),
    (#"{"type":"array","items":"int"}"#, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0], 5),
    (#"{"type":"array","items":"null"}"#, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0], 5),
    (#"{"type":"array","items":"int"}"#, [1, 9, 0], 2),
    (#"{"type":"map","values":"int"}"#, [2, 2, 0x61], 3), (#"{"type":"enum","name":"E","symbols":["A"]}"#, [2], 1),
    (#"{"type":"fixed","name":"F","size":4}"#, [1, 2, 3], 0), (#""null""#, [0], 0),
    (#"{"type":"bytes","logicalType":"decimal","precision":2}"#, [4, 1, 0], 3),
])
func eachKindOfDamageIsNamedWithItsPosition(text: String, bytes: [UInt8], position: Int) throws {
    let decoder = try AvroDecoder(writer: try AvroSchema(parsing: text))
    #expect {
        try decoder.decode(bytes)
    } throws: { error in
        guard case .malformedRecord(let expected, let found, _, position)? = error as? AvroError else { return false }
        return !expected.isEmpty && !found.isEmpty
    }
    #expect(decoder.count == 0)
    #expect(decoder.finish().count == 0)
}

@Test(
    arguments: [
        // writer's fields, bytes, reader's fields, bytes as the reader would write them; nil where nothing fits
        (#"{"name":"a","type":"int"}"#, [2], #"{"name":"a","type":"long"}"#, [2]),
        (#"{"name":"a","type":"int"}"#, [2], #"{"name":"a","type":"double"}"#, [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]),
        (#"{"name":"a","type":"long"}"#, [2], #"{"name":"a","type":"float"}"#, [0, 0, 0x80, 0x3f]),
        (#"{"name":"a","type":"long"}"#, [2], #"{"name":"a","type":"int"}"#, nil),
        (#"{"name":"a","type":"string"}"#, [2, 0x61], #"{"name":"a","type":"bytes"}"#, [2, 0x61]),
        (#"{"name":"a","type":"bytes"}"#, [2, 0x61], #"{"name":"a","type":"string"}"#, [2, 0x61]),
        (
            #"{"name":"a","type":"int"},{"name":"b","type":"int"}"#, [2, 4],
            #"{"name":"b","type":"int"},{"name":"a","type":"int"}"#, [4, 2]
        ),
        (#"{"name":"a","type":"string"},{"name":"b","type":"int"}"#, [2, 0x61, 4], #"{"name":"b","type":"int"}"#, [4]),
        (
            #"{"name":"a","type":"int"}"#, [2],
            #"{"name":"a","type":"int"},{"name":"b","type":"string","default":"x"}"#, [2, 2, 0x78]
        ),
        (
            #"{"name":"a","type":"int"}"#, [2],
            #"{"name":"a","type":"int"},{"name":"b","type":["null","int"],"default":null}"#, [2, 0]
        ),
        (#"{"name":"a","type":"int"}"#, [2], #"{"name":"a","type":"int"},{"name":"b","type":"int"}"#, nil),
        (#"{"name":"a","type":"int"}"#, [2], #"{"name":"z","type":"int","aliases":["a"]}"#, [2]),
        (#"{"name":"a","type":"int"}"#, [2], #"{"name":"a","type":["null","long"]}"#, [2, 2]),
        (#"{"name":"a","type":["null","int"]}"#, [2, 2], #"{"name":"a","type":"int"}"#, [2]),
        (#"{"name":"a","type":["null","int"]}"#, [2, 2], #"{"name":"a","type":["int","null"]}"#, [0, 2]),
        (#"{"name":"a","type":["string","int"]}"#, [2, 2], #"{"name":"a","type":["null","int","string"]}"#, [2, 2]),
        (
            #"{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}"#, [2],
            #"{"name":"a","type":{"type":"enum","name":"E","symbols":["B"]}}"#, [0]
        ),
        (
            #"{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}"#, [2],
            #"{"name":"a","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}"#, [0]
        ),
        (
            #"{"name":"a","type":{"type":"long","logicalType":"timestamp-millis"}}"#, [2],
            #"{"name":"a","type":{"type":"long","logicalType":"timestamp-micros"}}"#, nil
        ),
        (
            #"{"name":"a","type":{"type":"array","items":{"type":"map","values":"string"}}},{"name":"b","type":"int"}"#,
            [2, 2, 2, 0x61, 0, 0, 0, 6], #"{"name":"b","type":"int"}"#, [6]
        ),
    ] as [(String, [UInt8], String, [UInt8]?)])
func writersDataIsReadAsTheReaderAsks(from: String, bytes: [UInt8], to: String, expected: [UInt8]?) throws {
    let (writer, reader) = (try AvroSchema(parsing: record(from)), try AvroSchema(parsing: record(to)))
    guard let expected else {
        #expect(throws: AvroError.self) { try AvroDecoder(writer: writer, reader: reader) }
        #expect(!AvroCompatibility.check(reader: reader, writer: writer).isEmpty)
        return
    }
    let decoder = try AvroDecoder(writer: writer, reader: reader)
    try decoder.decode(bytes)
    #expect(try rows(decoder.finish(), reader) == [expected])
}

@Test func aBranchThatTheReaderLacksIsRefusedWhenItComes() throws {
    let writer = try AvroSchema(parsing: record(#"{"name":"a","type":["null","int"]}"#))
    let decoder = try AvroDecoder(
        writer: writer, reader: try AvroSchema(parsing: record(#"{"name":"a","type":"int"}"#)))
    #expect(throws: AvroError.self) { try decoder.decode([0]) }
    try decoder.decode([2, 8])
    #expect(decoder.finish().count == 1)
}

@Test func framesNameTheirSchema() throws {
    var writer = ByteWriter()
    ConfluentFrame.begin(schemaID: 0x0102_0304, in: &writer)
    #expect(writer.bytes == [0, 1, 2, 3, 4])
    #expect(schemaID(writer.bytes) == 0x0102_0304)
    for broken: [UInt8] in [[], [0, 0, 0, 1], [1, 0, 0, 0, 1]] { #expect(schemaID(broken) == nil) }
}

private func schemaID(_ bytes: [UInt8]) -> Int32? {
    unsafe bytes.withUnsafeBytes { try? unsafe ConfluentFrame.schemaID(of: $0) }
}

@Test func filesThatAreBrokenOrCompressedAreRefused() throws {
    let schema = try AvroSchema(parsing: everything)
    var random = SplitMix64(seed: 5)
    let file = try AvroFile.write(try randomBatch(schema, rows: 5, seed: 5), as: schema, random: &random)
    for cut in stride(from: 0, to: file.count, by: 7) {
        // A file may end behind any block, here behind the header too.
        if let batch = try? AvroFile.read(Array(file[..<cut])) { #expect(batch.count == 0) }
    }
    #expect(throws: AvroError.self) { try AvroFile.read(Array("not avro at all".utf8)) }
}

@Test func valuesWithoutAnEncodingAreRefusedAndLeaveNoBytes() throws {
    let builder = PrimitiveColumnBuilder<Int32>(.int32)
    builder.append(7)
    builder.appendNull()
    let batch = RecordBatch(schema: Schema([Field("a", .int32)]), columns: [builder.finish()], count: 2)
    let encoder = try AvroEncoder(batch, as: try AvroSchema(parsing: record(#"{"name":"a","type":"int"}"#)))
    var writer = ByteWriter()
    try encoder.encode(row: 0, into: &writer)
    #expect(throws: AvroError.self) { try encoder.encode(row: 1, into: &writer) }
    #expect(writer.bytes == [14])
    #expect(throws: AvroError.self) {
        try AvroEncoder(batch, as: try AvroSchema(parsing: record(#"{"name":"a","type":"string"}"#)))
    }
}
