internal import CArrow
public import Columnar

/// Whether Arrow IPC is written for one pass, or with a footer by which batches are found in any order.
public enum IPCForm: Sendable, Hashable {
    case stream, file
}

/// Writes record batches as Arrow IPC, to a file that appears when `close()` succeeds, or to memory.
///
/// A stream sends new dictionaries along with batches. The file form has one dictionary a column, known before the first
/// batch, so there dictionary columns are written as plain values.
public final class IPCWriter {
    public let schema: Schema
    private let file: OutputFile?
    private let handle: ArrowWriterHandle
    private let written: Schema

    /// - Parameters:
    ///   - path: the file; nil for memory, from where `closeToBytes()` takes it.
    ///   - compression: none, zstd or lz4, which is all that Arrow IPC has.
    public init(
        path: String?, schema: Schema, form: IPCForm = .file, compression: Compression = .none, synced: Bool = false
    ) throws(FormatsError) {
        guard [.none, .zstd, .lz4].contains(compression) else {
            throw .unsupportedCompression(format: "Arrow IPC", compression: compression)
        }
        self.schema = schema
        let output = path.map { OutputFile(path: $0, synced: synced) }
        file = output
        let stored = form == .stream ? schema : schema.withoutDictionaries
        written = stored
        let settings = ArrowWriteSettings(compression: compression, framed: true)
        handle = try unsafe ArrowWriterHandle(
            schema: stored, call: ArrowCall(path: path ?? "a buffer", format: "Arrow IPC")
        ) { described, error in
            unsafe settings.withOptions { options in
                guard let output else {
                    return unsafe carrow_write_ipc(nil, described, options, form == .stream, error)
                }
                return unsafe carrow_write_ipc(output.temporaryPath, described, options, form == .stream, error)
            }
        }
    }

    /// - Throws: `wrongSchema`, or why nothing could be written; after that the writer only throws.
    public func write(_ batch: RecordBatch) throws(FormatsError) {
        guard written != schema, batch.schema.fields == schema.fields else { return try handle.write(batch) }
        let columns = zip(batch.columns, written.fields).map { $0.type == $1.type ? $0 : $0.withoutDictionaries() }
        try handle.write(RecordBatch(schema: written, columns: columns, count: batch.count))
    }

    /// Ends the file and gives it its name.
    ///
    /// - Returns: its size in bytes.
    @discardableResult
    public func close() throws(FormatsError) -> Int {
        try handle.close()
        let bytes = handle.byteCount
        try file?.commit()
        return bytes
    }

    /// Ends a writer to memory and gives what it wrote.
    public func closeToBytes() throws(FormatsError) -> [UInt8] {
        try close()
        return handle.memory()
    }
}

extension RecordBatch {
    /// These rows as one Arrow IPC stream.
    public func ipcBytes(compression: Compression = .none) throws(FormatsError) -> [UInt8] {
        let writer = try IPCWriter(path: nil, schema: schema, form: .stream, compression: compression)
        try writer.write(self)
        return try writer.closeToBytes()
    }
}
