import Base
import Columnar
import Foundation
import Lake
import Storage
import Testing

/// Another program reads what this one wrote.
@Suite(.enabled(if: PythonPeer.isThere))
struct PeerReadsTests {
    @Test func rowsPartitionsCheckpointAndCompaction() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(
            partitionColumns: ["month", "carrier"], configuration: ["delta.checkpointInterval": "5"])
        for number in 0..<12 {
            try append(rows(number * 10..<(number + 1) * 10), to: table, application: "epochs", version: Int64(number))
        }
        try table.delete(partition: ["carrier": .string("UA")])
        let optimized = try table.optimize()
        #expect(optimized.filesAdded == 9 && optimized.filesRemoved > 9)
        try table.addColumns([Field("note", .utf8)])
        let schema = Schema(LakeFixture.schema.fields + [Field("note", .utf8)])
        try append(
            batch(schema, [[.int(1000), .int(15706), .string("ZZ"), .double(1), .string("été")]]), to: table)
        let printed = try PythonPeer.run(
            """
            import sys, json
            from deltalake import DeltaTable
            t = DeltaTable(sys.argv[1])
            rows = t.to_pyarrow_table()
            print(json.dumps({
                'version': t.version(), 'rows': rows.num_rows, 'ids': sorted(rows['id'].to_pylist()),
                'sum': sum(rows['amount'].to_pylist()), 'files': len(t.file_uris()),
                'carriers': sorted(set(str(c) for c in rows['carrier'].to_pylist())),
                'months': sorted(set(str(m) for m in rows['month'].to_pylist())),
                'notes': [n for n in rows['note'].to_pylist() if n is not None],
                'txn': t.transaction_version('epochs'), 'partitions': t.metadata().partition_columns,
                'old': DeltaTable(sys.argv[1], version=3).to_pyarrow_table().num_rows,
                'jan': t.to_pyarrow_table(filters=[('month', '=', __import__('datetime').date(2013,1,1))]).num_rows,
            }, sort_keys=True))
            """, fixture.store.location("t"))
        let kept = (0..<120).filter { $0 % 4 != 1 }
        let found = try #require(
            try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Any])
        let version = try table.snapshot().version
        #expect(found["version"] as? Int == Int(version))
        #expect(found["ids"] as? [Int] == kept + [1000])
        #expect(found["sum"] as? Double == kept.reduce(1.0) { $0 + Double($1) / 2 })
        #expect(found["carriers"] as? [String] == ["AA", "B6/x y%", "None", "ZZ"])
        #expect(found["months"] as? [String] == ["2013-01-01", "2013-02-01", "2013-03-04"])
        #expect(found["notes"] as? [String] == ["été"])
        #expect(found["txn"] as? Int == 11)
        #expect(found["partitions"] as? [String] == ["month", "carrier"])
        #expect(found["old"] as? Int == 30)
        #expect(found["jan"] as? Int == kept.filter { $0 % 3 == 0 }.count + 1)
        #expect(found["files"] as? Int == 10)
        #expect(try ids(table) == (kept + [1000]).map { Int64($0) })
    }

    /// A table as a stream leaves it, before and after it was compacted and vacuumed: the same rows for both programs.
    @Test func compactedByItself() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(
            partitionColumns: ["carrier"], configuration: ["delta.checkpointInterval": "7"])
        for number in 0..<20 {
            try append(rows(number * 12..<(number + 1) * 12), to: table, application: "epochs", version: Int64(number))
        }
        func look() throws -> [String: Any] {
            let files = try table.dataFiles().map(\.path).joined(separator: "\n")
            let printed = try PythonPeer.run(
                """
                import sys, json, duckdb
                from deltalake import DeltaTable
                t = DeltaTable(sys.argv[1])
                rows = t.to_pyarrow_table().select(['id', 'month', 'carrier', 'amount']).sort_by('id')
                con = duckdb.connect()
                duck = con.execute("select count(*), sum(id), sum(amount), count(distinct month) from read_parquet($1)",
                    [sys.argv[2].split('\\n')]).fetchone()
                print(json.dumps({
                    'rows': [[str(v) for v in r.values()] for r in rows.to_pylist()], 'files': len(t.file_uris()),
                    'duck': [str(v) for v in duck], 'txn': t.transaction_version('epochs'),
                    'operation': t.history(1)[0]['operation'],
                }))
                """, fixture.store.location("t"), files)
            return try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Any])
        }
        let before = try look()
        #expect(before["files"] as? Int == 80 && before["operation"] as? String == "WRITE")
        let outcome = try table.compact(CompactionPolicy(filesMin: 10))
        #expect(outcome.filesRemoved == 80 && outcome.filesAdded == 4 && outcome.conflicts == 0)
        let after = try look()
        #expect(after["files"] as? Int == 4 && after["operation"] as? String == "OPTIMIZE")
        // The files carry the real time, so that the clock must be beyond it.
        fixture.clock.advance(micros: 100 * 365 * 86_400_000_000)
        #expect(try table.vacuum(keeping: table.snapshot()).paths.count == 80)
        let vacuumed = try look()
        for seen in [after, vacuumed] {
            #expect(seen["rows"] as? [[String]] == before["rows"] as? [[String]])
            #expect((seen["rows"] as? [[String]])?.count == 240)
            #expect(seen["duck"] as? [String] == before["duck"] as? [String])
            #expect(seen["txn"] as? Int == 19)
        }
        #expect(try ids(table) == Array(0..<240))
    }

    /// Every type that Delta has, with nulls, read as Python's own values; and from the checkpoint alone.
    @Test func allTypes() throws {
        let fixture = try LakeFixture()
        let schema = Schema([
            Field("l", .int64), Field("i", .int32), Field("s", .int16), Field("b", .int8), Field("f", .float32),
            Field("d", .float64), Field("n", .decimal128(precision: 20, scale: 3)), Field("t", .utf8),
            Field("x", .binary), Field("o", .bool), Field("day", .date32),
            Field("z", .timestamp(.microsecond, zone: "UTC")),
            Field("w", .timestamp(.microsecond, zone: nil)), Field("a", .list(Field("element", .int32))),
            Field("r", .structure([Field("p", .utf8), Field("q", .int64)])),
            Field(
                "m", .map(key: Field("key", .utf8, nullable: false), value: Field("value", .int64), keysSorted: false)),
        ])
        let table = try fixture.create(schema: schema)
        try append(
            batch(
                schema,
                [
                    [
                        .int(1 << 60), .int(-7), .int(300), .int(-128), .double(1.5), .double(0.1), .decimal(-1234567),
                        .string("a\"b\\c\nd"), .bytes([0, 255]), .bool(true), .int(-1), .int(-1), .int(1_000_001),
                        .list([.int(1), .null]), .structure([.string("p"), .int(2)]),
                        .map([.init(.string("k"), .int(9))]),
                    ], Array(repeating: .null, count: 16),
                ]), to: table)
        try table.checkpoint()
        let program = """
            import sys
            from deltalake import DeltaTable
            t = DeltaTable(sys.argv[1])
            print([f.type.type if hasattr(f.type, 'type') else '' for f in t.schema().fields], t.protocol().reader_features)
            for row in sorted(t.to_pyarrow_table().to_pylist(), key=lambda r: r['l'] is None): print(list(row.values()))
            """
        let printed = try PythonPeer.run(program, fixture.store.location("t"))
        let lines = printed.split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines[0].contains("'timestamp', 'timestamp_ntz', 'array', 'struct', 'map'] ['timestampNtz']"))
        #expect(
            lines[1].hasPrefix(
                #"[1152921504606846976, -7, 300, -128, 1.5, 0.1, Decimal('-1234.567'), 'a"b\\c\nd', b'\x00\xff', True, "#
            ))
        #expect(lines[1].contains("datetime.date(1969, 12, 31), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999"))
        #expect(
            lines[1].contains("datetime.datetime(1970, 1, 1, 0, 0, 1, 1), [1, None], {'p': 'p', 'q': 2}, [('k', 9)]"))
        #expect(lines[2].contains("[None, None, None"))
        for version in 0..<2 {
            try FileManager.default.removeItem(
                atPath: fixture.store.location("t/_delta_log/0000000000000000000\(version).json"))
        }
        #expect(try PythonPeer.run(program, fixture.store.location("t")) == printed)
    }

    @Test func partitionValues() throws {
        let cases: [(DataType, Scalar, String)] = [
            (.bool, .bool(true), "True"), (.int8, .int(-3), "-3"), (.int64, .int(1 << 40), "1099511627776"),
            (.float64, .double(2.5), "2.5"), (.date32, .int(19000), "2022-01-08"),
            (.utf8, .string("a=b/c:d%é 'ü'?#"), "a=b/c:d%é 'ü'?#"), (.utf8, .null, "None"),
            (.timestamp(.microsecond, zone: "UTC"), .int(1_600_000_000_000_001), "2020-09-13 12:26:40.000001+00:00"),
            (.timestamp(.microsecond, zone: nil), .int(1_600_000_000_000_000), "2020-09-13 12:26:40"),
        ]
        let fixture = try LakeFixture()
        for (number, (type, value, _)) in cases.enumerated() {
            let schema = Schema([Field("v", .int32), Field("p", type)])
            let table = try fixture.create("t\(number)", schema: schema, partitionColumns: ["p"])
            try append(batch(schema, [[.int(1), value], [.int(2), value]]), to: table)
            #expect(try contents(table) == [[.int(1), value], [.int(2), value]])
        }
        let printed = try PythonPeer.run(
            """
            import sys
            from deltalake import DeltaTable
            for number in range(int(sys.argv[2])):
                t = DeltaTable(sys.argv[1] + '/t' + str(number)).to_pyarrow_table()
                print(t.num_rows, t['p'][0].as_py())
            """, fixture.store.root, "\(cases.count)")
        #expect(printed.split(separator: "\n").map(String.init) == cases.map { "2 " + $0.2 })
    }
}
