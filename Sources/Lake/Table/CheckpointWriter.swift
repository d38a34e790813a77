internal import Base
internal import Columnar
internal import Formats
internal import Storage

/// Writes a snapshot as a classic checkpoint: one Parquet file with everything that the commits up to it left.
struct CheckpointWriter {
    private static let batchRows = 8192
    let store: any ObjectStore
    let names: LogNames

    /// - Parameter nowMillis: removed files whose time has come are left out.
    func write(_ snapshot: DeltaSnapshot, nowMillis: Int64) throws(LakeError) {
        let oldest = nowMillis - snapshot.metadata.deletedFileRetentionMillis
        let tombstones = snapshot.tombstones.values.filter { ($0.deletionTimestamp ?? 0) > oldest }
            .sorted { $0.path < $1.path }
        let staged = try storing { () throws(StorageError) in try store.stagingFile() }
        let path = names.checkpoint(snapshot.version)
        var rows: Int64 = 0
        do throws(LakeError) {
            let file = try ParquetFiles.create(staged, schema: CheckpointSchema.schema, name: path)
            var builders = CheckpointSchema.schema.fields.map { ColumnBuilder.make($0.type) }
            func add(_ column: Int, _ value: Scalar) throws(LakeError) {
                for (index, builder) in builders.enumerated() {
                    do throws(ColumnarError) { try builder.append(index == column ? value : .null) } catch {
                        throw .dataFile(path: path, reason: error.report.message)
                    }
                }
                rows += 1
                if builders[0].count == Self.batchRows { try flush() }
            }
            func flush() throws(LakeError) {
                guard builders[0].count > 0 else { return }
                let columns = builders.map { $0.finish() }
                try file.write(
                    RecordBatch(schema: CheckpointSchema.schema, columns: columns, count: columns[0].count))
            }
            try add(4, Self.scalar(snapshot.tableProtocol))
            try add(3, Self.scalar(snapshot.metadata))
            for transaction in snapshot.transactions.values.sorted(by: { $0.application < $1.application }) {
                try add(
                    0,
                    .structure([
                        .string(transaction.application), .int(transaction.version),
                        transaction.lastUpdated.map { .int($0) } ?? .null,
                    ]))
            }
            for tombstone in tombstones { try add(2, Self.scalar(tombstone)) }
            for file in snapshot.files { try add(1, Self.scalar(file)) }
            try flush()
            builders = []
            let summary = try file.close()
            try storing { () throws(StorageError) in try store.put(path, movingFile: staged) }
            let hint = JSONValue.members(
                ("version", .integer(snapshot.version)), ("size", .integer(rows)),
                ("sizeInBytes", .integer(summary.bytes)), ("numOfAddFiles", .integer(Int64(snapshot.fileCount))))
            try storing { () throws(StorageError) in try store.put(names.lastCheckpoint, hint.bytes) }
        } catch {
            ParquetFiles.remove(staged)
            throw error
        }
    }

    private static func map(_ values: [String: String?]?) -> Scalar {
        guard let values else { return .null }
        return .map(
            values.sorted { $0.key < $1.key }.map {
                Scalar.MapEntry(.string($0.key), $0.value.map { .string($0) } ?? .null)
            })
    }
    private static func text(_ value: String?) -> Scalar { value.map { .string($0) } ?? .null }
    private static func list(_ values: [String]?) -> Scalar { values.map { .list($0.map { .string($0) }) } ?? .null }

    private static func scalar(_ value: TableProtocol) -> Scalar {
        .structure([
            .int(Int64(value.minReaderVersion)), .int(Int64(value.minWriterVersion)), list(value.readerFeatures),
            list(value.writerFeatures),
        ])
    }

    private static func scalar(_ value: TableMetadata) -> Scalar {
        .structure([
            .string(value.id), text(value.name), text(value.summary), .structure([.string("parquet"), .map([])]),
            .string(value.schemaString), list(value.partitionColumns),
            map(value.configuration.mapValues { .some($0) }), value.createdTime.map { .int($0) } ?? .null,
        ])
    }

    /// Reading a checkpoint changes no data, so `dataChange` is false.
    private static func scalar(_ file: AddFile) -> Scalar {
        .structure([
            .string(file.path), map(file.partitionValues), .int(file.size), .int(file.modificationTime), .bool(false),
            text(file.stats), map(file.tags),
        ])
    }

    private static func scalar(_ file: RemoveFile) -> Scalar {
        .structure([
            .string(file.path), file.deletionTimestamp.map { .int($0) } ?? .null, .bool(false),
            .bool(file.partitionValues != nil && file.size != nil), map(file.partitionValues),
            file.size.map { .int($0) } ?? .null,
        ])
    }
}
