import Base
import Columnar
import Foundation
import Lake
import Storage
import Testing

/// This program reads, and goes on with, what another wrote.
@Suite(.enabled(if: PythonPeer.isThere))
struct PeerWritesTests {
    @Test func appendsOverwritesAndCheckpoints() throws {
        let fixture = try LakeFixture()
        let location = fixture.store.location("peer")
        _ = try PythonPeer.run(
            """
            import sys, pyarrow as pa
            from deltalake import DeltaTable, write_deltalake, Transaction, CommitProperties
            def part(a, b): return pa.table({'id': pa.array(range(a, b), pa.int64()), 'p': ['x y' if i % 2 else 'ü/=' for i in range(a, b)]})
            at = sys.argv[1]
            write_deltalake(at, part(0, 10), partition_by=['p'])
            write_deltalake(at, part(10, 20), mode='append', commit_properties=CommitProperties(app_transactions=[Transaction('peer', 7)]))
            DeltaTable(at).create_checkpoint()
            write_deltalake(at, part(20, 30), mode='overwrite')
            write_deltalake(at, part(30, 40), mode='append')
            """, location)
        let table = try DeltaTable.open(store: fixture.store, path: "peer")
        #expect(try table.snapshot().version == 3)
        #expect(try ids(table) == Array(20..<40))
        #expect(try ids(table, table.snapshot(version: 1)) == Array(0..<20))
        #expect(try table.snapshot(version: 1).transactionVersion("peer") == 7)
        #expect(try table.snapshot().transactionVersion("peer") == 7)
        #expect(try contents(table).filter { $0[1] == .string("ü/=") }.count == 10)
        #expect(try table.dataFiles(where: [.equals("p", .string("x y"))]).count == 2)
        #expect(try table.dataFiles(where: [.greaterOrEqual("id", .int(30))]).count == 2)

        // A turn each: ours, theirs, and both read all of it.
        try append(
            batch(try table.snapshot().schema, [[.int(100), .string("x y")]]), to: table, application: "peer",
            version: 8)
        _ = try PythonPeer.run(
            """
            import sys, pyarrow as pa
            from deltalake import DeltaTable, write_deltalake
            t = DeltaTable(sys.argv[1])
            assert t.transaction_version('peer') == 8
            write_deltalake(t, pa.table({'id': pa.array([101], pa.int64()), 'p': ['new']}), mode='append')
            t = DeltaTable(sys.argv[1])
            t.optimize.compact()
            t.delete("id = 20")
            """, location)
        #expect(try ids(table) == Array(21..<40) + [100, 101])
        let again = try append(
            batch(try table.snapshot().schema, [[.int(100), .string("x y")]]), to: table, application: "peer",
            version: 8)
        #expect(!again.isNew)
    }

    @Test func allPrimitiveTypes() throws {
        let fixture = try LakeFixture()
        _ = try PythonPeer.run(
            """
            import sys, datetime, decimal, pyarrow as pa
            from deltalake import DeltaTable, write_deltalake
            t = pa.table({
                'l': pa.array([1 << 60, None], pa.int64()), 'i': pa.array([-7, None], pa.int32()),
                's': pa.array([300, None], pa.int16()), 'b': pa.array([-128, None], pa.int8()),
                'f': pa.array([1.5, None], pa.float32()), 'd': pa.array([0.1, None], pa.float64()),
                'n': pa.array([decimal.Decimal('-1234.567'), None], pa.decimal128(20, 3)),
                't': pa.array(['a"b', None]), 'x': pa.array([bytes([0, 255]), None], pa.binary()),
                'o': pa.array([True, None]), 'day': pa.array([datetime.date(1969, 12, 31), None]),
                'z': pa.array([-1, None], pa.timestamp('us', 'UTC')), 'w': pa.array([1000001, None], pa.timestamp('us')),
                'a': pa.array([[1, None], None], pa.list_(pa.int32())),
                'r': pa.array([{'p': 'p', 'q': 2}, None], pa.struct([('p', pa.string()), ('q', pa.int64())])),
                'm': pa.array([[('k', 9)], None], pa.map_(pa.string(), pa.int64())),
            })
            write_deltalake(sys.argv[1], t)
            DeltaTable(sys.argv[1]).create_checkpoint()
            """, fixture.store.location("types"))
        try FileManager.default.removeItem(
            atPath: fixture.store.location("types/_delta_log/00000000000000000000.json"))
        let table = try DeltaTable.open(store: fixture.store, path: "types")
        let all = try contents(table)
        #expect(
            all.contains([
                .int(1 << 60), .int(-7), .int(300), .int(-128), .double(1.5), .double(0.1), .decimal(-1234567),
                .string("a\"b"), .bytes([0, 255]), .bool(true), .int(-1), .int(-1), .int(1_000_001),
                .list([.int(1), .null]), .structure([.string("p"), .int(2)]), .map([.init(.string("k"), .int(9))]),
            ]))
        #expect(all.contains { $0.allSatisfy { $0.isNull } })
        #expect(all.count == 2)
        #expect(try table.snapshot().rowCount == 2)
    }

    @Test func whatCannotBeHonouredIsRefused() throws {
        let fixture = try LakeFixture()
        for (name, properties) in [
            ("cdf", "{'delta.enableChangeDataFeed': 'true'}"), ("append", "{'delta.appendOnly': 'true'}"),
        ] {
            _ = try PythonPeer.run(
                """
                import sys, pyarrow as pa
                from deltalake import DeltaTable
                DeltaTable.create(sys.argv[1], schema=pa.schema([('id', pa.int64())]), configuration=\(properties))
                """, fixture.store.location(name))
        }
        let feed = try DeltaTable.open(store: fixture.store, path: "cdf")
        #expect { try feed.appender() } throws: { ($0 as? LakeError)?.report.code == "LAK-003" }
        let log = try DeltaTable.open(store: fixture.store, path: "append")
        try append(batch(Schema([Field("id", .int64)]), [[.int(1)]]), to: log)
        #expect { try log.delete(partition: [:]) } throws: { ($0 as? LakeError)?.report.code == "LAK-014" }
    }
}
