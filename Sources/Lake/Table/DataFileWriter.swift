internal import Base
internal import Columnar
internal import Formats
internal import Storage

/// Writes one data file outside of the table, and moves it in when it is finished.
final class DataFileWriter {
    private static let indexedColumnsMax = 32
    private let store: any ObjectStore
    private let table: String
    private let relativePath: String
    /// As the log has it.
    var logPath: String { URIText.encode(relativePath) }
    private let staged: String
    private let partitionValues: [String: String?]
    private let output: ParquetFiles.Output
    private(set) var rows: Int64 = 0
    private(set) var isFinished = false

    /// - Parameters:
    ///   - table: the table's folder in the store.
    ///   - identifier: makes the file's name unlike any other.
    init(
        store: any ObjectStore, table: String, partitionColumns: [String], values: [String?], schema: Schema,
        identifier: String, options: AppendOptions
    ) throws(LakeError) {
        self.store = store
        self.table = table
        let folder = PartitionValue.folder(partitionColumns, values)
        let suffix = options.compression == .none ? "" : ".\(options.compression)"
        relativePath = (folder.isEmpty ? "" : folder + "/") + "part-00000-\(identifier)\(suffix).parquet"
        partitionValues = Dictionary(uniqueKeysWithValues: zip(partitionColumns, values))
        staged = try storing { () throws(StorageError) in try store.stagingFile() }
        output = try ParquetFiles.create(
            staged, schema: schema, name: relativePath,
            options: ParquetOptions(compression: options.compression))
    }

    var byteCount: Int { output.byteCount }

    func write(_ batch: RecordBatch) throws(LakeError) {
        try output.write(batch)
        rows += Int64(batch.count)
    }

    /// Ends the row group, so that the next rows begin another.
    func endRowGroup() throws(LakeError) { try output.endRowGroup() }

    /// Ends the file and makes it durable under its name.
    func finish(nowMillis: Int64) throws(LakeError) -> AddFile {
        isFinished = true
        do throws(LakeError) {
            let summary = try output.close()
            let path = TablePath.object(relativePath, in: table)
            try storing { () throws(StorageError) in try store.put(path, movingFile: staged) }
            let columns = Array(summary.columns.prefix(Self.indexedColumnsMax))
            return AddFile(
                path: logPath, partitionValues: partitionValues, size: summary.bytes,
                modificationTime: nowMillis, dataChange: true,
                stats: FileStatistics.text(rows: summary.rows, columns: columns), tags: nil)
        } catch {
            ParquetFiles.remove(staged)
            throw error
        }
    }

    /// Leaves nothing of the file.
    func abandon() {
        isFinished = true
        ParquetFiles.remove(staged)
    }
}

/// Where a table's files lie in its store.
enum TablePath {
    static func object(_ relativePath: String, in table: String) -> String {
        table.isEmpty ? relativePath : "\(table)/\(relativePath)"
    }

    /// The object of a file of the log.
    ///
    /// - Throws: `unsupportedFeature` for a file that lies outside of the table, as shallow clones have.
    static func object(of file: AddFile, in table: String) throws(LakeError) -> String {
        if file.path.hasPrefix("/") || file.path.contains("://") || file.path.hasPrefix("file:") {
            throw .unsupportedFeature(
                table: table, feature: "the file \(file.path) outside of its folder", forWriting: false)
        }
        return object(URIText.decode(file.path), in: table)
    }
}
