internal import Base
internal import Columnar
internal import SQL
internal import Synchronization

/// One worker: its operators, its partitions, and the loop that runs them on its thread until the job ends.
final class WorkerLoop {
    private let shared: JobShared
    private let worker: Int
    private let mailbox: Mailbox
    private let context: WorkerContext
    private var operators: [Operator] = []
    private var receivers: [Int: ExchangeReceiver] = [:]
    private var partitions: [PartitionTask] = []
    /// Where each source's rows enter; a worker without partitions of it still sends watermarks and barriers there.
    private var entries: [Port?] = []
    private var sourceTotals: [StepTotals] = []
    private var writers: [(any SinkWriter)?] = []
    private var announced: Int64
    private var injected: Epoch
    /// Who has sent the barrier under way, by exchange; what they send after it waits.
    private var passedSenders: Set<SenderKey> = []
    private var heldBack: [Message] = []
    private var heldSenders: Set<SenderKey> = []
    private var pausedSince: Epoch?
    /// Another worker's mailbox is full; nobody tells when it no longer is.
    private var throttled = false
    private var chargedBytes = 0
    private var rowsIn: Int64 = 0
    private var unreportedRows: Int64 = 0
    /// Rows that the sink had been given when the coordinator was last told of work.
    private var announcedOutput: Int64 = 0
    private var publishedMicros: Int64 = 0

    private struct SenderKey: Hashable { let exchange: Int, sender: Int }

    init(shared: JobShared, worker: Int) throws {
        self.shared = shared
        self.worker = worker
        mailbox = shared.mailboxes[worker]
        announced = shared.start.watermarkMicros
        injected = shared.start.epoch
        context = WorkerContext(worker: worker, workers: shared.workers, store: shared.store, epoch: shared.start.epoch)
        sourceTotals = [StepTotals](repeating: StepTotals(), count: shared.plan.sources.count)
        entries = [Port?](repeating: nil, count: shared.plan.sources.count)
    }

    private var awaitingRoot: Bool { injected > context.passedEpoch }

    /// Makes the operators, takes up their state, and opens sinks and partitions.
    func open() throws {
        writers = try shared.sinks.map { try $0?.openWriter(worker: worker) }
        guard let output = writers[0] else { throw StreamingError.missingInput(relation: "the sink") }
        (context.lateWriter, context.deadWriter) = (writers[1], writers[2])
        context.sourceWriters = Array(writers[3...])
        let sink = SinkOperator(step: 0, writer: output) { [unowned self] epoch in try self.rootPassed(epoch) }
        operators.append(sink)
        try build(shared.plan.root, Port(target: sink, input: 0))
        let budget = shared.settings.stateBudgetBytes / shared.workers / max(1, context.keyed.count)
        for keyed in context.keyed { try keyed.restore(budgetBytes: budget) }
        for (sourceIndex, source) in shared.sources.enumerated() {
            let mailbox = mailbox
            for partition in 0..<shared.partitionCounts[sourceIndex]
            where (partition + sourceIndex) % shared.workers == worker {
                var start = shared.start.sources[sourceIndex].partitions[partition]
                let reader = try source.openPartition(
                    partition, at: start.position, wake: SourceWake { mailbox.wake() })
                // What goes from here on is missed, even before the first row.
                start.position = start.position ?? reader.startPosition
                partitions.append(
                    PartitionTask(
                        source: sourceIndex, partition: partition, reader: reader, state: start,
                        spec: shared.plan.sources[sourceIndex], settings: shared.settings))
            }
        }
    }

