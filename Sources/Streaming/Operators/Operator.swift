internal import Base
internal import Columnar

/// One step of a worker's share of a job. Rows are pushed through; every operator belongs to one thread.
///
/// Between the rows come watermarks, each a promise about the rows behind it, and barriers, which end an epoch.
class Operator {
    /// This worker's account of the step, since the job was started; totals of earlier runs are added by the job.
    final var totals = StepTotals()
    /// Its number in the plan.
    let step: Int
    init(step: Int) { self.step = step }

    func push(_ changes: ChangeBatch, input: Int) throws { preconditionFailure("an operator without push") }
    func watermark(_ micros: Int64, input: Int) throws { preconditionFailure("an operator without watermark") }
    func barrier(_ epoch: Epoch, input: Int) throws { preconditionFailure("an operator without barrier") }
}

/// An operator with one input and one output, which passes watermarks and barriers on.
class ChainOperator: Operator {
    let next: Port
    init(step: Int, next: Port) {
        self.next = next
        super.init(step: step)
    }

    final func emit(_ changes: ChangeBatch) throws {
        totals.emitted += Int64(changes.count)
        try next.push(changes)
    }
    override func watermark(_ micros: Int64, input: Int) throws { try next.watermark(micros) }
    override func barrier(_ epoch: Epoch, input: Int) throws { try next.barrier(epoch) }
}

/// An input of an operator.
struct Port {
    let target: Operator
    let input: Int
    func push(_ changes: ChangeBatch) throws { if changes.count > 0 { try target.push(changes, input: input) } }
    func watermark(_ micros: Int64) throws { try target.watermark(micros, input: input) }
    func barrier(_ epoch: Epoch) throws { try target.barrier(epoch, input: input) }
}

/// What a worker's operators share: where late and refused rows go, its state, the epoch.
final class WorkerContext {
    let worker: Int
    let workers: Int
    let store: StateStore
    var lateWriter: (any SinkWriter)?
    /// For rows that the job's own operators refuse.
    var deadWriter: (any SinkWriter)?
    /// One a source, for its records that could not be decoded; where there is none they go with the others.
    var sourceWriters: [(any SinkWriter)?] = []
    /// Rows given to the two since the job was started.
    var lateRows: Int64 = 0
    var lateAfterIdleRows: Int64 = 0
    var deadRows: Int64 = 0
    /// The newest epoch that is in the store.
    var durableEpoch: Epoch
    /// The newest epoch whose barrier all of this worker's operators have passed.
    var passedEpoch: Epoch
    /// What the barrier under way has collected.
    var delta = StateDelta()
    /// Operators with state, in the order of the plan.
    var keyed: [AggregateOperator] = []

    init(worker: Int, workers: Int, store: StateStore, epoch: Epoch) {
        (self.worker, self.workers, self.store) = (worker, workers, store)
        (durableEpoch, passedEpoch) = (epoch, epoch)
    }

    /// Takes rows that failed in an expression out of the stream.
    func refuse(_ batch: RecordBatch, _ faults: [Int32: RowFault], step: Int) throws {
        try refuse(
            faults.sorted { $0.key < $1.key }.map { row, fault in
                DeadLetter(
                    origin: "step \(step)", partition: nil, position: nil, code: fault.code, cause: fault.cause,
                    payload: Array(RowText.describe(batch, Int(row)).utf8))
            }, to: deadWriter)
    }

    /// Takes what a source could not decode.
    func refuse(_ letters: [DeadLetter], source: Int) throws {
        try refuse(letters, to: sourceWriters[source] ?? deadWriter)
    }

    /// Takes what the job refuses of what could be decoded.
    func refuse(_ letters: [DeadLetter]) throws { try refuse(letters, to: deadWriter) }

    private func refuse(_ letters: [DeadLetter], to writer: (any SinkWriter)?) throws {
        guard !letters.isEmpty else { return }
        deadRows += Int64(letters.count)
        try writer?.write(ChangeBatch(try DeadLetter.batch(letters)))
    }
}
