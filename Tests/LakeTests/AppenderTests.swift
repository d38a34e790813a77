import Base
import Columnar
import Foundation
import Storage
import Testing

@testable import Lake

struct AppenderTests {
    @Test func smallMemoryWithManyPartitions() throws {
        let fixture = try LakeFixture()
        let schema = Schema([Field("p", .int32), Field("id", .int64), Field("text", .utf8)])
        let table = try fixture.create(schema: schema, partitionColumns: ["p"])
        let appender = try table.appender(AppendOptions(rowGroupBytes: 64 << 10, memoryBytes: 128 << 10, openFiles: 10))
        var largest = 0
        for start in stride(from: 0, to: 20_000, by: 500) {
            try appender.write(
                batch(
                    schema,
                    (start..<start + 500).map { [.int(Int64($0 % 40)), .int(Int64($0)), .string("row \($0)")] }))
            largest = max(largest, appender.heldBytes)
        }
        #expect(largest <= 128 << 10)
        let prepared = try appender.prepare()
        #expect(prepared.fileCount >= 40)
        try table.commit([prepared])
        #expect(try ids(table) == Array(0..<20_000))
        #expect(try fixture.store.list(prefix: "t/p=7/").allSatisfy { $0.path.hasSuffix(".zstd.parquet") })
        let file = try #require(try table.dataFiles(where: [.equals("p", .int(7))]).first)
        #expect(file.path.hasPrefix(fixture.store.root) && file.partitionValues == ["p": .int(7)])
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test func filesEndAtTheirSize() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create()
        let options = AppendOptions(fileBytes: 1000, rowGroupBytes: 2000)
        let appender = try table.appender(options)
        for number in 0..<10 { try appender.write(rows(number * 200..<number * 200 + 200)) }
        let prepared = try appender.prepare()
        try table.commit([prepared])
        #expect(try ids(table) == Array(0..<2000))
    }

    @Test func abortLeavesNothing() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(partitionColumns: ["carrier"])
        let appender = try table.appender()
        try appender.write(rows(0..<20))
        let prepared = try appender.prepare()
        try appender.write(rows(20..<40))
        appender.abort()
        #expect(try fixture.store.list(prefix: "t/carrier").count == prepared.fileCount)
        try table.abort([prepared])
        #expect(try fixture.store.list(prefix: "t/carrier").isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.store.root + "/.staging").isEmpty)
        try append(rows(0..<4), to: table)
        #expect(try ids(table) == [0, 1, 2, 3])
    }

    @Test func severalWorkersOneCommit() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create()
        let parts = try (0..<3).map { worker in
            let appender = try table.appender()
            try appender.write(rows(worker * 10..<worker * 10 + 10))
            return try appender.prepare()
        }
        #expect(try table.commit(parts, application: "job", version: 5).isNew)
        for version in [Int64(5), 4] { #expect(try !table.commit(parts, application: "job", version: version).isNew) }
        #expect(try table.commit([], application: "job", version: 6).isNew, "an epoch without rows counts too")
        #expect(try table.snapshot().transactionVersion("job") == 6)
        #expect(try table.snapshot().version == 2)
        #expect(try ids(table) == Array(0..<30))
        let other = try fixture.create("other")
        #expect { try other.commit(parts) } throws: { ($0 as? LakeError)?.report.code == "LAK-016" }
        try table.overwrite(with: [])
        #expect { try table.commit(parts) } throws: { ($0 as? LakeError)?.report.code == "LAK-016" }
        #expect(try ids(table) == [])
    }

    @Test func typesThatDeltaLacks() throws {
        let fixture = try LakeFixture()
        let schema = Schema([
            Field("a", .uint32), Field("b", .timestamp(.millisecond, zone: "Africa/Johannesburg")),
            Field("c", .dictionary(index: .int8, value: .utf8, ordered: false)), Field("d", .date64),
            Field("e", .uint64), Field("f", .list(Field("item", .int8))),
        ])
        let table = try fixture.create(schema: schema, partitionColumns: ["c"])
        try append(
            batch(
                schema,
                [
                    [
                        .uint(4_000_000_000), .int(-1), .string("x"), .int(-86_400_000), .uint(.max),
                        .list([.int(1), .null]),
                    ], [.null, .null, .null, .null, .null, .null],
                ]), to: table)
        #expect(
            try contents(table).contains([
                .int(4_000_000_000), .int(-1000), .string("x"), .int(-1), .decimal(Int128(UInt64.max)),
                .list([.int(1), .null]),
            ]))
        for type in [DataType.time64(.microsecond), .timestamp(.nanosecond, zone: nil), .intervalMonthDayNano, .null] {
            #expect { try fixture.create("no", schema: Schema([Field("x", type)])) } throws: {
                ($0 as? LakeError)?.report.code == "LAK-004"
            }
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let fixture = try LakeFixture()
        let table = try fixture.create()
        let cases: [(Schema, [Scalar], String)] = [
            (Schema([Field("id", .utf8)]), [.string("1")], "LAK-011"),
            (Schema([Field("id", .int64), Field("more", .int64)]), [.int(1), .int(1)], "LAK-011"),
            (Schema([Field("id", .int64)]), [.null], "LAK-013"),
            (Schema([Field("amount", .float64)]), [.double(1)], "LAK-013"),
        ]
        for (schema, row, code) in cases {
            let appender = try table.appender()
            #expect { try appender.write(batch(schema, [row])) } throws: { ($0 as? LakeError)?.report.code == code }
            #expect(try appender.prepare().isEmpty)
        }
        #expect { try table.addColumns([Field("id", .utf8)]) } throws: { ($0 as? LakeError)?.report.code == "LAK-011" }
        #expect { try table.addColumns([Field("must", .utf8, nullable: false)]) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-012"
        }
        // Rows prepared before a column came still fit.
        let appender = try table.appender()
        try appender.write(rows(0..<2))
        let prepared = try appender.prepare()
        try table.evolve(to: Schema(LakeFixture.schema.fields + [Field("at", .timestamp(.microsecond, zone: nil))]))
        #expect(try table.snapshot().tableProtocol.readerFeatures == ["timestampNtz"])
        try table.commit([prepared])
        #expect(try contents(table, columns: ["id", "at"]) == [[.int(0), .null], [.int(1), .null]])
    }

    @Test(arguments: [
        (FilePredicate.equals("id", .int(15)), [10]), (.less("id", .int(10)), [0]),
        (.lessOrEqual("id", .int(10)), [0, 10]),
        (.greater("amount", .double(9.5)), [20]), (.isNull("id"), []), (.isIn("id", [.int(3), .int(25)]), [0, 20]),
        (.equals("carrier", .string("zzz")), []), (.greaterOrEqual("month", .int(0)), [0, 10, 20]),
    ])
    func filesAreLeftOut(predicate: FilePredicate, starts: [Int]) throws {
        let fixture = try LakeFixture()
        let table = try fixture.create()
        for start in [0, 10, 20] { try append(rows(start..<start + 10), to: table) }
        let files = try table.snapshot().files(where: [predicate])
        var found: [Int] = []
        for file in files {
            let bounds = FileStatistics(file.stats ?? "")?.bounds("id", type: .int64)
            if case .int(let start) = bounds?.minimum { found.append(Int(start)) }
        }
        #expect(found.sorted() == starts)
        #expect { try table.dataFiles(where: [.isNull("nope")]) } throws: {
            ($0 as? LakeError)?.report.code == "LAK-018"
        }
    }
}
