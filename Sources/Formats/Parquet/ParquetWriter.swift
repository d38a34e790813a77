internal import CArrow
public import Columnar

/// Writes one Parquet file, which appears under its name when `close()` succeeds.
///
/// Columns of seconds are kept in milliseconds, as Parquet has none; `ParquetReader` turns them back. Dictionaries that
/// are not of strings or bytes, or not at the top level, are written as plain values.
public final class ParquetWriter {
    public let path: String
    public let schema: Schema
    private let file: OutputFile
    private let handle: ArrowWriterHandle
    private let written: Schema

    /// - Throws: `unsupportedColumn` for intervals, which Arrow's Parquet cannot write; `unsupportedCompression`;
    ///   `missingFile` where the folder is not there; `diskFull`, `failedIO`.
    public init(path: String, schema: Schema, options: ParquetOptions = ParquetOptions()) throws(FormatsError) {
        self.path = path
        self.schema = schema
        guard options.rowGroupRows > 0 else {
            throw .unsupportedColumn(format: "Parquet", problem: "row groups of \(options.rowGroupRows) rows")
        }
        let stored = Schema(schema.fields.map(ParquetWriter.storedField), metadata: schema.metadata)
        written = stored
        let output = OutputFile(path: path, synced: options.synced)
        file = output
        let settings = ArrowWriteSettings(
            compression: options.compression, level: options.level, rowGroupRows: options.rowGroupRows,
            dictionary: options.dictionary, statistics: options.statistics)
        handle = try unsafe ArrowWriterHandle(schema: stored, call: ArrowCall(path: path, format: "Parquet")) {
            described, error in
            unsafe settings.withOptions { unsafe carrow_write_parquet(output.temporaryPath, described, $0, error) }
        }
    }

    /// Adds rows; they reach the disk as row groups fill.
    ///
    /// - Throws: `wrongSchema`, or why the file could not be written; after that the writer only throws.
    public func write(_ batch: RecordBatch) throws(FormatsError) {
        guard batch.schema.fields.elementsEqual(schema.fields, by: { $0.name == $1.name && $0.type == $1.type }) else {
            throw .wrongSchema(expected: "\(schema)", found: "\(batch.schema)")
        }
        guard batch.count > 0 else { return }
        let columns = zip(batch.columns, written.fields).map { $0.type == $1.type ? $0 : $0.withoutDictionaries() }
        try handle.write(RecordBatch(schema: written, columns: columns, count: batch.count))
    }

    /// Ends the row group that is open, if it has rows: they reach the disk, and the next ones begin another.
    public func endRowGroup() throws(FormatsError) { try handle.endRowGroup() }

    /// Bytes written so far, as far as row groups have ended.
    public var byteCount: Int { handle.byteCount }

    /// Ends the file and gives it its name.
    public func close() throws(FormatsError) -> ParquetFileSummary {
        try handle.close()
        let bytes = handle.byteCount
        guard let metadata = handle.parquetMetadata() else {
            throw .libraryFailure(path: path, problem: "no account of the file")
        }
        let summary = ParquetFileSummary(
            rows: metadata.rowCount, bytes: bytes, columns: try metadata.columnSummaries(schema))
        try file.commit()
        return summary
    }

    private static func storedField(_ field: Field) -> Field {
        if case .dictionary(_, let value, _) = field.type, value == .utf8 || value == .binary { return field }
        return Field(
            field.name, field.type.withoutDictionaries, nullable: field.nullable, metadata: field.metadata)
    }
}
