internal import CArrow
public import Columnar

/// Reads one Parquet file: all of it, or some columns and row groups.
public final class ParquetReader {
    public let path: String
    /// The columns as `readBatches` gives them.
    public let schema: Schema
    public let rowCount: Int
    private let handle: ArrowReaderHandle
    private let metadata: ParquetMetadata

    /// - Throws: `missingFile`; `malformedFile` where it is not a whole Parquet file; `unsupportedColumn` for types that
    ///   columns do not have.
    public init(path: String) throws(FormatsError) {
        self.path = path
        handle = try unsafe ArrowReaderHandle(call: ArrowCall(path: path, format: "Parquet")) {
            unsafe carrow_read_parquet(path, $0)
        }
        guard let metadata = handle.parquetMetadata() else {
            throw .libraryFailure(path: path, problem: "no account of the file")
        }
        self.metadata = metadata
        rowCount = metadata.rowCount
        let stored = try handle.schema()
        let original = (try? handle.originalSchema()) ?? nil
        schema = Schema(
            stored.fields.map { field in
                guard let before = original?.field(named: field.name) else { return field }
                let type = TypeRestoring.type(stored: field.type, original: before.type)
                return Field(field.name, type, nullable: field.nullable, metadata: field.metadata)
            }, metadata: stored.metadata)
    }

    public var rowGroupCount: Int { metadata.rowGroupCount }
    public func rowCount(ofRowGroup group: Int) -> Int { metadata.rowCount(ofRowGroup: group) }

    /// The extremes and nulls of each leaf column in the whole file.
    public func columnSummaries() throws(FormatsError) -> [ParquetColumnSummary] {
        try metadata.columnSummaries(schema)
    }
    /// Those in one row group, by which a caller leaves row groups out.
    public func columnSummaries(ofRowGroup group: Int) throws(FormatsError) -> [ParquetColumnSummary] {
        try metadata.columnSummaries(schema, group: group)
    }

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - columns: names of top-level columns, in the order wanted; nil for all.
    ///   - rowGroups: which row groups; nil for all.
    ///   - batchRows: rows a batch at most.
    /// - Throws: `missingColumn`, or why the file could not be read.
    public func readBatches(
        columns: [String]? = nil, rowGroups: [Int]? = nil, batchRows: Int = 65_536
    ) throws(FormatsError) -> BatchSequence {
        let names = columns ?? schema.fields.map(\.name)
        var wanted: Set<Int> = []
        for name in names {
            guard let index = schema.index(of: name) else {
                throw .missingColumn(name, path: path, available: schema.fields.map(\.name))
            }
            wanted.insert(index)
        }
        if columns == nil { wanted = Set(0..<schema.count) }
        let leaves = (0..<metadata.leafCount).filter { wanted.contains(metadata.root(ofLeaf: $0)) }.map { Int32($0) }
        let groups = (rowGroups ?? Array(0..<rowGroupCount)).map { Int32($0) }
        precondition(groups.allSatisfy { (0..<Int32(rowGroupCount)).contains($0) }, "a row group that is not there")
        // A reader of its own: batches of two calls must not mix.
        let path = path
        let own = try unsafe ArrowReaderHandle(call: handle.call) { unsafe carrow_read_parquet(path, $0) }
        _ = try unsafe handle.call { error in
            unsafe carrow_reader_start_parquet(
                own.handle, leaves, Int32(leaves.count), groups, Int32(groups.count), Int64(batchRows), error)
        }
        let present = schema.fields.indices.filter { wanted.contains($0) }
        let order = columns == nil ? nil : names.map { present.firstIndex(of: schema.index(of: $0)!)! }
        let fields = present.map { schema[$0] }
        return BatchSequence(
            handle: own, importer: try own.batchImporter(),
            schema: Schema(order.map { $0.map { fields[$0] } } ?? fields, metadata: schema.metadata), order: order)
    }

    /// All rows of some columns in one batch, for small files and tests.
    public func readAll(columns: [String]? = nil) throws(FormatsError) -> RecordBatch {
        try readBatches(columns: columns).joined(path: path)
    }
}
