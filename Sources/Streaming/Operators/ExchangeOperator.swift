internal import Base
internal import Columnar

/// What one worker sends another.
struct Message: Sendable {
    enum Content: Sendable { case rows(ChangeBatch), watermark(Int64), barrier(Epoch) }
    let exchange: Int
    let sender: Int
    let content: Content
}

/// Sends every row to the worker that owns its key. Never blocks: only the polling of sources waits.
final class ExchangeSender: Operator {
    private let exchange: Int
    private let encoder: KeyEncoder
    private let keyColumns: [Int]
    private let windowColumn: Int?
    private let worker: Int
    private let mailboxes: [Mailbox]
    private let own: ExchangeReceiver

    init(step: Int, exchange: Int, spec: AggregateSpec, worker: Int, mailboxes: [Mailbox], own: ExchangeReceiver) {
        self.exchange = exchange
        encoder = KeyEncoder(types: spec.keyTypes, hasWindow: spec.windowColumn != nil)
        keyColumns = spec.keyColumns
        windowColumn = spec.windowColumn
        self.worker = worker
        self.mailboxes = mailboxes
        self.own = own
        super.init(step: step)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        let count = changes.count
        totals.handOver.read += Int64(count)
        totals.handOver.written += Int64(count)
        totals.emitted += Int64(count)
        let workers = mailboxes.count
        guard workers > 1 else { return try own.push(changes, input: 0) }
        let columns = changes.batch.columns
        encoder.encode(keyColumns.map { columns[$0] }, windows: windowColumn.map { columns[$0] }, count: count)
        var rows = [[Int32]](repeating: [], count: workers)
        for row in 0..<count {
            let target = KeyGroups.worker(ofGroup: KeyGroups.group(ofHash: encoder.hash(row)), workers: workers)
            rows[target].append(Int32(truncatingIfNeeded: row))
        }
        for (target, chosen) in rows.enumerated() where !chosen.isEmpty {
            let part = chosen.count == count ? changes : changes.taking(chosen)
            if target == worker {
                try own.push(part, input: worker)
            } else {
                mailboxes[target].put(Message(exchange: exchange, sender: worker, content: .rows(part)))
            }
        }
    }

    override func watermark(_ micros: Int64, input: Int) throws {
        for target in mailboxes.indices where target != worker {
            mailboxes[target].put(Message(exchange: exchange, sender: worker, content: .watermark(micros)))
        }
        try own.watermark(micros, input: worker)
    }

    override func barrier(_ epoch: Epoch, input: Int) throws {
        for target in mailboxes.indices where target != worker {
            mailboxes[target].put(Message(exchange: exchange, sender: worker, content: .barrier(epoch)))
        }
        try own.barrier(epoch, input: worker)
    }
}

/// Takes rows from all workers, and aligns their watermarks and barriers.
///
/// Rows of a worker that has already sent this epoch's barrier wait in `WorkerLoop`, not here.
final class ExchangeReceiver: ChainOperator {
    private var watermarks: [Int64]
    private var announced = Int64.min
    private(set) var passed: Set<Int> = []

    init(step: Int, workers: Int, next: Port) {
        watermarks = [Int64](repeating: .min, count: workers)
        super.init(step: step, next: next)
    }

    override func push(_ changes: ChangeBatch, input: Int) throws {
        totals.handOver.read += Int64(changes.count)
        totals.handOver.written += Int64(changes.count)
        try emit(changes)
    }

    override func watermark(_ micros: Int64, input: Int) throws {
        watermarks[input] = max(watermarks[input], micros)
        if let least = watermarks.min(), least > announced {
            announced = least
            try next.watermark(least)
        }
    }

    override func barrier(_ epoch: Epoch, input: Int) throws {
        passed.insert(input)
        guard passed.count == watermarks.count else { return }
        passed = []
        try next.barrier(epoch)
    }
}
