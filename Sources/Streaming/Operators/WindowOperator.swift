internal import Base
internal import Columnar
internal import SQL

/// Adds `window_start` and `window_end`, and sends rows whose windows are closed to the late sink.
///
/// A row is late where its window ends at or before the watermark of the row's own partition just before it, which
/// depends on nothing but that partition's content. A row of a partition that was taken for idle may also find its
/// window closed by the watermark that this worker has announced; it is late as well, and counted apart.
final class WindowOperator: ChainOperator {
    private let timeColumn: Int
    /// In the unit of the time column.
    private let (size, slide, offset): (Int64, Int64, Int64)
    private let unit: TimeUnit
    private let schema: Schema
    private let lateSchema: Schema
    private let needed: ColumnSet
    private let context: WorkerContext
    private var announced: Int64
    /// The times whose windows begin and end inside of what a TIMESTAMP can be, in the unit of the time column.
    private let times: ClosedRange<Int64>?

    /// - Parameter watermarkMicros: what the checkpoint's watermark was; windows up to it are closed.
    init(step: Int, spec: WindowSpec, watermarkMicros: Int64, context: WorkerContext, next: Port) {
        announced = watermarkMicros
        timeColumn = spec.timeColumn
        (size, slide, offset) = (spec.size, spec.slide, spec.offset)
        unit = spec.unit
        times = Self.times(spec)
        schema = spec.schema
        lateSchema = spec.lateSchema
        needed = spec.needed
        self.context = context
        super.init(step: step, next: next)
    }

    /// nil where no time has such windows. Inside the range nothing that the operator computes can overflow.
    private static func times(_ spec: WindowSpec) -> ClosedRange<Int64>? {
        func inUnit(_ micros: Int64) -> Int64 {
            // Nanoseconds reach less far than microseconds do.
            switch spec.unit {
            case .second: micros / 1_000_000
            case .millisecond: micros / 1_000
            case .microsecond: micros
            case .nanosecond: micros < 0 ? .min : .max
            }
        }
        var margin = Int64(clamping: spec.offset.magnitude)
        for part in [spec.size, spec.slide] {
            let (sum, overflow) = margin.addingReportingOverflow(part)
            margin = overflow ? .max : sum
        }
        let (first, under) = inUnit(Calendar.instants.lowerBound).addingReportingOverflow(margin)
        let (last, over) = inUnit(Calendar.instants.upperBound).subtractingReportingOverflow(margin)
        return under || over || first > last ? nil : first...last
    }

    private func endMicros(_ end: Int64) -> Int64 { Calendar.micros(end, unit) ?? .max }

    override func watermark(_ micros: Int64, input: Int) throws {
        announced = max(announced, micros)
        try next.watermark(micros)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        totals.handOver.read += Int64(changes.count)
        let times = PrimitiveView<Int64>(changes.batch.columns[timeColumn])
        let watermarks = changes.rowWatermarks.map { PrimitiveView<Int64>($0) }
        let count = changes.count
        var refused: [Int32: RowFault] = [:]
        let nullable = times.column.nullCount > 0
        for row in 0..<count {
            if nullable && times.isNull(row) {
                refused[Int32(row)] = .missingTime
            } else if self.times?.contains(times[row]) != true {
                refused[Int32(row)] = .timeRange
            }
        }
        if !refused.isEmpty {
            totals.handOver.refused += Int64(refused.count)
            try context.refuse(changes.batch, refused, step: step)
        }
        if slide == size && refused.isEmpty {
            let starts = FixedOutput<Int64>(count: count)
            let ends = FixedOutput<Int64>(count: count)
            var clean = true
            for row in 0..<count {
                let start = Calendar.floorDivide(times[row] - offset, size) * size + offset
                starts[row] = start
                ends[row] = start + size
                let micros = endMicros(start + size)
                if micros <= announced || watermarks.map({ micros <= $0[row] }) == true { clean = false }
            }
            if clean {
                let type = times.column.type
                let windows = [
                    Column(type: type, count: count, values: starts.finish()),
                    Column(type: type, count: count, values: ends.finish()),
                ]
                totals.handOver.written += Int64(count)
                return try emit(
                    changes.with(RecordBatch(schema: schema, columns: changes.batch.columns + windows, count: count)))
            }
        }
        try assignSlowly(changes, times, watermarks, refused)
    }

    /// Batches with late or refused rows, and windows that overlap.
    private func assignSlowly(
        _ changes: ChangeBatch, _ times: PrimitiveView<Int64>, _ watermarks: PrimitiveView<Int64>?,
        _ refused: [Int32: RowFault]
    ) throws {
        var (rows, starts): ([Int32], [Int64]) = ([], [])
        var (lateRows, lateEnds): ([Int32], [Int64]) = ([], [])
        for row in 0..<changes.count where refused[Int32(row)] == nil {
            var start = Calendar.floorDivide(times[row] - offset, slide) * slide + offset
            var open = false
            let own = watermarks?[row] ?? .min
            // From the last window that holds the time to the first.
            while start + size > times[row] {
                let micros = endMicros(start + size)
                if micros <= own || micros <= announced {
                    if micros > own { context.lateAfterIdleRows += 1 }
                    lateRows.append(Int32(row))
                    lateEnds.append(start + size)
                } else {
                    rows.append(Int32(row))
                    starts.append(start)
                    open = true
                }
                start -= slide
            }
            if open { totals.handOver.written += 1 } else { totals.handOver.late += 1 }
        }
        if !lateRows.isEmpty { try sendLate(changes, lateRows, lateEnds, watermarks) }
        guard !rows.isEmpty else { return }
        let taken = changes.taking(rows, needed: needed)
        let type = times.column.type
        let windows = [
            Column(type: type, count: rows.count, values: Buffer.of(starts)),
            Column(type: type, count: rows.count, values: Buffer.of(starts.map { $0 + size })),
        ]
        try emit(taken.with(RecordBatch(schema: schema, columns: taken.batch.columns + windows, count: rows.count)))
    }

    private func sendLate(_ changes: ChangeBatch, _ rows: [Int32], _ ends: [Int64], _ watermarks: PrimitiveView<Int64>?)
        throws
    {
        context.lateRows += Int64(rows.count)
        guard let writer = context.lateWriter else { return }
        let taken = changes.taking(rows)
        let seen = rows.indices.map { index in
            let micros = endMicros(ends[index])
            let own = watermarks?[Int(rows[index])] ?? .min
            return micros <= own ? own : announced
        }
        let columns =
            taken.batch.columns + [
                Column(type: lateSchema[lateSchema.count - 2].type, count: rows.count, values: Buffer.of(ends)),
                Column(type: lateSchema[lateSchema.count - 1].type, count: rows.count, values: Buffer.of(seen)),
            ]
        try writer.write(
            ChangeBatch(RecordBatch(schema: lateSchema, columns: columns, count: rows.count), weights: taken.weights))
    }
}