    private func build(_ node: PhysicalNode, _ next: Port) throws {
        switch node {
        case .source(let index): entries[index] = next
        case .filterProject(let step, let input, let spec):
            let made = try FilterProjectOperator(
                step: step, predicate: spec.predicate, needed: spec.needed, projections: spec.projections,
                schema: spec.schema,
                context: context, next: next)
            try add(made, input)
        case .window(let step, let input, let spec):
            try add(
                WindowOperator(
                    step: step, spec: spec, watermarkMicros: shared.start.watermarkMicros, context: context, next: next),
                input)
        case .join(let step, let input, let number):
            let made = try TableJoinOperator(
                step: step, spec: shared.plan.joins[number], table: shared.tables[number], context: context, next: next)
            try add(made, input)
        case .union(let step, let inputs, let schema):
            let made = UnionOperator(step: step, inputs: inputs.count, schema: schema, next: next)
            operators.append(made)
            for (index, input) in inputs.enumerated() { try build(input, Port(target: made, input: index)) }
        case .aggregate(let step, let input, let spec):
            let made = try AggregateOperator(
                spec: spec, watermarkMicros: shared.start.watermarkMicros, context: context, step: step, next: next)
            operators.append(made)
            let receiver = ExchangeReceiver(
                step: spec.receiverStep, workers: shared.workers, next: Port(target: made, input: 0))
            operators.append(receiver)
            receivers[spec.exchange] = receiver
            let sender = ExchangeSender(
                step: spec.senderStep, exchange: spec.exchange, spec: spec, worker: worker, mailboxes: shared.mailboxes,
                own: receiver)
            try add(sender, input)
        }
    }

    private func add(_ made: Operator, _ input: PhysicalNode) throws {
        operators.append(made)
        try build(input, Port(target: made, input: 0))
    }

    func close() {
        for writer in writers { writer?.discard() }
        for task in partitions { task.reader.close() }
        shared.settings.governor.release(chargedBytes, from: Self.holder)
        chargedBytes = 0
        context.keyed = []  // Operators and context hold each other.
    }

    private static let holder = "stream state"

    // MARK: The loop

    /// Works until the job stops or something fails.
    func run() throws {
        while !shared.stopping.load(ordering: .acquiring) {
            try deliver(mailbox.takeAll())
            try injectBarrier()
            let mayPoll = try !awaitingRoot && hasRoom()
            let polled = mayPoll ? try poll() : false
            if !awaitingRoot { try announce() }
            accountMemory()
            publish(force: !polled)
            if !polled { sleep(mayPoll: mayPoll) }
        }
    }

    private func sleep(mayPoll: Bool) {
        // Windows that close by time alone give rows though none were read; those want a checkpoint like any others.
        let output = operators[0].totals.handOver.written
        if unreportedRows > 0 || output != announcedOutput {
            shared.events.put(.rows(max(1, unreportedRows)))
            unreportedRows = 0
            announcedOutput = output
        }
        // A barrier, a watermark or a durable epoch that came after the look at it is followed by a wake-up.
        let caughtUp = mayPoll && !awaitingRoot && partitions.allSatisfy { $0.caughtUp }
        let interval: Int64? =
            throttled
            ? 500 : mayPoll ? partitions.compactMap { $0.finished ? nil : $0.reader.pollIntervalMicros }.min() : nil
        mailbox.wait(micros: interval, resting: caughtUp && heldBack.isEmpty)
    }

    private func deliver(_ messages: [Message]) throws {
        for message in messages {
            let key = SenderKey(exchange: message.exchange, sender: message.sender)
            // What follows a held message is held as well, so that a sender's messages keep their order.
            if passedSenders.contains(key) || heldSenders.contains(key) {
                heldBack.append(message)
                heldSenders.insert(key)
                continue
            }
            guard let receiver = receivers[message.exchange] else { continue }
            switch message.content {
            case .rows(let changes): try receiver.push(changes, input: message.sender)
            case .watermark(let micros): try receiver.watermark(micros, input: message.sender)
            case .barrier(let epoch):
                passedSenders.insert(key)
                try receiver.barrier(epoch, input: message.sender)
            }
        }
        try releaseHeld()
    }

    private func releaseHeld() throws {
        guard !awaitingRoot, passedSenders.isEmpty, !heldBack.isEmpty else { return }
        let messages = heldBack
        heldBack = []
        heldSenders = []
        try deliver(messages)
    }

