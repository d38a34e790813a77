internal import Base

/// What a checkpoint notes beside the operators' state.
struct Checkpoint: Equatable, Sendable {
    struct Partition: Equatable, Sendable {
        var position: SourcePosition?
        /// The newest event time, in microseconds; nil before the first.
        var maxMicros: Int64?
    }
    var epoch = Epoch.none
    /// By source, then by partition.
    var sources: [[Partition]] = []
    /// What every worker had announced at least.
    var watermarkMicros = Int64.min
    /// By sink: output, late, dead letters; a handle a worker.
    var handles: [[[UInt8]]] = []
    var tableVersions: [String] = []
    var ledger: [StepTotals] = []

    /// Layout version 1: fields as below, varints and length-prefixed bytes, CRC-32C at the end.
    func encode() -> [UInt8] {
        var writer = ByteWriter()
        func bytes(_ value: some Collection<UInt8>) {
            writer.unsignedVarint(UInt64(value.count))
            writer.append(value)
        }
        writer.unsignedVarint(epoch.rawValue)
        writer.unsignedVarint(UInt64(sources.count))
        for partitions in sources {
            writer.unsignedVarint(UInt64(partitions.count))
            for partition in partitions {
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
            }
        }
        writer.zigzagVarint(watermarkMicros)
        writer.unsignedVarint(UInt64(handles.count))
        for sink in handles {
            writer.unsignedVarint(UInt64(sink.count))
            for handle in sink { bytes(handle) }
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
        var result = Checkpoint()
        guard let epoch = reader.unsignedVarint(), let sourceCount = count() else { return nil }
        result.epoch = Epoch(epoch)
        for _ in 0..<sourceCount {
            guard let partitionCount = count() else { return nil }
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
                guard let tag = reader.littleEndian(UInt8.self), let newest = reader.zigzagVarint() else { return nil }
                partition.maxMicros = tag == 1 ? newest : nil
                partitions.append(partition)
            }
            result.sources.append(partitions)
        }
        guard let watermark = reader.zigzagVarint(), let sinkCount = count() else { return nil }
        result.watermarkMicros = watermark
        for _ in 0..<sinkCount {
            guard let handleCount = count() else { return nil }
            var handles: [[UInt8]] = []
            for _ in 0..<handleCount {
                guard let handle = bytes() else { return nil }
                handles.append(handle)
            }
            result.handles.append(handles)
        }
        guard let versionCount = count() else { return nil }
        for _ in 0..<versionCount {
            guard let version = bytes() else { return nil }
            result.tableVersions.append(String(decoding: version, as: UTF8.self))
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
