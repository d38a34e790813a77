internal import Base
public import Columnar
internal import Storage

/// Writes batches into data files of a table, which nobody sees until they are committed.
///
/// Belongs to one thread. Rows wait in memory, a heap a partition, until they make a row group or memory is short.
public final class DeltaAppender {
    private final class Partition {
        let values: [String?]
        var waiting: [RecordBatch] = []
        var waitingBytes = 0
        var writer: DataFileWriter?
        init(values: [String?]) { self.values = values }
    }

    private let store: any ObjectStore
    private let table: String
    private let metadata: TableMetadata
    private let options: AppendOptions
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let pending: PendingFiles
    private let conformer: BatchConformer
    private let fileSchema: Schema
    private var splitter: PartitionSplitter
    private var partitions: [Partition] = []
    private var waitingBytes = 0
    /// Partitions with an open file, the one opened first in front.
    private var open: [Int] = []
    private var finished: [AddFile] = []
    /// Rows given since the last `prepare()`.
    public private(set) var rowCount: Int64 = 0
    /// What batches are brought to before they are written.
    public var schema: Schema { conformer.schema }

    init(
        store: any ObjectStore, table: String, metadata: TableMetadata, options: AppendOptions, clock: any WallClock,
        identifiers: any IdentifierSource, pending: PendingFiles
    ) {
        self.store = store
        self.table = table
        self.metadata = metadata
        self.options = options
        self.clock = clock
        self.identifiers = identifiers
        self.pending = pending
        conformer = BatchConformer(table: metadata.displayName, schema: Schema(metadata.schema.fields.map(\.plain)))
        fileSchema = Schema(metadata.fileSchema.fields.map(\.plain))
        splitter = PartitionSplitter(schema: metadata.schema, partitionColumns: metadata.partitionColumns)
    }

    deinit { abort() }

    /// Memory that rows take that are not yet written.
    public var heldBytes: Int { waitingBytes }

    /// Takes in rows. Columns are matched by name; nullable ones may be missing.
    ///
    /// - Throws: `schemaMismatch` or `nullInRequiredColumn`, having taken nothing; or why a file could not be written,
    ///   after which only `abort()` helps.
    public func write(_ batch: RecordBatch) throws(LakeError) {
        guard batch.count > 0 else { return }
        let rows = try conformer.conform(batch)
        for (number, part) in splitter.split(rows) {
            while partitions.count <= number {
                partitions.append(Partition(values: splitter.partitions[partitions.count]))
            }
            let partition = partitions[number]
            let bytes = max(part.byteCount, 1)
            partition.waiting.append(part)
            partition.waitingBytes += bytes
            waitingBytes += bytes
            if partition.waitingBytes >= options.rowGroupBytes { try flush(number) }
        }
        rowCount += Int64(batch.count)
        if waitingBytes >= options.memoryBytes { try shrink() }
    }

    /// Ends all files and makes them durable, without anyone seeing them. The appender is empty and ready afterwards.
    public func prepare() throws(LakeError) -> PreparedCommit {
        for number in partitions.indices {
            try flush(number)
            try close(number)
        }
        defer {
            finished = []
            rowCount = 0
        }
        return PreparedCommit(
            tableID: metadata.id, files: finished, schema: conformer.schema,
            partitionColumns: metadata.partitionColumns, rowCount: rowCount)
    }

    /// Forgets all rows since the last `prepare()`, and their files.
    public func abort() {
        for partition in partitions {
            partition.writer?.abandon()
            partition.writer = nil
            partition.waiting = []
            partition.waitingBytes = 0
        }
        for file in finished {
            guard let path = try? TablePath.object(of: file, in: table) else { continue }
            // What cannot be deleted now is an orphan, which vacuum removes.
            try? store.delete(path)
        }
        pending.remove(finished.map(\.path))
        waitingBytes = 0
        rowCount = 0
        open = []
        finished = []
    }

    /// Writes the largest heaps until half of the memory is free.
    private func shrink() throws(LakeError) {
        let order = partitions.indices.sorted { partitions[$0].waitingBytes > partitions[$1].waitingBytes }
        for number in order where waitingBytes > options.memoryBytes / 2 { try flush(number) }
    }

    /// Writes a partition's heap as one row group.
    private func flush(_ number: Int) throws(LakeError) {
        let partition = partitions[number]
        guard !partition.waiting.isEmpty else { return }
        if partition.writer == nil {
            if open.count >= options.openFiles { try close(open[0]) }
            partition.writer = try DataFileWriter(
                store: store, table: table, partitionColumns: metadata.partitionColumns, values: partition.values,
                schema: fileSchema, identifier: identifiers.next(), options: options)
            open.append(number)
        }
        if options.endsRowGroups { try partition.writer?.endRowGroup() }
        for batch in partition.waiting { try partition.writer?.write(batch) }
        waitingBytes -= partition.waitingBytes
        partition.waiting = []
        partition.waitingBytes = 0
        if let writer = partition.writer, writer.byteCount >= options.fileBytes { try close(number) }
    }

    private func close(_ number: Int) throws(LakeError) {
        guard let writer = partitions[number].writer else { return }
        partitions[number].writer = nil
        open.removeAll { $0 == number }
        pending.insert(writer.logPath)
        do throws(LakeError) { finished.append(try writer.finish(nowMillis: clock.nowMicros() / 1000)) } catch {
            pending.remove([writer.logPath])
            throw error
        }
    }
}

extension Field {
    /// Without the log's notes, which data files do not carry.
    var plain: Field { Field(name, type, nullable: nullable) }
}
