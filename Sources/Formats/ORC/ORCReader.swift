internal import CArrow
public import Columnar

/// Reads one ORC file.
public final class ORCReader {
    public let path: String
    public let schema: Schema
    public let rowCount: Int
    private let handle: ArrowReaderHandle

    /// - Throws: `missingFile`; `malformedFile` where it is not a whole ORC file.
    public init(path: String) throws(FormatsError) {
        self.path = path
        handle = try unsafe ArrowReaderHandle(call: ArrowCall(path: path, format: "ORC")) {
            unsafe carrow_read_orc(path, $0)
        }
        schema = try handle.schema()
        rowCount = handle.rowCount ?? 0
    }

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - columns: names of top-level columns, in the order wanted; nil for all.
    ///   - batchRows: rows a batch at most.
    public func readBatches(columns: [String]? = nil, batchRows: Int = 65_536) throws(FormatsError) -> BatchSequence {
        let names = columns ?? schema.fields.map(\.name)
        for name in names where schema.index(of: name) == nil {
            throw .missingColumn(name, path: path, available: schema.fields.map(\.name))
        }
        let path = path
        let own = try unsafe ArrowReaderHandle(call: handle.call) { unsafe carrow_read_orc(path, $0) }
        try own.startORC(names: names, batchRows: batchRows)
        let importer = try own.batchImporter()
        let order = names.map { importer.schema.index(of: $0)! }
        return BatchSequence(
            handle: own, importer: importer,
            schema: Schema(order.map { importer.schema[$0] }, metadata: schema.metadata), order: order)
    }

    public func readAll(columns: [String]? = nil) throws(FormatsError) -> RecordBatch {
        try readBatches(columns: columns).joined(path: path)
    }
}

extension ArrowReaderHandle {
    fileprivate func startORC(names: [String], batchRows: Int) throws(FormatsError) {
        _ = try unsafe call { error in
            func begin(_ rest: ArraySlice<String>, _ texts: [UnsafePointer<CChar>?]) -> Bool {
                guard let first = rest.first else {
                    return unsafe carrow_reader_start_orc(handle, texts, Int32(texts.count), Int64(batchRows), error)
                }
                return unsafe first.withCString { unsafe begin(rest.dropFirst(), texts + [$0]) }
            }
            return unsafe begin(names[...], [])
        }
    }
}
