import Columnar
import Formats
import Testing

@Suite struct ParquetRoundTripTests {
    @Test(arguments: BatchGenerator.parquetLeaves)
    func everyTypeComesBack(type: DataType) throws {
        var generator = BatchGenerator(seed: 11)
        let schema = Schema([Field("x", type), Field("item", .list(Field("element", type)))])
        let batches = [0, 1, 77].map { generator.batch(schema, rows: $0) }
        try withFolder { folder in
            let writer = try ParquetWriter(path: folder + "/x.parquet", schema: schema)
            for batch in batches { try writer.write(batch) }
            let summary = try writer.close()
            #expect(summary.rows == 78)
            let reader = try ParquetReader(path: folder + "/x.parquet")
            #expect(reader.rowCount == 78)
            #expect(reader.schema.fields.map(\.type) == schema.fields.map(\.type))
            let back = try reader.readAll()
            #expect(sameRows(back, try RecordBatch.concatenate(batches, schema: schema)))
        }
    }

    @Test(arguments: 0..<30)
    func nestedBatchesComeBack(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed) + 1000)
        let schema = generator.schema(columns: 4, depth: 3, leaves: BatchGenerator.parquetLeaves)
        let batches = (0..<3).map { _ in generator.batch(schema, rows: generator.int(0..<60)) }
        let options = ParquetOptions(
            compression: Compression.allCases[seed % 6], rowGroupRows: 50, dictionary: seed % 2 == 0, synced: seed == 3)
        try withFolder { folder in
            let writer = try ParquetWriter(path: folder + "/x.parquet", schema: schema, options: options)
            for batch in batches { try writer.write(batch) }
            _ = try writer.close()
            let reader = try ParquetReader(path: folder + "/x.parquet")
            var back: [RecordBatch] = []
            let sequence = try reader.readBatches(batchRows: 7)
            while let batch = try sequence.next() {
                #expect(batch.count <= 7)
                back.append(batch)
            }
            let expected = try RecordBatch.concatenate(batches, schema: schema)
            if expected.count > 0 {
                #expect(sameRows(try RecordBatch.concatenate(back, schema: sequence.schema), expected), "\(schema)")
            }
        }
    }

    @Test func columnsAndRowGroupsAreChosen() throws {
        try withFolder { folder in
            let schema = Schema([
                Field("id", .int64), Field("s", .structure([Field("a", .utf8), Field("b", .int32)])), Field("t", .utf8),
            ])
            var generator = BatchGenerator(seed: 5)
            let batch = generator.batch(schema, rows: 100)
            let writer = try ParquetWriter(
                path: folder + "/x.parquet", schema: schema, options: ParquetOptions(rowGroupRows: 40))
            try writer.write(batch)
            _ = try writer.close()
            let reader = try ParquetReader(path: folder + "/x.parquet")
            #expect((0..<reader.rowGroupCount).map { reader.rowCount(ofRowGroup: $0) } == [40, 40, 20])
            let sequence = try reader.readBatches(columns: ["t", "s"], rowGroups: [1])
            #expect(sequence.schema.fields.map(\.name) == ["t", "s"])
            let back = try #require(try sequence.next())
            #expect(try sequence.next() == nil)
            #expect(sameRows(back, batch.slice(40..<80).selecting([2, 1])))
            #expect(throws: FormatsError.self) { _ = try reader.readBatches(columns: ["nope"]) }
        }
    }

    @Test func summariesHaveExtremesAndNulls() throws {
        let schema = Schema([
            Field("i", .int32), Field("d", .decimal128(precision: 20, scale: 2)), Field("s", .utf8),
            Field("t", .timestamp(.second, zone: "UTC")), Field("g", .float64), Field("u", .uint32),
            Field("p", .structure([Field("q", .date32)])), Field("l", .list(Field("item", .int8))), Field("n", .int64),
        ])
        let rows: [[Scalar]] = [
            [
                .int(-5), .decimal(-123), .string("b"), .int(100), .double(.nan), .uint(7), .structure([.int(3)]),
                .list([]), .null,
            ],
            [.null, .decimal(5), .null, .int(-100), .double(2.5), .uint(4_000_000_000), .null, .null, .null],
            [
                .int(9), .null, .string("aé"), .null, .double(-1), .null, .structure([.int(-3)]), .list([.int(1)]),
                .null,
            ],
        ]
        try withFolder { folder in
            let writer = try ParquetWriter(
                path: folder + "/x.parquet", schema: schema, options: ParquetOptions(rowGroupRows: 2))
            let builders = schema.fields.map { ColumnBuilder.make($0.type) }
            for row in rows { for (builder, value) in zip(builders, row) { try builder.append(value) } }
            try writer.write(RecordBatch(schema: schema, columns: builders.map { $0.finish() }, count: 3))
            let summary = try writer.close()
            func check(_ path: [String], _ low: Scalar?, _ high: Scalar?, _ nulls: Int) {
                let column = summary.columns.first { $0.path == path }
                #expect(
                    column?.minimum == low && column?.maximum == high && column?.nullCount == nulls,
                    "\(path) \(column as Any)")
            }
            check(["i"], .int(-5), .int(9), 1)
            check(["d"], .decimal(-123), .decimal(5), 1)
            check(["s"], .string("aé"), .string("b"), 1)
            check(["t"], .int(-100), .int(100), 1)
            check(["g"], .double(-1), .double(2.5), 0)
            check(["u"], .uint(7), .uint(4_000_000_000), 1)
            check(["p", "q"], .int(-3), .int(3), 1)
            check(["n"], nil, nil, 3)
            #expect(!summary.columns.contains { $0.path.first == "l" })
            #expect(try ParquetReader(path: folder + "/x.parquet").columnSummaries() == summary.columns)
        }
    }
}
