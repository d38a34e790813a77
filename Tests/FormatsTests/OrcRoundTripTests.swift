import Columnar
import Formats
import Testing

@Suite struct OrcRoundTripTests {
    static let leaves: [DataType] = [
        .bool, .int8, .int16, .int32, .int64, .float32, .float64, .decimal128(precision: 18, scale: 3),
        .decimal128(precision: 38, scale: 0), .utf8, .binary, .date32, .timestamp(.nanosecond, zone: nil),
        .timestamp(.nanosecond, zone: "UTC"),
    ]

    @Test(arguments: 0..<30)
    func batchesComeBack(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed) + 50)
        var schema = Schema(Self.leaves.enumerated().map { Field("c\($0)", $1) })
        if seed > 5 {
            repeat {
                schema = generator.schema(columns: 4, depth: 3, leaves: Self.leaves)
            } while schema.fields.contains {
                $0.type != $0.type.withoutDictionaries
            }
        }
        let batches = (0..<3).map { _ in generator.batch(schema, rows: generator.int(0..<80)) }
        let compressions: [Compression] = [.none, .snappy, .gzip, .zstd, .lz4]
        try withFolder { folder in
            let writer = try ORCWriter(path: folder + "/x.orc", schema: schema, compression: compressions[seed % 5])
            for batch in batches { try writer.write(batch) }
            try writer.close()
            let reader = try ORCReader(path: folder + "/x.orc")
            let expected = try RecordBatch.concatenate(batches, schema: schema)
            #expect(reader.rowCount == expected.count)
            #expect(reader.schema.fields.map(\.name) == schema.fields.map(\.name))
            #expect(sameRows(try reader.readAll(), expected), "\(schema)")
            #expect(sameRows(try reader.readAll(columns: ["c1", "c0"]), expected.selecting([1, 0])))
        }
    }

    @Test(
        arguments: [
            .uint8, .null, .float16, .time64(.microsecond), .duration(.second), .intervalMonthDayNano, .date64,
            .fixedSizeBinary(byteWidth: 3), .timestamp(.microsecond, zone: nil),
            .list(Field("item", .dictionary(index: .int8, value: .utf8, ordered: false))),
        ] as [DataType])
    func whatOrcLacksIsNamed(type: DataType) throws {
        try withFolder { folder in
            #expect {
                _ = try ORCWriter(path: folder + "/x.orc", schema: Schema([Field("x", type)]))
            } throws: { error in
                guard case .unsupportedColumn("ORC", let problem) = error as? FormatsError else { return false }
                return problem.contains("column x")
            }
        }
    }
}
