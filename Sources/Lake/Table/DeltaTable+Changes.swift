public import Columnar
internal import Storage

extension DeltaTable {
    /// Makes prepared rows visible, in one commit for all parts.
    ///
    /// With an application and a version this happens once: a table that has that version of the application, or a later
    /// one, stays as it is. So a commit that failed, or whose answer was lost, is simply repeated. A version is recorded
    /// even where there are no rows.
    ///
    /// - Parameters:
    ///   - application: who commits, such as a model's name; nil to commit without a record.
    ///   - version: how far the application has come, such as an epoch.
    @discardableResult
    public func commit(
        _ prepared: [PreparedCommit], application: String? = nil, version: Int64 = 0
    ) throws(LakeError) -> CommitOutcome {
        try commit(
            .append(try joined(prepared)), transaction: application.map { ($0, version) })
    }

    /// Puts prepared rows in the place of all rows, or of those of one partition, in one commit.
    ///
    /// - Parameter partition: values of partition columns; empty for the whole table.
    @discardableResult
    public func overwrite(
        with prepared: [PreparedCommit], partition: [String: Scalar] = [:], application: String? = nil,
        version: Int64 = 0
    ) throws(LakeError) -> CommitOutcome {
        let all = try joined(prepared)
        for file in all.files {
            for (column, value) in partition {
                guard let type = all.schema.field(named: column)?.type else { continue }
                if (file.partitionValues[column] ?? nil) != PartitionValue.text(value, type: type) {
                    throw .invalidRequest(
                        reason: "the new rows are not all of the partition \(column) = \(value)",
                        hint: "Filter them, or overwrite the partitions that they belong to.")
                }
            }
        }
        return try commit(.overwrite(all, partition: partition), transaction: application.map { ($0, version) })
    }

    /// Removes all rows of a partition; files stay on the disk for older snapshots, until vacuum.
    @discardableResult
    public func delete(partition: [String: Scalar]) throws(LakeError) -> CommitOutcome {
        try commit(.delete(partition: partition), transaction: nil)
    }

    /// Deletes the files of rows that will never be committed. Files that a commit holds stay.
    public func abort(_ prepared: [PreparedCommit]) throws(LakeError) {
        let current = try snapshot()
        for file in prepared.flatMap(\.files)
        where current.filesByPath[file.path] == nil && current.tombstones[file.path] == nil {
            let object = try TablePath.object(of: file, in: path)
            try storing { () throws(StorageError) in try store.delete(object) }
        }
        disown(prepared)
    }

    /// Tells that nobody will commit these any more: their files are `vacuum`'s once they are old enough.
    public func disown(_ prepared: [PreparedCommit]) { pending.remove(prepared.flatMap(\.files).map(\.path)) }

    /// Adds columns behind the others; rows so far have null there.
    ///
    /// - Throws: `invalidSchema` for a column that must have values; `schemaMismatch` for one that is there with another
    ///   type. One that is there with the same type is left as it is.
    @discardableResult
    public func addColumns(_ fields: [Field]) throws(LakeError) -> CommitOutcome {
        let current = try snapshot()
        let table = current.metadata.displayName
        var added: [Field] = []
        for field in fields {
            let type = try TableSchema.canonical(field.type, column: field.name)
            let name = field.name.lowercased()
            if let present = current.schema.fields.first(where: { $0.name.lowercased() == name }) {
                guard present.name == field.name, present.type == type else {
                    throw .schemaMismatch(
                        table: table, column: field.name, expected: "\(present.name) \(present.type)",
                        found: "\(field.name) \(field.type)")
                }
                continue
            }
            guard field.nullable else {
                throw .invalidSchema(
                    reason: "the new column \(field.name) must have values, but the rows so far have none",
                    hint: "Make the column nullable.")
            }
            added.append(Field(field.name, type))
        }
        guard !added.isEmpty else { return CommitOutcome(version: current.version, isNew: false) }
        let changed = try current.metadata.adding(added)
        let upgraded = TableFeatures.upgraded(current.tableProtocol, for: changed.schema)
        return try commit(.alter(from: current.metadata, to: changed, upgraded), transaction: nil)
    }

    /// Sets for how long files stay that are no longer part of the table: `delta.deletedFileRetentionDuration`, which other
    /// engines heed too. Nothing is committed where the table says so already.
    @discardableResult
    public func keepRemovedFiles(forMicros micros: Int64) throws(LakeError) -> CommitOutcome {
        guard micros >= 0 else {
            throw .invalidRequest(reason: "an age of \(micros) microseconds", hint: "Give an age of 0 or more.")
        }
        let current = try snapshot()
        let millis = (micros + 999) / 1000
        guard current.metadata.deletedFileRetentionMillis != millis else {
            return CommitOutcome(version: current.version, isNew: false)
        }
        var changed = current.metadata
        changed.configuration["delta.deletedFileRetentionDuration"] =
            millis % 1000 == 0 ? "interval \(millis / 1000) seconds" : "interval \(millis) milliseconds"
        return try commit(.alter(from: current.metadata, to: changed, nil), transaction: nil)
    }

    /// Gives the table what `schema` has and it lacks, so that batches of `schema` can be appended.
    ///
    /// - Throws: `schemaMismatch` where a column would need another type.
    @discardableResult
    public func evolve(to schema: Schema) throws(LakeError) -> CommitOutcome {
        try addColumns(schema.fields.map { Field($0.name, $0.type, nullable: true) })
    }

    private func joined(_ prepared: [PreparedCommit]) throws(LakeError) -> PreparedCommit {
        if let all = try PreparedCommit.joined(prepared) { return all }
        let metadata = try snapshot().metadata
        return PreparedCommit(
            tableID: metadata.id, files: [], schema: Schema(metadata.schema.fields.map(\.plain)),
            partitionColumns: metadata.partitionColumns, rowCount: 0)
    }
}
