import Base
import CArrow
import CArrowABI
import Columnar
import Foundation
import Testing

@testable import Formats

@Suite struct ParquetFailureTests {
    static let schema = Schema([Field("a", .int64), Field("b", .utf8)])

    private func write(_ path: String, rows: Int = 500) throws {
        var generator = BatchGenerator(seed: 1)
        let writer = try ParquetWriter(path: path, schema: Self.schema)
        try writer.write(generator.batch(Self.schema, rows: rows))
        _ = try writer.close()
    }

    @Test func missingFileAndFolder() throws {
        try withFolder { folder in
            #expect(throws: FormatsError.missingFile(path: folder + "/none.parquet")) {
                _ = try ParquetReader(path: folder + "/none.parquet")
            }
            #expect(throws: FormatsError.missingFile(path: folder + "/no/x.parquet")) {
                _ = try ParquetWriter(path: folder + "/no/x.parquet", schema: Self.schema)
            }
        }
    }

    /// Cut anywhere, a file is refused or reads as rows; it never crashes.
    @Test func truncatedFilesAreRefused() throws {
        try withFolder { folder in
            try write(folder + "/x.parquet")
            let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/x.parquet"))
            for cut in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
                let path = folder + "/cut.parquet"
                try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
                #expect {
                    _ = try ParquetReader(path: path).readAll()
                } throws: { error in
                    guard case .malformedFile(path, "Parquet", let problem) = error as? FormatsError else {
                        return false
                    }
                    return !problem.isEmpty && (error as? FormatsError)?.report.code == "FMT-002"
                }
            }
        }
    }

    @Test(arguments: 0..<40)
    func flippedBytesNeverCrash(seed: Int) throws {
        try withFolder { folder in
            let path = folder + "/x.parquet"
            try write(path)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            var generator = BatchGenerator(seed: UInt64(seed))
            for _ in 0..<5 { bytes[generator.int(0..<bytes.count)] ^= UInt8(generator.int(1..<256)) }
            try bytes.write(to: URL(fileURLWithPath: path))
            do { _ = try ParquetReader(path: path).readAll() } catch { #expect((error as? FormatsError) != nil) }
        }
    }

    @Test func garbageIsNamed() throws {
        try withFolder { folder in
            let path = folder + "/x.parquet"
            try Data("this is no such file, but long enough to be one".utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: FormatsError.self) { _ = try ParquetReader(path: path) }
            #expect(throws: FormatsError.self) { _ = try ORCReader(path: path) }
            #expect(throws: FormatsError.self) { _ = try IPCReader(path: path) }
            #expect(throws: FormatsError.self) { _ = try IPCReader(path: path, form: .stream) }
        }
    }

    /// `/dev/full` gives ENOSPC for every write, as a full disk does.
    @Test func fullDiskIsNamed() throws {
        let full = "/dev/full"
        guard FileManager.default.fileExists(atPath: full) else { return print("skipped: there is no \(full) here") }
        var generator = BatchGenerator(seed: 1)
        let batch = generator.batch(Self.schema, rows: 5000)
        let settings = ArrowWriteSettings()
        #expect(throws: FormatsError.diskFull(path: full)) {
            let writer = try unsafe ArrowWriterHandle(
                schema: Self.schema, call: ArrowCall(path: full, format: "Parquet")
            ) { schema, error in
                unsafe settings.withOptions { unsafe carrow_write_parquet(full, schema, $0, error) }
            }
            try writer.write(batch)
            try writer.close()
        }
    }

    @Test func whatIsNotClosedLeavesNothing() throws {
        try withFolder { folder in
            var generator = BatchGenerator(seed: 1)
            do {
                let writer = try ParquetWriter(path: folder + "/x.parquet", schema: Self.schema)
                try writer.write(generator.batch(Self.schema, rows: 10))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            try write(folder + "/x.parquet")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x.parquet"])
        }
    }

    @Test func wrongSchemaAndClosedWriters() throws {
        try withFolder { folder in
            var generator = BatchGenerator(seed: 1)
            let writer = try ParquetWriter(path: folder + "/x.parquet", schema: Self.schema)
            let other = generator.batch(Schema([Field("a", .int32), Field("b", .utf8)]), rows: 3)
            #expect(throws: FormatsError.self) { try writer.write(other) }
            _ = try writer.close()
            #expect(throws: FormatsError.closed(path: folder + "/x.parquet")) { _ = try writer.close() }
            #expect(throws: FormatsError.self) {
                _ = try ParquetWriter(path: folder + "/i.parquet", schema: Schema([Field("i", .intervalMonthDayNano)]))
            }
        }
    }
}
