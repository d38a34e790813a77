internal import Base
internal import CArrow
internal import CArrowABI
internal import Columnar

/// Owns one reader of the Arrow library.
@safe
final class ArrowReaderHandle {
    let handle: OpaquePointer
    let call: ArrowCall

    init(call: ArrowCall, open: (UnsafeMutablePointer<carrow_error>) -> OpaquePointer?) throws(FormatsError) {
        self.call = call
        guard let opened = try unsafe call({ unsafe open($0) }) else {
            throw .libraryFailure(path: call.path, problem: "no reader")
        }
        unsafe handle = opened
    }

    deinit { unsafe carrow_reader_free(handle) }

    func schema() throws(FormatsError) -> Schema {
        try unsafe importer { unsafe carrow_reader_schema(handle, $0, $1) }.schema
    }

    /// The schema that the writer of a Parquet file had, where the file says.
    func originalSchema() throws(FormatsError) -> Schema? {
        var described = unsafe ArrowSchema()
        guard try unsafe call({ unsafe carrow_reader_original_schema(handle, &described, $0) }) else { return nil }
        return try translating { () throws(ColumnarError) in try unsafe ArrowImporter(taking: &described) }.schema
    }

    /// Takes in the batches that were begun.
    func batchImporter() throws(FormatsError) -> ArrowImporter {
        try unsafe importer { unsafe carrow_reader_batch_schema(handle, $0, $1) }
    }

    /// Rows in all; nil where that is not known before the end.
    var rowCount: Int? {
        let rows = unsafe carrow_reader_rows(handle)
        return rows < 0 ? nil : Int(rows)
    }

    func parquetMetadata() -> ParquetMetadata? {
        unsafe carrow_reader_parquet(handle).map { unsafe ParquetMetadata(owning: $0, call: call) }
    }

    /// The next batch; nil at the end.
    func next(_ importer: ArrowImporter) throws(FormatsError) -> RecordBatch? {
        var array = unsafe ArrowArray()
        _ = try unsafe call { unsafe carrow_reader_next(handle, &array, $0) }
        guard unsafe array.release != nil else { return nil }
        return try translating { () throws(ColumnarError) in try unsafe importer.batch(taking: &array) }
    }

    private func importer(
        _ describe: (UnsafeMutablePointer<ArrowSchema>, UnsafeMutablePointer<carrow_error>) -> Bool
    ) throws(FormatsError) -> ArrowImporter {
        var described = unsafe ArrowSchema()
        _ = try unsafe call { unsafe describe(&described, $0) }
        return try translating { () throws(ColumnarError) in try unsafe ArrowImporter(taking: &described) }
    }

    private func translating<Result>(_ body: () throws(ColumnarError) -> Result) throws(FormatsError) -> Result {
        do throws(ColumnarError) { return try body() } catch {
            switch error {
            case .unsupportedType: throw .unsupportedColumn(format: call.format, problem: error.report.message)
            default: throw .malformedFile(path: call.path, format: call.format, problem: error.report.message)
            }
        }
    }
}
