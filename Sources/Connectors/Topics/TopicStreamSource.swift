public import Columnar
public import EventLog
public import Formats
public import Streaming
internal import Base
internal import Synchronization

/// A topic of the embedded log as an input of streams: reads segments without a socket, decodes Avro into columns.
///
/// Records carry Confluent's prefix with the id of the schema they were written with, and are read as `readerSchema`.
/// A record that cannot be read becomes a dead letter with its cause, position and payload.
public final class TopicStreamSource: StreamSource {
    /// The schema with an id, or nil where nobody registered it.
    public typealias SchemaLookup = @Sendable (Int32) throws -> AvroSchema?

    public let schema: Schema
    public let onDataLoss: DataLoss
    /// How many partitions the topic has now; when it is deleted, as many as it had in the beginning.
    public var partitionCount: Int { log.topic(topic).map { Int($0.partitionCount) } ?? firstPartitionCount }
    private let firstPartitionCount: Int
    private let log: DurableLog
    private let topic: TopicName
    private let readerSchema: AvroSchema
    private let lookup: SchemaLookup
    /// The columns to give, by number in the reader's schema.
    private let columns: [Int]

    /// - Parameters:
    ///   - columns: the names of the columns to give, in their order; nil for all.
    ///   - onDataLoss: what to do where records went, by retention or by `deleteRecords`, before they were read.
    public init(
        log: DurableLog, topic: TopicName, readerSchema: AvroSchema, columns: [String]? = nil,
        onDataLoss: DataLoss = .fail, lookup: @escaping SchemaLookup
    ) throws {
        guard let description = log.topic(topic) else { throw LogError.unknownTopic(topic.value) }
        let whole = try readerSchema.columnarSchema()
        self.columns = columns?.compactMap(whole.index(of:)) ?? Array(whole.fields.indices)
        schema = Schema(self.columns.map { whole[$0] }, metadata: whole.metadata)
        firstPartitionCount = Int(description.partitionCount)
        self.log = log
        self.topic = topic
        self.readerSchema = readerSchema
        self.onDataLoss = onDataLoss
        self.lookup = lookup
    }

    public func identity() throws -> String {
        guard let description = log.topic(topic) else { throw LogError.unknownTopic(topic.value) }
        return "topic \(topic), id \(description.id)"
    }

    public func openPartition(_ index: Int, at position: SourcePosition?, wake: SourceWake) throws
        -> any PartitionReader
    {
        let partition = try log.partition(topic, PartitionIndex(index))
        var offset = partition.startOffset
        if case .offset(let number) = position { offset = Offset(number) }
        return TopicPartitionReader(
            partition: partition, offset: offset, schema: schema, columns: columns, readerSchema: readerSchema,
            lookup: lookup, onDataLoss: onDataLoss, wake: wake
        )
    }
}

/// Reads one partition on one thread.
final class TopicPartitionReader: PartitionReader {
    private let partition: PartitionHandle
    private let schema: Schema
    private let columns: [Int]
    private let readerSchema: AvroSchema
    private let lookup: TopicStreamSource.SchemaLookup
    private let onDataLoss: DataLoss
    private let wake: SourceWake
    let startPosition: SourcePosition?
    /// The next record to read.
    private var offset: Offset
    private var decoders: [Int32: AvroDecoder] = [:]
    private var waiter: UInt64?

    /// Enough for a batch of rows, little enough that many partitions fit the memory budget.
    private static let chunkBytesMax = 1 << 20

    init(
        partition: PartitionHandle, offset: Offset, schema: Schema, columns: [Int], readerSchema: AvroSchema,
        lookup: @escaping TopicStreamSource.SchemaLookup, onDataLoss: DataLoss, wake: SourceWake
    ) {
        self.partition = partition
        self.offset = offset
        self.schema = schema
        self.columns = columns
        self.readerSchema = readerSchema
        self.lookup = lookup
        self.onDataLoss = onDataLoss
        self.wake = wake
        startPosition = .offset(offset.rawValue)
    }

    var backlog: Int64? { partition.highWatermark - offset }

    func close() {
        if let waiter { partition.stopWaiting(waiter) }
        waiter = nil
    }

    func poll(rowsMax: Int) throws -> SourceBatch? {
        let chunk: LogChunk
        do throws(LogError) {
            chunk = try partition.read(from: offset, bytesMax: Self.chunkBytesMax)
        } catch .offsetOutOfRange(_, let available) {
            return try skip(to: available)
        }
        guard !chunk.isEmpty else {
            try awaitData()
            return nil
        }
        return try decode(chunk, rowsMax: rowsMax)
    }

    /// Goes on behind records that are gone, where that is allowed.
    private func skip(to available: Range<Offset>) throws -> SourceBatch {
        guard onDataLoss == .earliest, offset < available.lowerBound else {
            throw TopicGap(
                topic: partition.topic.value, partition: partition.index, position: offset, available: available)
        }
        let missing = available.lowerBound - offset
        offset = available.lowerBound
        return SourceBatch(batch: try empty(), next: .offset(offset.rawValue), readCount: 0, skippedCount: missing)
    }

