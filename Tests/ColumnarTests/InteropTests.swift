import Base
import CArrowABI
import Columnar
import Testing

/// Sends a batch through the C data interface and back.
func throughInterface(_ batch: RecordBatch) throws -> RecordBatch {
    let schema = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
    let array = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
    defer {
        unsafe schema.deallocate()
        unsafe array.deallocate()
    }
    unsafe batch.schema.export(to: schema)
    unsafe batch.export(to: array)
    return try unsafe RecordBatch(taking: array, schema: schema)
}

@Suite struct InteropTests {
    @Test(arguments: BatchGenerator.leafTypes)
    func everyTypeGoesThroughAndBack(type: DataType) throws {
        var generator = BatchGenerator(seed: 7)
        let schema = Schema([Field("x", type, metadata: ["unit": "m", "a": ""])], metadata: ["k": "v"])
        for rows in [0, 1, 8, 65] {
            let batch = generator.batch(schema, rows: rows)
            #expect(try throughInterface(batch).isEqual(to: batch))
        }
    }

    @Test(arguments: 0..<60)
    func nestedBatchesGoThroughAndBack(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed))
        let schema = generator.schema(columns: 4, depth: 3)
        let batch = generator.batch(schema, rows: generator.int(0..<100))
        let back = try throughInterface(batch)
        #expect(back.isEqual(to: batch))
        #expect((0..<batch.count).allSatisfy { "\(back.row($0))" == "\(batch.row($0))" })
    }

    @Test func columnsLiveUntilTheReceiverReleases() {
        let array = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
        defer { unsafe array.deallocate() }
        weak var watched: Column?
        do {
            var generator = BatchGenerator(seed: 1)
            let column = generator.batch(Schema([Field("x", .list(Field("item", .utf8)))]), rows: 9).columns[0]
            watched = column
            unsafe column.export(to: array)
        }
        #expect(watched != nil)
        unsafe array.pointee.release(array)
        #expect(watched == nil)
        #expect(unsafe array.pointee.release == nil)
    }

    @Test func importedMemoryIsReleasedWithTheLastSlice() throws {
        weak var watched: Column?
        var slice: Column?
        do {
            var generator = BatchGenerator(seed: 2)
            generator.nullEvery = 0
            let batch = generator.batch(Schema([Field("x", .int64), Field("y", .utf8)]), rows: 10)
            watched = batch.columns[0]
            slice = try throughInterface(batch).columns[0].slice(2..<3)
        }
        #expect(watched != nil)
        #expect(slice?.count == 1)
        slice = nil
        #expect(watched == nil)
    }

    @Test(arguments: ["tiM", "+ud:0,1", "+r", "d:50,2,256", "+vl", "nonsense", "tsx:", "w:-3", "d:99,1"])
    func unsupportedFormatsAreNamed(format: String) throws {
        let schema = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
        defer { unsafe schema.deallocate() }
        unsafe Schema([Field("x", .int64)]).export(to: schema)
        unsafe format.withCString { text in
            let child = unsafe schema.pointee.children[0]!
            let original = unsafe child.pointee.format
            unsafe child.pointee.format = text
            #expect(throws: ColumnarError.unsupportedType(format)) { _ = try unsafe readLent(schema) }
            unsafe child.pointee.format = original
        }
        unsafe schema.pointee.release(schema)
    }

    @Test(arguments: Tampering.allCases)
    func malformedArraysAreRefused(tampering: Tampering) throws {
        var generator = BatchGenerator(seed: 3)
        generator.nullEvery = 3
        let fields = [
            Field("n", .int64), Field("s", .utf8), Field("l", .list(Field("item", .int32))),
            Field("d", .dictionary(index: .int32, value: .utf8, ordered: false)),
        ]
        let batch = try generator.batch(Schema(fields), rows: 20).compacted()
        let schema = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
        let array = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
        defer {
            unsafe schema.deallocate()
            unsafe array.deallocate()
        }
        unsafe batch.schema.export(to: schema)
        unsafe batch.export(to: array)
        let scratch = UnsafeMutablePointer<Int32>.allocate(capacity: 64)
        defer { unsafe scratch.deallocate() }
        unsafe scratch.initialize(repeating: 1_000_000, count: 64)
        unsafe tampering.apply(array, scratch)
        #expect {
            _ = try unsafe RecordBatch(taking: array, schema: schema)
        } throws: { error in
            guard case .foreignData = error as? ColumnarError else { return false }
            return true
        }
        #expect(unsafe array.pointee.release == nil)
        #expect(unsafe schema.pointee.release == nil)
    }

    enum Tampering: CaseIterable {
        case negativeLength, hugeOffset, tooFewColumns, nullRows, missingValues, missingValidity, bufferCount
        case unorderedOffsets, listPastItems, indexOutside

        func apply(_ array: UnsafeMutablePointer<ArrowArray>, _ scratch: UnsafeMutablePointer<Int32>) {
            let child = unsafe array.pointee.children!
            switch self {
            case .negativeLength: unsafe child[0]!.pointee.length = -1
            case .hugeOffset: unsafe child[0]!.pointee.offset = Int64.max
            case .tooFewColumns: unsafe child[1]!.pointee.length = 3
            case .nullRows: unsafe array.pointee.null_count = 2
            case .missingValues: unsafe child[0]!.pointee.buffers[1] = nil
            case .missingValidity: unsafe child[0]!.pointee.buffers[0] = nil
            case .bufferCount: unsafe child[0]!.pointee.n_buffers = 1
            case .unorderedOffsets:
                unsafe scratch[5] = -7
                unsafe child[1]!.pointee.buffers[1] = UnsafeRawPointer(scratch)
            case .listPastItems:
                unsafe child[2]!.pointee.buffers[1] = UnsafeRawPointer(scratch)
            case .indexOutside: unsafe child[3]!.pointee.buffers[1] = UnsafeRawPointer(scratch)
            }
        }
    }
}

/// Reads a schema that stays the caller's: the importer releases what it takes, so it is given a lent copy.
private func readLent(_ schema: UnsafeMutablePointer<ArrowSchema>) throws -> Schema {
    var lent = unsafe schema.pointee
    unsafe lent.release = { schema in unsafe schema?.pointee.release = nil }
    return try unsafe ArrowImporter(taking: &lent).schema
}
