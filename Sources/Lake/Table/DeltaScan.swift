public import Columnar
internal import Storage

extension DeltaTable {
    /// Reads a snapshot's rows, file by file, with all columns of the table or some.
    ///
    /// - Parameters:
    ///   - columns: names, in the order wanted; nil for all.
    ///   - predicates: files for which one cannot hold are left out; rows of the others are not filtered.
    ///   - take: gets the batches; never an empty one.
    public func scan(
        _ snapshot: DeltaSnapshot, columns: [String]? = nil, where predicates: [FilePredicate] = [],
        batchRows: Int = 65_536, _ take: (RecordBatch) throws(LakeError) -> Void
    ) throws(LakeError) {
        let schema = try schema(of: columns, in: snapshot)
        for file in try snapshot.files(where: predicates) {
            try scan(file, of: snapshot, schema: schema, batchRows: batchRows, take)
        }
    }

    /// Which columns a scan gives.
    private func schema(of columns: [String]?, in snapshot: DeltaSnapshot) throws(LakeError) -> Schema {
        guard let columns else { return Schema(snapshot.schema.fields.map(\.plain)) }
        var fields: [Field] = []
        for name in columns {
            guard let field = snapshot.schema.field(named: name) else {
                throw .invalidRequest(
                    reason: "the table \(snapshot.metadata.displayName) has no column \(name)",
                    hint: "Use one of \(snapshot.schema.fields.map(\.name).joined(separator: ", ")).")
            }
            fields.append(field.plain)
        }
        return Schema(fields)
    }

    /// One file's rows, with the columns that it lacks: partition values, and null in columns that came later.
    func scan(
        _ file: AddFile, of snapshot: DeltaSnapshot, schema: Schema, batchRows: Int = 65_536,
        _ take: (RecordBatch) throws(LakeError) -> Void
    ) throws(LakeError) {
        let object = try TablePath.object(of: file, in: path)
        let local = try storing { () throws(StorageError) in try store.localFile(object) }
        defer { withExtendedLifetime(local) {} }
        let inFile = schema.fields.map(\.name).filter { !snapshot.partitionColumns.contains($0) }
        let conformer = BatchConformer(
            table: snapshot.metadata.displayName, schema: Schema(schema.fields.filter { inFile.contains($0.name) }))
        try ParquetFiles.read(local.path, columns: inFile, batchRows: batchRows, name: object) {
            batch throws(LakeError) in
            let rows = try conformer.conform(batch)
            if rows.schema == schema { return try take(rows) }
            var columns: [Column] = []
            for field in schema.fields {
                if let column = rows.column(named: field.name) {
                    columns.append(column)
                } else {
                    let value = try PartitionValue.scalar(
                        file.partitionValues[field.name] ?? nil, type: field.type, column: field.name)
                    columns.append(try constant(value, type: field.type, column: field.name, count: batch.count))
                }
            }
            try take(RecordBatch(schema: schema, columns: columns, count: batch.count))
        }
    }

    /// A column of one value.
    private func constant(
        _ value: Scalar, type: DataType, column: String, count: Int
    ) throws(LakeError) -> Column {
        if value.isNull { return .nulls(type, count: count) }
        let builder = ColumnBuilder.make(type)
        do throws(ColumnarError) { try builder.append(value) } catch {
            throw .badPartitionValue(column: column, type: "\(type)", value: "\(value)")
        }
        let zeros = [Int32](repeating: 0, count: count)
        return builder.finish().take(zeros.span)
    }
}
