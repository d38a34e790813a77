internal import CArrow
internal import CArrowABI
internal import Columnar

/// Owns one writer of the Arrow library.
@safe
final class ArrowWriterHandle {
    private let handle: OpaquePointer
    let call: ArrowCall
    private let schema: Schema
    private var isOpen = true

    /// - Parameter open: makes the writer from a schema, which it takes over.
    init(
        schema: Schema, call: ArrowCall,
        open: (UnsafeMutablePointer<ArrowSchema>, UnsafeMutablePointer<carrow_error>) -> OpaquePointer?
    ) throws(FormatsError) {
        self.call = call
        self.schema = schema
        let opened = try unsafe call { error in
            var described = unsafe ArrowSchema()
            unsafe schema.export(to: &described)
            return unsafe open(&described, error)
        }
        guard let opened = unsafe opened else { throw .libraryFailure(path: call.path, problem: "no writer") }
        unsafe handle = opened
    }

    deinit { unsafe carrow_writer_free(handle) }

    func write(_ batch: RecordBatch) throws(FormatsError) {
        guard isOpen else { throw .closed(path: call.path) }
        guard batch.schema.fields.elementsEqual(schema.fields, by: { $0.name == $1.name && $0.type == $1.type }) else {
            throw .wrongSchema(expected: "\(schema)", found: "\(batch.schema)")
        }
        // After a failure the file is not to be trusted, so nothing more goes into it.
        isOpen = false
        _ = try unsafe call { error in
            var array = unsafe ArrowArray()
            unsafe batch.export(to: &array)
            return unsafe carrow_writer_write(handle, &array, error)
        }
        isOpen = true
    }

    /// Ends a Parquet file's row group; nothing happens before its first row.
    func endRowGroup() throws(FormatsError) {
        guard isOpen else { throw .closed(path: call.path) }
        isOpen = false
        _ = try unsafe call { unsafe carrow_writer_end_row_group(handle, $0) }
        isOpen = true
    }

    /// Ends the file.
    func close() throws(FormatsError) {
        guard isOpen else { throw .closed(path: call.path) }
        isOpen = false
        _ = try unsafe call { unsafe carrow_writer_close(handle, $0) }
    }

    var byteCount: Int { unsafe Int(carrow_writer_bytes(handle)) }

    /// What was written to memory, once closed.
    func memory() -> [UInt8] {
        var count = 0
        let start = unsafe carrow_writer_memory(handle, &count)
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The account of a closed Parquet file.
    func parquetMetadata() -> ParquetMetadata? {
        unsafe carrow_writer_parquet(handle).map { unsafe ParquetMetadata(owning: $0, call: call) }
    }
}

/// What the shim wants to know of how to write.
struct ArrowWriteSettings {
    var compression: Compression = .none
    var level: Int?
    var rowGroupRows = 1 << 20
    var dictionary = true
    var statistics = true
    /// Whether LZ4 is in frames, as in Arrow IPC, or in raw blocks, as in Parquet and ORC.
    var framed = false

    func withOptions<Result>(_ body: (UnsafePointer<carrow_write_options>) -> Result) -> Result {
        unsafe (compression == .lz4 && !framed ? "lz4_raw" : compression.rawValue).withCString { name in
            unsafe "gariep".withCString { program in
                var options = unsafe carrow_write_options(
                    compression: name, level: level.map { Int32($0) } ?? Int32.min,
                    row_group_rows: Int64(rowGroupRows), dictionary: dictionary, statistics: statistics,
                    created_by: program)
                return unsafe body(&options)
            }
        }
    }
}
