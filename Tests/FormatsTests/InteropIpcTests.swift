import Base
import Columnar
import Formats
import Testing

@Suite struct InteropIpcTests {
    @Test(arguments: 0..<30)
    func batchesComeBack(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed) + 300)
        let leaf = BatchGenerator.leafTypes
        let schema =
            seed < 2
            ? Schema(leaf.enumerated().map { Field("c\($0)", $1) }, metadata: ["k": "v"])
            : generator.schema(columns: 4, depth: 3)
        let batches = (0..<2).map { _ in generator.batch(schema, rows: generator.int(0..<50)) }
        let expected = try RecordBatch.concatenate(batches, schema: schema)
        let compression: Compression = [.none, .zstd, .lz4][seed % 3]
        let memory = try IPCWriter(path: nil, schema: schema, form: .stream, compression: compression)
        for batch in batches { try memory.write(batch) }
        let back = try IPCReader(bytes: try memory.closeToBytes())
        #expect(back.schema == schema)
        #expect(sameRows(try back.readAll(), expected), "\(schema)")
        try withFolder { folder in
            let file = try IPCWriter(path: folder + "/x.arrow", schema: schema, compression: compression)
            try file.write(expected)
            try file.close()
            let reader = try IPCReader(path: folder + "/x.arrow")
            #expect(reader.rowCount == expected.count)
            #expect(sameRows(try reader.readAll(), expected))
        }
    }

    @Test(arguments: 0..<60)
    func brokenBytesAreRefusedOrRead(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed))
        let schema = Schema([Field("s", .utf8), Field("l", .list(Field("item", .int32)))])
        var bytes = try generator.batch(schema, rows: 50).ipcBytes()
        if seed % 2 == 0 { bytes = Array(bytes.prefix(generator.int(0..<bytes.count))) }
        for _ in 0..<3 where !bytes.isEmpty { bytes[generator.int(0..<bytes.count)] ^= UInt8(generator.int(1..<256)) }
        do { _ = try IPCReader(bytes: bytes).readAll().description } catch {
            #expect(error.report.code.hasPrefix("FMT-"))
        }
    }
}
