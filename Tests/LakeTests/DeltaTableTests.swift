import Base
import Columnar
import Foundation
import Lake
import Storage
import Testing

struct DeltaTableTests {
    @Test(arguments: [[], ["month"], ["month", "carrier"]])
    func whatIsCommittedIsRead(partitionColumns: [String]) throws {
        let fixture = try LakeFixture()
        let table = try fixture.create(partitionColumns: partitionColumns)
        let appender = try table.appender()
        try appender.write(rows(0..<50))
        try appender.write(rows(50..<60))
        let prepared = try appender.prepare()
        #expect(prepared.rowCount == 60)
        #expect(try table.snapshot().fileCount == 0, "nothing is visible before the commit")
        let again = try PreparedCommit(bytes: prepared.bytes)
        #expect(again == prepared)
        #expect(try table.commit([again]).isNew)
        #expect(try !table.commit([again]).isNew, "the same files a second time change nothing")
        let snapshot = try table.snapshot()
        #expect(snapshot.version == 1)
        #expect(snapshot.rowCount == 60)
        #expect(try ids(table) == Array(0..<60))
        let opened = try DeltaTable.open(store: fixture.store, path: "t")
        #expect(try contents(opened) == contents(table))
        let all = try contents(table)
        let expected = try rows(0..<60)
        #expect(all.count == 60)
        #expect(Set(all) == Set((0..<60).map { row in expected.columns.map { $0.scalar(at: row) } }))
    }
}
