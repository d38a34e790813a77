public import Columnar
internal import Storage

/// A data file for engines that read Parquet themselves.
public struct DataFile: Sendable, Hashable {
    /// Absolute on the local disk; a URL elsewhere.
    public let path: String
    /// The values of the partition columns, which the file itself does not have.
    public let partitionValues: [String: Scalar]
    /// The same as the table's log writes them, nil for null; SQL casts them to the column's type.
    public let partitionTexts: [String: String?]
    /// nil where the file's writer did not say.
    public let rowCount: Int64?
    /// In bytes.
    public let size: Int64
}

extension DeltaTable {
    /// The files of a snapshot that may have rows for which all predicates hold.
    public func dataFiles(
        _ snapshot: DeltaSnapshot, where predicates: [FilePredicate] = []
    ) throws(LakeError) -> [DataFile] {
        var found: [DataFile] = []
        for file in try snapshot.files(where: predicates) {
            var values: [String: Scalar] = [:]
            var texts: [String: String?] = [:]
            for column in snapshot.partitionColumns {
                guard let field = snapshot.schema.field(named: column) else { continue }
                values[column] = try PartitionValue.scalar(
                    file.partitionValues[column] ?? nil, type: field.type, column: column)
                texts.updateValue(file.partitionValues[column] ?? nil, forKey: column)
            }
            found.append(
                DataFile(
                    path: store.location(try TablePath.object(of: file, in: path)), partitionValues: values,
                    partitionTexts: texts,
                    rowCount: FileStatistics.rowCount(file.stats), size: file.size))
        }
        return found
    }

    /// The files of the table as it is now.
    public func dataFiles(where predicates: [FilePredicate] = []) throws(LakeError) -> [DataFile] {
        try dataFiles(try snapshot(), where: predicates)
    }
}
