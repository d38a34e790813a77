internal import Base
public import Columnar

/// The batches of a file, read one after another as they are asked for.
public final class BatchSequence {
    public let schema: Schema
    private let handle: ArrowReaderHandle
    private let importer: ArrowImporter
    /// Which of the columns read come, in what order; nil for all as they are.
    private let order: [Int]?

    init(handle: ArrowReaderHandle, importer: ArrowImporter, schema: Schema, order: [Int]? = nil) {
        self.handle = handle
        self.importer = importer
        self.schema = schema
        self.order = order
    }

    /// The next rows, never an empty batch; nil at the end.
    ///
    /// - Throws: `malformedFile` where the contents are broken from here on.
    public func next() throws(FormatsError) -> RecordBatch? {
        while let read = try handle.next(importer) {
            guard read.count > 0 else { continue }
            let columns = order.map { $0.map { read.columns[$0] } } ?? read.columns
            return RecordBatch(
                schema: schema, columns: zip(columns, schema.fields).map { TypeRestoring.column($0, as: $1.type) },
                count: read.count)
        }
        return nil
    }

    /// All batches as one.
    func joined(path: String) throws(FormatsError) -> RecordBatch {
        var batches: [RecordBatch] = []
        while let batch = try next() { batches.append(batch) }
        do throws(ColumnarError) { return try RecordBatch.concatenate(batches, schema: schema) } catch {
            throw .outOfMemory(path: path, problem: error.report.message)
        }
    }
}
