internal import Base
internal import Columnar

/// UNION ALL: passes rows on; watermarks by the least of the inputs, barriers when all inputs have brought theirs.
final class UnionOperator: ChainOperator {
    private let schema: Schema
    private var watermarks: [Int64]
    private var announced = Int64.min
    private var arrived: Set<Int> = []

    init(step: Int, inputs: Int, schema: Schema, next: Port) {
        watermarks = [Int64](repeating: .min, count: inputs)
        self.schema = schema
        super.init(step: step, next: next)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        totals.handOver.read += Int64(changes.count)
        totals.handOver.written += Int64(changes.count)
        try emit(changes.with(RecordBatch(schema: schema, columns: changes.batch.columns, count: changes.count)))
    }

    override func watermark(_ micros: Int64, input: Int) throws {
        watermarks[input] = max(watermarks[input], micros)
        if let least = watermarks.min(), least > announced {
            announced = least
            try next.watermark(least)
        }
    }

    override func barrier(_ epoch: Epoch, input: Int) throws {
        // No rows of the next epoch come before all inputs are here: the worker polls no source until then.
        arrived.insert(input)
        guard arrived.count == watermarks.count else { return }
        arrived = []
        try next.barrier(epoch)
    }
}
