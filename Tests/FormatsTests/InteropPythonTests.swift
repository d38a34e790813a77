import Columnar
import Formats
import Foundation
import Testing

/// Programs that nobody here wrote read our files, and we read theirs.
@Suite struct InteropPythonTests {
    static let schema = Schema([
        Field("id", .int64), Field("name", .utf8), Field("price", .decimal128(precision: 12, scale: 2)),
        Field("at", .timestamp(.microsecond, zone: "UTC")), Field("day", .date32), Field("ratio", .float32),
        Field("tags", .list(Field("item", .utf8))),
        Field("place", .structure([Field("x", .int32), Field("y", .bool)])),
        Field("kind", .dictionary(index: .int32, value: .utf8, ordered: false)),
        Field(
            "notes", .map(key: Field("key", .utf8, nullable: false), value: Field("value", .int16), keysSorted: false)),
    ])

    /// The columns' sums and counts as Swift has them, in the form that the programs below print.
    private func facts(_ batch: RecordBatch) -> [Int128] {
        func sum(_ name: String, _ value: (Scalar) -> Int128) -> Int128 {
            let column = batch.column(named: name)!
            return (0..<batch.count).reduce(0) { $0 &+ (column.isNull($1) ? 0 : value(column.scalar(at: $1))) }
        }
        return [
            Int128(batch.count),
            sum("id") { if case .int(let value) = $0 { Int128(value % 1_000_003) } else { 0 } },
            sum("price") { if case .decimal(let value) = $0 { value } else { 0 } },
            sum("at") { if case .int(let value) = $0 { Int128(value) } else { 0 } },
            sum("day") { if case .int(let value) = $0 { Int128(value) } else { 0 } },
            sum("name") { if case .string(let value) = $0 { Int128(value.unicodeScalars.count) } else { 0 } },
            sum("tags") { if case .list(let value) = $0 { Int128(value.count) } else { 0 } },
            sum("kind") { if case .string(let value) = $0 { Int128(value.utf8.count) } else { 0 } },
            sum("notes") { if case .map(let value) = $0 { Int128(value.count) } else { 0 } },
            sum("place") { if case .structure(let value) = $0, case .int(let x) = value[0] { Int128(x) } else { 0 } },
        ]
    }

    private static let pyarrowFacts = """
        import sys, math, pyarrow as pa, pyarrow.parquet as pq
        def facts(t):
            c = lambda n: t.column(n)
            vals = lambda n: [v for v in c(n).to_pylist() if v is not None]
            ints = lambda n, ty: [v for v in c(n).cast(ty).to_pylist() if v is not None]
            return [t.num_rows, sum(int(math.fmod(v, 1000003)) if abs(v) < 2**52 else (abs(v) % 1000003) * (1 if v > 0 else -1) for v in vals('id')),
                int(sum(v.scaleb(2) for v in vals('price'))), sum(ints('at', pa.int64())), sum(ints('day', pa.int32())),
                sum(len(v) for v in vals('name')), sum(len(v) for v in vals('tags')), sum(len(v.encode()) for v in vals('kind')),
                sum(len(v) for v in vals('notes')), sum(v['x'] or 0 for v in vals('place'))]
        """

    @Test(arguments: Compression.allCases)
    func pyarrowReadsOurs(compression: Compression) throws {
        guard let python = testPython() else { return }
        var generator = BatchGenerator(seed: 77)
        let batch = generator.batch(Self.schema, rows: 500)
        try withFolder { folder in
            let path = folder + "/x.parquet"
            let writer = try ParquetWriter(
                path: path, schema: Self.schema, options: ParquetOptions(compression: compression, rowGroupRows: 200))
            try writer.write(batch)
            _ = try writer.close()
            let printed = try runPython(
                python, Self.pyarrowFacts + "\nprint(*facts(pq.read_table(sys.argv[1])), sep='\\n')", [path])
            #expect(printed.split(separator: "\n").map { Int128($0) } == facts(batch))
        }
    }

    @Test func duckdbReadsOurs() throws {
        guard let python = testPython() else { return }
        var generator = BatchGenerator(seed: 78)
        let batch = generator.batch(Self.schema, rows: 500)
        let program = """
            import sys, duckdb
            row = duckdb.sql(f'''SELECT count(*), sum(id % 1000003), (sum(price) * 100)::hugeint, sum(epoch_us("at")),
                sum("day" - DATE '1970-01-01'), sum(length(name)), sum(len(tags)), sum(strlen(kind)),
                sum(cardinality(notes)), sum(place.x) FROM read_parquet('{sys.argv[1]}')''').fetchall()[0]
            print(*row, sep='\\n')
            """
        try withFolder { folder in
            let path = folder + "/x.parquet"
            let writer = try ParquetWriter(path: path, schema: Self.schema)
            try writer.write(batch)
            _ = try writer.close()
            let printed = try runPython(python, program, [path])
            #expect(printed.split(separator: "\n").map { Int128($0) } == facts(batch))
        }
    }

