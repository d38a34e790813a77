internal import Base
internal import Columnar
internal import SQL

/// One partition in the hands of a worker.
final class PartitionTask {
    let source: Int
    let partition: Int
    let reader: any PartitionReader
    var state: Checkpoint.Partition
    var caughtUp = false
    var finished = false
    var appendedMicros: Int64?
    private let column: Int?
    private let unit: TimeUnit
    private let latenessMicros: Int64
    /// How far ahead of its append time an event may be; nil for no limit.
    private let aheadMaxMicros: Int64?

    init(
        source: Int, partition: Int, reader: any PartitionReader, state: Checkpoint.Partition, spec: SourceSpec,
        settings: StreamJobSettings
    ) {
        (self.source, self.partition, self.reader, self.state) = (source, partition, reader, state)
        (column, unit) = (spec.eventTimeColumn, spec.eventTimeUnit)
        latenessMicros = settings.latenessMicros
        aheadMaxMicros = settings.eventTimeAheadMaxMicros[spec.scan.relation]
    }

    struct Stamped {
        /// The rows that stay, each with the partition's watermark just before it.
        let changes: ChangeBatch
        /// The others, by their number in the batch.
        var refused: [Int32: RowFault]
    }

    /// Adds to each row the partition's watermark just before it, and moves that on. Rows whose times cannot be are taken
    /// out: they would move the watermark to where everything else is late.
    ///
    /// What becomes of a row depends on the partition's content alone, and not on how it is cut into batches.
    func stamp(_ polled: SourceBatch) -> Stamped {
        let batch = polled.batch
        var refused = unrepresentable(batch)
        guard let column else { return take(batch, nil, refused) }
        let times = PrimitiveView<Int64>(batch.columns[column])
        let output = FixedOutput<Int64>(count: batch.count)
        let nullable = times.column.nullCount > 0
        var newest = state.maxMicros
        var watermark = newest?.subtractingSaturated(latenessMicros) ?? .min
        var row = 0
        for run in polled.appends + [.init(rowEnd: batch.count, micros: .max)] {
            let latest = aheadMaxMicros.map { run.micros.addingSaturated($0) } ?? .max
            while row < min(run.rowEnd, batch.count) {
                defer { row += 1 }
                output[row] = watermark
                if nullable && times.isNull(row) { continue }
                guard let micros = Calendar.micros(times[row], unit) else {
                    refused[Int32(row)] = .timeRange
                    continue
                }
                if let newest, micros <= newest { continue }
                if micros > latest {
                    refused[Int32(row)] = .timeAhead
                } else if refused.isEmpty || refused[Int32(row)] == nil {
                    newest = micros
                    watermark = micros.subtractingSaturated(latenessMicros)
                }
            }
        }
        state.maxMicros = newest
        return take(batch, Column(type: .int64, count: batch.count, values: output.finish()), refused)
    }

    private func take(_ batch: RecordBatch, _ stamps: Column?, _ refused: [Int32: RowFault]) -> Stamped {
        let all = ChangeBatch(batch, weights: nil, rowWatermarks: stamps)
        guard !refused.isEmpty else { return Stamped(changes: all, refused: refused) }
        return Stamped(
            changes: all.taking((0..<Int32(batch.count)).filter { refused[$0] == nil }), refused: refused)
    }

    /// Rows with a time in seconds or milliseconds that is none in microseconds, which is how tables keep times.
    private func unrepresentable(_ batch: RecordBatch) -> [Int32: RowFault] {
        var refused: [Int32: RowFault] = [:]
        for column in batch.columns {
            guard case .timestamp(let unit, _) = column.type, unit == .second || unit == .millisecond else { continue }
            let times = PrimitiveView<Int64>(column)
            let scale = 1_000_000 / unit.perSecond
            let bounds = Calendar.instants.lowerBound / scale...Calendar.instants.upperBound / scale
            for row in 0..<batch.count where !bounds.contains(times[row]) && !column.isNull(row) {
                refused[Int32(row)] = .timeRange
            }
        }
        return refused
    }
}