    private func injectBarrier() throws {
        let requested = Epoch(shared.barrierRequested.load(ordering: .acquiring))
        guard requested > injected, !awaitingRoot else { return }
        injected = requested
        for entry in entries { try entry?.barrier(requested) }
        try releaseHeld()
    }

    /// Every operator of this worker has passed the barrier: prepares the sinks and reports.
    private func rootPassed(_ epoch: Epoch) throws {
        let handles = try writers.map { try $0?.prepare(epoch: epoch) ?? [] }
        var totals: [Int: StepTotals] = [:]
        for made in operators { totals[made.step] = made.totals }
        for (index, source) in shared.plan.sources.enumerated() { totals[source.step] = sourceTotals[index] }
        var positions: [PartitionKey: Checkpoint.Partition] = [:]
        for task in partitions { positions[PartitionKey(source: task.source, partition: task.partition)] = task.state }
        var held: [Int: Int64] = [:]
        for keyed in context.keyed { held[keyed.step] = keyed.heldRows }
        shared.events.put(
            .prepared(
                WorkerReport(
                    worker: worker, epoch: epoch, delta: context.delta, positions: positions,
                    watermarkMicros: announced,
                    handles: handles, totals: totals, held: held, deadRows: context.deadRows)))
        context.delta = StateDelta()
        context.passedEpoch = epoch
        passedSenders = []
    }

    // MARK: Sources

    /// Takes one batch of every partition.
    ///
    /// - Returns: false where there was none.
    private func poll() throws -> Bool {
        var any = false
        for task in partitions where !task.finished {
            let now = shared.clock.elapsedMicros()
            guard let polled = try task.reader.poll(rowsMax: shared.settings.batchRows) else {
                if !task.caughtUp || task.reader.isFinished {
                    task.caughtUp = true
                    task.finished = task.reader.isFinished
                    let finished = task.finished
                    move(now) { sources in
                        sources[task.source].caughtUp(partition: task.partition)
                        if finished { sources[task.source].finish(partition: task.partition) }
                    }
                    // The coordinator sleeps until the next deadline it knows of; this may be an earlier one.
                    if shared.board.nextDeadline(now: now) != nil { shared.events.put(.tick) }
                }
                continue
            }
            any = true
            task.caughtUp = false
            try take(polled, task, now)
        }
        if unreportedRows > 10_000 {
            shared.events.put(.rows(unreportedRows))
            unreportedRows = 0
        }
        return any
    }

    private func take(_ polled: SourceBatch, _ task: PartitionTask, _ now: Int64) throws {
        let expected = shared.plan.sources[task.source].scan
        guard polled.batch.columns.count == expected.schema.count,
            zip(polled.batch.columns, expected.schema.fields).allSatisfy({ $0.type == $1.type })
        else {
            throw StreamingError.schemaMismatch(
                relation: expected.relation, expected: "\(expected.schema)", found: "\(polled.batch.schema)")
        }
        let rows = Int64(polled.batch.count)
        rowsIn += rows
        // A step over what is no row wants a checkpoint too.
        unreportedRows += Int64(max(1, polled.readCount))
        sourceTotals[task.source].handOver.read += Int64(polled.readCount)
        let stamped = task.stamp(polled)
        let taken = Int64(stamped.changes.count)
        sourceTotals[task.source].handOver.refused += Int64(polled.refusedCount) + rows - taken
        sourceTotals[task.source].handOver.written += taken
        sourceTotals[task.source].emitted += taken
        try context.refuse(polled.deadLetters, source: task.source)
        try context.refuse(
            stamped.refused.sorted { $0.key < $1.key }.map { row, fault in
                DeadLetter(
                    origin: expected.relation, partition: task.partition, position: nil, code: fault.code,
                    cause: fault.cause, payload: Array(RowText.describe(polled.batch, Int(row)).utf8))
            })
        task.state.position = polled.next
        task.state.skipped += polled.skippedCount
        task.appendedMicros = polled.appendedMicros ?? task.appendedMicros
        try entries[task.source]?.push(stamped.changes)
        if polled.readCount > 0 {
            move(now) {
                $0[task.source].observe(
                    partition: task.partition, maxMicros: task.state.maxMicros, appended: polled.appends.map(\.micros),
                    now: now)
            }
        }
    }