    @Test func weReadTheirs() throws {
        guard let python = testPython() else { return }
        let program = """
            import sys, datetime as dt, decimal, pyarrow as pa, pyarrow.parquet as pq, pyarrow.orc as orc, duckdb
            n = 1000
            t = pa.table({
                'i': pa.array([None if k % 7 == 0 else k for k in range(n)], pa.int64()),
                's': pa.array([None if k % 5 == 0 else f'é{k}' for k in range(n)], pa.large_utf8()),
                'd': pa.array([decimal.Decimal(k).scaleb(-3) for k in range(n)], pa.decimal128(20, 3)),
                'l': pa.array([list(range(k % 4)) for k in range(n)], pa.large_list(pa.int32())),
                'f': pa.array([[k, -k] for k in range(n)], pa.list_(pa.int16(), 2)),
            })
            pq.write_table(t, sys.argv[1] + '/p.parquet', compression='snappy', row_group_size=300)
            with pa.ipc.new_stream(sys.argv[1] + '/p.arrows', t.schema) as w: w.write_table(t)
            orc.write_table(t.select(['i', 'd']), sys.argv[1] + '/p.orc')
            duckdb.sql(f"COPY (SELECT k AS i, 'é' || k AS s, (k / 1000)::DECIMAL(20,3) AS d FROM range({n}) r(k)) "
                       f"TO '{sys.argv[1]}/d.parquet' (FORMAT parquet, CODEC zstd)")
            """
        try withFolder { folder in
            _ = try runPython(python, program, [folder])
            for batch in [
                try ParquetReader(path: folder + "/p.parquet").readAll(),
                try IPCReader(path: folder + "/p.arrows", form: .stream).readAll(),
            ] {
                #expect(batch.count == 1000)
                for row in stride(from: 0, to: 1000, by: 13) {
                    let number = Int64(row)
                    #expect(
                        batch.row(row) == [
                            row % 7 == 0 ? .null : .int(number), row % 5 == 0 ? .null : .string("é\(row)"),
                            .decimal(Int128(row)), .list((0..<Int64(row % 4)).map { .int($0) }),
                            .list([.int(number), .int(-number)]),
                        ])
                }
            }
            let orc = try ORCReader(path: folder + "/p.orc").readAll()
            #expect(
                (0..<1000).allSatisfy { orc.row($0) == [$0 % 7 == 0 ? .null : .int(Int64($0)), .decimal(Int128($0))] })
            let duck = try ParquetReader(path: folder + "/d.parquet").readAll()
            #expect(
                (0..<1000).allSatisfy { duck.row($0) == [.int(Int64($0)), .string("é\($0)"), .decimal(Int128($0))] })
        }
    }

    @Test(arguments: [RowFileWriter.Form.csv, .jsonLines, .jsonArray])
    func textIsReadByOthers(form: RowFileWriter.Form) throws {
        guard let python = testPython() else { return }
        var generator = BatchGenerator(seed: 5)
        let schema = Schema([Field("n", .int64), Field("s", .utf8), Field("t", .timestamp(.millisecond, zone: "UTC"))])
        let batch = generator.batch(schema, rows: 200)
        let program = """
            import sys, csv, json, datetime as dt
            rows = (list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf8'))) if sys.argv[2] == 'csv' else
                [json.loads(l) for l in open(sys.argv[1], newline='\\n', encoding='utf8')] if sys.argv[2] == 'jsonLines' else
                json.load(open(sys.argv[1], encoding='utf8')))
            print(len(rows), sum(len(r['s'] or '') for r in rows), sum(int(r['n'] or 0) for r in rows),
                sum(1 for r in rows if not r['t']))
            """
        try withFolder { folder in
            let writer = try RowFileWriter(path: folder + "/x", schema: schema, form: form)
            try writer.write(batch.slice(0..<90))
            try writer.write(batch.slice(90..<200))
            try writer.close()
            let printed = try runPython(python, program, [folder + "/x", "\(form)"])
            var sums: (Int, Int128, Int) = (0, 0, 0)
            for row in 0..<200 {
                if case .string(let value) = batch.columns[1].scalar(at: row) { sums.0 += value.unicodeScalars.count }
                if case .int(let value) = batch.columns[0].scalar(at: row) { sums.1 += Int128(value) }
                if batch.columns[2].isNull(row) { sums.2 += 1 }
            }
            #expect(printed == "200 \(sums.0) \(sums.1) \(sums.2)\n")
        }
    }
}
