internal import Base

/// What a checkpoint notes beside the operators' state.
struct Checkpoint: Equatable, Sendable {
    struct Partition: Equatable, Sendable {
        var position: SourcePosition?
        /// The newest event time, in microseconds; nil before the first.
        var maxMicros: Int64?
        /// Records that were gone before they were read, and that the source was told to pass over.
        var skipped: Int64 = 0
    }
    struct Source: Equatable, Sendable {
        /// What the positions are in, as `StreamSource.identity` told.
        var identity = ""
        var partitions: [Partition] = []
    }
    struct Sink: Equatable, Sendable {
        /// What the rows went to, as `SinkStanding.identity` told.
        var identity = ""
        /// The last epoch before this one that had rows for the sink.
        var rowsBefore = Epoch.none
        /// A handle a worker.
        var handles: [[UInt8]] = []

        var hasRows: Bool { handles.contains { !$0.isEmpty } }
    }
    var epoch = Epoch.none
    var sources: [Source] = []
    /// What every worker had announced at least.
    var watermarkMicros = Int64.min
    /// Output, late rows, dead letters of the job's own, then those of each source.
    var sinks: [Sink] = []
    var tableVersions: [String] = []
    var ledger: [StepTotals] = []

    /// The last epoch that had rows for a sink, up to this one.
    func rowsThrough(sink index: Int) -> Epoch { sinks[index].hasRows ? epoch : sinks[index].rowsBefore }

    /// Layout version 2: fields as below, varints and length-prefixed bytes, CRC-32C at the end.
    func encode() -> [UInt8] {
        var writer = ByteWriter()
        func bytes(_ value: some Collection<UInt8>) {
            writer.unsignedVarint(UInt64(value.count))
            writer.append(value)
        }
        writer.unsignedVarint(epoch.rawValue)
        writer.unsignedVarint(UInt64(sources.count))
        for source in sources {
            bytes(Array(source.identity.utf8))
            writer.unsignedVarint(UInt64(source.partitions.count))
            for partition in source.partitions {
                switch partition.position {
                case nil: writer.littleEndian(UInt8(0))
                case .offset(let offset)?:
                    writer.littleEndian(UInt8(1))
                    writer.zigzagVarint(offset)
                case .bytes(let value)?:
                    writer.littleEndian(UInt8(2))
                    bytes(value)
                }
                writer.littleEndian(UInt8(partition.maxMicros == nil ? 0 : 1))
                writer.zigzagVarint(partition.maxMicros ?? 0)
                writer.zigzagVarint(partition.skipped)
            }
        }
        writer.zigzagVarint(watermarkMicros)
        writer.unsignedVarint(UInt64(sinks.count))
        for sink in sinks {
            bytes(Array(sink.identity.utf8))
            writer.unsignedVarint(sink.rowsBefore.rawValue)
            writer.unsignedVarint(UInt64(sink.handles.count))
            for handle in sink.handles { bytes(handle) }
        }
        writer.unsignedVarint(UInt64(tableVersions.count))
        for version in tableVersions { bytes(Array(version.utf8)) }
        writer.unsignedVarint(UInt64(ledger.count))
        for step in ledger { for value in step.fields { writer.zigzagVarint(value) } }
        writer.littleEndian(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    init() {}

    /// nil where the bytes are damaged.
    init?(_ encoded: [UInt8]) {
        guard encoded.count >= 4 else { return nil }
        let body = Array(encoded.dropLast(4))
        let sum = encoded.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard sum == CRC32C.checksum(body) else { return nil }
        let decoded: Checkpoint? = unsafe body.withUnsafeBytes { raw in
            var reader = unsafe ByteReader(raw)
            return Checkpoint.read(&reader)
        }
        guard let decoded else { return nil }
        self = decoded
    }

    private static func read(_ reader: inout ByteReader) -> Checkpoint? {
        func count() -> Int? { reader.unsignedVarint().flatMap { $0 <= UInt64(reader.count) ? Int($0) : nil } }
        func bytes() -> [UInt8]? {
            guard let length = count(), let value = unsafe reader.take(length) else { return nil }
            return unsafe Array(value)
        }
        func text() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }
        var result = Checkpoint()
        guard let epoch = reader.unsignedVarint(), let sourceCount = count() else { return nil }
        result.epoch = Epoch(epoch)
        for _ in 0..<sourceCount {
            guard let identity = text(), let partitionCount = count() else { return nil }
            var partitions: [Partition] = []
            for _ in 0..<partitionCount {
                var partition = Partition()
                switch reader.littleEndian(UInt8.self) {
                case 0: break
                case 1:
                    guard let offset = reader.zigzagVarint() else { return nil }
                    partition.position = .offset(offset)
                case 2:
                    guard let value = bytes() else { return nil }
                    partition.position = .bytes(value)
                default: return nil
                }
                guard let tag = reader.littleEndian(UInt8.self), let newest = reader.zigzagVarint(),
                    let skipped = reader.zigzagVarint()
                else { return nil }
                partition.maxMicros = tag == 1 ? newest : nil
                partition.skipped = skipped
                partitions.append(partition)
            }
            result.sources.append(Source(identity: identity, partitions: partitions))
        }
        guard let watermark = reader.zigzagVarint(), let sinkCount = count() else { return nil }
        result.watermarkMicros = watermark
        for _ in 0..<sinkCount {
            guard let identity = text(), let rowsBefore = reader.unsignedVarint(), let handleCount = count() else {
                return nil
            }
            var handles: [[UInt8]] = []
            for _ in 0..<handleCount {
                guard let handle = bytes() else { return nil }
                handles.append(handle)
            }
            result.sinks.append(Sink(identity: identity, rowsBefore: Epoch(rowsBefore), handles: handles))
        }
        guard let versionCount = count() else { return nil }
        for _ in 0..<versionCount {
            guard let version = text() else { return nil }
            result.tableVersions.append(version)
        }
        guard let stepCount = count() else { return nil }
        for _ in 0..<stepCount {
            var fields: [Int64] = []
            for _ in 0..<StepTotals.fieldCount {
                guard let value = reader.zigzagVarint() else { return nil }
                fields.append(value)
            }
            result.ledger.append(StepTotals(fields: fields))
        }
        return reader.remaining == 0 ? result : nil
    }
}

/// What one step (an operator, a source, a sink) has done with rows since the job first ran, over all workers.
struct StepTotals: Equatable, Sendable {
    var handOver = HandOver()
    /// Rows given to the next step: more than `written` where one row becomes several, and the answers of aggregates.
    var emitted: Int64 = 0

    static let fieldCount = 7
    var fields: [Int64] {
        [handOver.read, handOver.written, handOver.refused, handOver.late, handOver.filtered, handOver.held, emitted]
    }
    init() {}
    init(fields: [Int64]) {
        handOver = HandOver(
            read: fields[0], written: fields[1], refused: fields[2], late: fields[3], filtered: fields[4],
            held: fields[5])
        emitted = fields[6]
    }
    static func += (left: inout Self, right: Self) {
        left.handOver += right.handOver
        left.emitted += right.emitted
    }
}
