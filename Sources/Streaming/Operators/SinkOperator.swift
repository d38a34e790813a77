internal import Base

/// The end of a worker's share: hands rows to the sink's writer, and tells the worker when a barrier has come through.
final class SinkOperator: Operator {
    private let writer: any SinkWriter
    private let onBarrier: (Epoch) throws -> Void

    init(step: Int, writer: any SinkWriter, onBarrier: @escaping (Epoch) throws -> Void) {
        self.writer = writer
        self.onBarrier = onBarrier
        super.init(step: step)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        totals.handOver.read += Int64(changes.count)
        try writer.write(changes)
        totals.handOver.written += Int64(changes.count)
    }
    override func watermark(_ micros: Int64, input: Int) {}
    override func barrier(_ epoch: Epoch, input: Int) throws { try onBarrier(epoch) }
}
