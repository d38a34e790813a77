public import Columnar

/// A table as of one version: which files it consists of, and what its columns are. Never changes.
public struct DeltaSnapshot: Sendable {
    public let version: Int64
    /// The last version that changed rows or columns, and did not only arrange them in other files; where the log before
    /// is known from a checkpoint alone, at most that checkpoint's version later.
    public let dataVersion: Int64
    public let tableProtocol: TableProtocol
    public let metadata: TableMetadata
    /// By path.
    let filesByPath: [String: AddFile]
    /// Files that are no longer part of the table but whose bytes must stay for a while, by path.
    let tombstones: [String: RemoveFile]
    /// How far each application has come.
    public let transactions: [String: SetTransaction]

    public var schema: Schema { metadata.schema }
    public var partitionColumns: [String] { metadata.partitionColumns }
    public var fileCount: Int { filesByPath.count }
    /// All files, in the order of their paths.
    public var files: [AddFile] {
        filesByPath.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// How many rows; nil where a file does not say.
    public var rowCount: Int64? {
        var total: Int64 = 0
        for file in filesByPath.values {
            guard let rows = FileStatistics.rowCount(file.stats) else { return nil }
            total += rows
        }
        return total
    }

    /// How many bytes the data files have.
    public var byteCount: Int64 { filesByPath.values.reduce(0) { $0 + $1.size } }

    /// The same snapshot without these tombstones, whose files are gone.
    func withoutTombstones(_ paths: Set<String>) -> DeltaSnapshot {
        DeltaSnapshot(
            version: version, dataVersion: dataVersion, tableProtocol: tableProtocol, metadata: metadata,
            filesByPath: filesByPath, tombstones: tombstones.filter { !paths.contains($0.key) },
            transactions: transactions)
    }

    /// The version that `application` has committed last; nil before its first commit.
    public func transactionVersion(_ application: String) -> Int64? { transactions[application]?.version }

    /// The files that may have rows for which all predicates hold.
    ///
    /// - Throws: `invalidRequest` for a column that the table does not have.
    public func files(where predicates: [FilePredicate]) throws(LakeError) -> [AddFile] {
        var checks: [(predicate: FilePredicate, type: DataType, isPartition: Bool)] = []
        for predicate in predicates {
            guard let field = schema.field(named: predicate.column) else {
                throw .invalidRequest(
                    reason: "the table \(metadata.displayName) has no column \(predicate.column)",
                    hint: "Use one of \(schema.fields.map(\.name).joined(separator: ", ")).")
            }
            checks.append((predicate, field.type, partitionColumns.contains(field.name)))
        }
        var kept: [AddFile] = []
        nextFile: for file in files {
            var statistics: FileStatistics?
            for (predicate, type, isPartition) in checks {
                let column = predicate.column
                if isPartition {
                    let text = file.partitionValues[column] ?? nil
                    let value = try PartitionValue.scalar(text, type: type, column: column)
                    if !predicate.mayMatch(partitionValue: value) { continue nextFile }
                    continue
                }
                if statistics == nil { statistics = file.stats.flatMap { FileStatistics($0) } }
                guard let known = statistics else { continue }
                if let nulls = known.nullCount(column), let rows = known.rowCount {
                    if case .isNull = predicate {
                        if nulls == 0 { continue nextFile }
                    } else if nulls == rows {
                        continue nextFile
                    }
                }
                let (minimum, maximum) = known.bounds(column, type: type)
                if !predicate.mayMatch(minimum: minimum, maximum: maximum) { continue nextFile }
            }
            kept.append(file)
        }
        return kept
    }
}