    /// Tells the board, and wakes the others if the job's watermark moved.
    private func move(_ now: Int64, _ change: (inout [SourceWatermarks]) -> Void) {
        guard shared.board.update(now: now, change) != nil, shared.workers > 1 else { return }
        for (index, other) in shared.mailboxes.enumerated() where index != worker { other.wake() }
    }

    /// Sends the job's watermark behind the rows that this worker has sent.
    private func announce() throws {
        let watermark = shared.board.watermark
        guard watermark > announced else { return }
        announced = watermark
        for entry in entries { try entry?.watermark(watermark) }
    }

    // MARK: Memory

    /// Whether sources may be polled: nobody's mailbox overflows, and state is within its budget.
    private func hasRoom() throws -> Bool {
        throttled = false
        let durable = Epoch(shared.durable.load(ordering: .acquiring))
        if durable > context.durableEpoch {
            context.durableEpoch = durable
            if durable == context.passedEpoch { for keyed in context.keyed { keyed.becameDurable() } }
        }
        if shared.mailboxes.contains(where: { $0.waitingRows > shared.settings.inboxRowsMax }) {
            throttled = true
            return false
        }
        guard isOverBudget else {
            pausedSince = nil
            return true
        }
        if context.durableEpoch == context.passedEpoch {
            let share = shared.settings.stateBudgetBytes / shared.workers / max(1, context.keyed.count)
            for keyed in context.keyed where keyed.stateBytes > share { keyed.evict(toBytes: share / 2) }
            guard isOverBudget else {
                pausedSince = nil
                return true
            }
        }
        if let since = pausedSince {
            guard context.durableEpoch > since else { return false }
            pausedSince = nil  // A round at least, however small the budget.
            return true
        }
        pausedSince = context.passedEpoch
        shared.events.put(.request)
        return false
    }

    private var stateBytes: Int { context.keyed.reduce(0) { $0 + $1.stateBytes } }
    private var isOverBudget: Bool {
        guard !context.keyed.isEmpty else { return false }
        let (bytes, share) = (stateBytes, shared.settings.stateBudgetBytes / shared.workers)
        let governor = shared.settings.governor
        // When the whole program is over its budget, state gives way before its own share is used up.
        return bytes > share || (bytes > share / 4 && governor.heldBytes > governor.budgetBytes)
    }

    private func accountMemory() {
        // An estimate that errs below nothing must not end the program.
        let bytes = max(0, stateBytes)
        if bytes > chargedBytes { shared.settings.governor.charge(bytes - chargedBytes, to: Self.holder) }
        if bytes < chargedBytes { shared.settings.governor.release(chargedBytes - bytes, from: Self.holder) }
        chargedBytes = bytes
    }

    private func publish(force: Bool) {
        let now = shared.clock.elapsedMicros()
        guard force || now - publishedMicros > 50_000 else { return }
        publishedMicros = now
        var status = WorkerStatus()
        status.partitions = partitions.map { task in
            PartitionStatus(
                relation: shared.plan.sources[task.source].scan.relation, partition: task.partition,
                position: task.state.position,
                newestEventMicros: task.state.maxMicros, backlog: task.reader.backlog, caughtUp: task.caughtUp,
                appendedMicros: task.appendedMicros)
        }
        status.rowsIn = rowsIn
        status.rowsOut = operators[0].totals.handOver.written
        status.late = context.lateRows
        status.lateAfterIdle = context.lateAfterIdleRows
        status.refused = context.deadRows
        status.stateBytes = chargedBytes
        status.groups = context.keyed.reduce(0) { $0 + $1.groupCount }
        shared.published.withLock { $0[worker] = status }
    }
}