    /// Asks for one wake-up when there is more to read. Data that came meanwhile wakes at once.
    private func awaitData() throws {
        if let failure = partition.failure { throw failure }
        if let waiter { partition.stopWaiting(waiter) }
        let wake = wake
        waiter = partition.notify(beyond: offset) { wake() }
        if waiter == nil { wake() }
    }

    private func decode(_ chunk: LogChunk, rowsMax: Int) throws -> SourceBatch {
        var reader = RecordBatchReader(chunk)
        var decoder: AvroDecoder?
        var letters: [DeadLetter] = []
        var read = 0
        var rows = 0
        let times = try partition.appendTimes(of: chunk)
        var appends: [SourceBatch.AppendRun] = []
        var batchOffset: Int64?
        var next = offset
        while read < rowsMax, let record = try reader.next() {
            let bytes = unsafe record.value ?? UnsafeRawBufferPointer(start: nil, count: 0)
            do {
                let found = try unsafe self.decoder(for: ConfluentFrame.schemaID(of: bytes))
                // Columns belong to one decoder: a record of another schema begins the next batch.
                if let decoder, decoder !== found { break }
                decoder = found
                try unsafe found.decode(ConfluentFrame.record(in: bytes))
                rows += 1
            } catch let error as AvroError {
                unsafe letters.append(letter(error.report, record, bytes))
            } catch let error as UnknownSchema {
                unsafe letters.append(letter(error.report, record, bytes))
            }
            next = record.offset.next
            read += 1
            if let batch = reader.batch?.baseOffset, batch != batchOffset {
                batchOffset = batch
                // What the log noted itself; what the producer wrote into the record may be anything.
                let micros = times.millis(at: record.offset)?.multipliedSaturated(by: 1000)
                if let micros, micros != appends.last?.micros { appends.append(.init(rowEnd: rows, micros: micros)) }
            }
            if !appends.isEmpty { appends[appends.count - 1].rowEnd = rows }
        }
        // Only control records remain in a chunk that gave no record at all.
        if read == 0, decoder == nil { next = chunk.nextOffset }
        offset = next
        return SourceBatch(
            batch: try decoder?.finish().selecting(columns) ?? empty(), next: .offset(next.rawValue), readCount: read,
            deadLetters: letters,
            appends: appends)
    }

    private func decoder(for id: Int32) throws -> AvroDecoder {
        if let known = decoders[id] { return known }
        guard let writer = try lookup(id) else { throw UnknownSchema(id: id) }
        let made = try AvroDecoder(writer: writer, reader: readerSchema)
        decoders[id] = made
        return made
    }

    private func empty() throws -> RecordBatch {
        RecordBatch(schema: schema, columns: schema.fields.map { ColumnBuilder.make($0.type).finish() }, count: 0)
    }

    private func letter(_ report: ErrorReport, _ record: RecordView, _ bytes: UnsafeRawBufferPointer) -> DeadLetter {
        var cause = report.message
        if let expected = report.expected { cause += ", expected \(expected)" }
        if let found = report.found { cause += ", found \(found)" }
        return unsafe DeadLetter(
            origin: partition.topic.value, partition: Int(partition.index), position: record.offset.description,
            code: report.code, cause: cause, payload: [UInt8](bytes))
    }
}

/// A stream's next record is not in its topic.
private struct TopicGap: PlatformError {
    let topic: String
    let partition: PartitionIndex
    let position: Offset
    let available: Range<Offset>
    var report: ErrorReport {
        if position < available.lowerBound {
            return ErrorReport(
                code: "CON-011", recovery: .repairData,
                message:
                    "records \(position) to \(available.lowerBound + -1) of partition \(partition) of \(topic) were removed before they were read",
                expected: "offset \(position)", found: "offsets from \(available.lowerBound)",
                hint:
                    "Set `on_data_loss: earliest` on the source to go on without them, and lengthen the topic's retention.ms."
            )
        }
        return ErrorReport(
            code: "CON-012", recovery: .repairData,
            message: "partition \(partition) of \(topic) ends before what was read of it already",
            expected: "offset \(position)", found: "offsets up to \(available.upperBound)",
            hint: "Restore the topic, or remove the state and the tables of the streams that read it.")
    }
}

/// A record names a schema that the registry does not have.
private struct UnknownSchema: PlatformError {
    let id: Int32
    var report: ErrorReport {
        ErrorReport(
            code: "CON-010", recovery: .repairData, message: "schema \(id) is not registered",
            expected: "the id of a registered schema", found: "id \(id)",
            hint: "Register the schema that the producer writes with, or point the producer at this registry.")
    }
}
