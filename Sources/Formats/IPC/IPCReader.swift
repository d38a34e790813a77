internal import CArrow
public import Columnar

/// Reads record batches from Arrow IPC. Every batch is checked in full, so bytes from outside are safe to read.
public final class IPCReader {
    public let schema: Schema
    /// Rows in all; nil for a stream, which tells only at its end.
    public let rowCount: Int?
    private let batches: BatchSequence

    public init(path: String, form: IPCForm = .file) throws(FormatsError) {
        let handle = try unsafe ArrowReaderHandle(call: ArrowCall(path: path, format: "Arrow IPC")) {
            unsafe carrow_read_ipc(path, form == .stream, $0)
        }
        (schema, rowCount) = (try handle.schema(), handle.rowCount)
        batches = BatchSequence(handle: handle, importer: try handle.batchImporter(), schema: schema)
    }

    /// Reads a copy of `bytes`.
    public init(bytes: [UInt8], form: IPCForm = .stream) throws(FormatsError) {
        let handle = try unsafe ArrowReaderHandle(call: ArrowCall(path: "a buffer", format: "Arrow IPC")) { error in
            unsafe bytes.withUnsafeBytes {
                unsafe carrow_read_ipc_memory($0.baseAddress, $0.count, form == .stream, error)
            }
        }
        (schema, rowCount) = (try handle.schema(), handle.rowCount)
        batches = BatchSequence(handle: handle, importer: try handle.batchImporter(), schema: schema)
    }

    /// The next batch that has rows; nil at the end.
    public func next() throws(FormatsError) -> RecordBatch? { try batches.next() }

    /// All batches that are left as one.
    public func readAll() throws(FormatsError) -> RecordBatch { try batches.joined(path: "Arrow IPC") }
}
