public import Base
internal import Columnar
internal import DuckDB
internal import EventLog
internal import Formats

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Sends a replay's records, once each, also when it is killed and started again.
///
/// Every record carries its number in the replay as a header. The order and the partition of a record follow from the
/// data alone, and the producer leaves no gap behind it when a record fails, so each partition holds a prefix of what belongs
/// into it, and the newest header tells where to go on.
public struct Replay: Sendable {
    static let numberHeader = "gariep.replay"

    private let plan: ReplayPlan
    private let clock: any WallClock
    private let progress: any WorkReporting

    public init(_ plan: ReplayPlan, clock: any WallClock, progress: any WorkReporting) {
        self.plan = plan
        self.clock = clock
        self.progress = progress
    }

    /// Sends what is not yet in the topic, and returns when all of it is acknowledged.
    ///
    /// - Parameters:
    ///   - shouldStop: asked before each batch and wherever there is something to wait for; true ends the replay early.
    ///     What was not acknowledged by then is sent by the next run.
    ///   - stalled: told when records wait and none has been acknowledged for some time, and nil when it goes on.
    /// - Returns: how many records this call sent.
    public func run(
        shouldStop: () -> Bool, stalled: @escaping (KafkaClientError?) -> Void = { _ in }
    ) throws -> Int64 {
        let producer = try KafkaProducer(brokers: plan.brokers)
        let partitions = Int32(try producer.partitionCount(of: plan.topic))
        let watch = DeliveryWatch(topic: plan.topic, producer: producer, clock: clock, stalled: stalled)
        var sender = Sender(
            plan: plan, producer: producer, sentBefore: try sentBefore(partitions), partitions: partitions,
            clock: clock, watch: watch)

        var configuration = DuckDBConfiguration()
        configuration.memoryLimitBytes = plan.memoryBytes
        configuration.threads = 1
        let connection = try DuckDBDatabase(configuration: configuration).connect()
        let total = try count(connection) + Int64(plan.brokenRecords.count)
        let result = try connection.query(plan.query)
        let task = "replay \(plan.topic)"
        var isOver = false
        defer { if !isOver { progress.abandon(task: task) } }
        while !sender.isStopped, !shouldStop(), let batch = try result.next() {
            try sender.send(batch, shouldStop: shouldStop)
            // What an earlier run has sent is gone through at once, and would spoil the speed that is shown.
            guard sender.sent > 0 else { continue }
            progress.update(task: task, done: sender.number, total: total, unit: .items("records"))
        }
        if !sender.isStopped, !shouldStop() { try sender.sendRemainingBroken(shouldStop: shouldStop) }
        try Self.flush(producer, watch, shouldStop: shouldStop)
        isOver = true
        progress.finish(
            task: task,
            summary: NumberText.counted(sender.sent, "record")
                + " sent, \(NumberText.grouped(sender.number - sender.sent)) were there",
            count: (sender.sent, "records"))
        return sender.sent
    }

    /// Waits until all is acknowledged. A log whose disk is full takes its time, and a stop does not wait for that: what
    /// was not acknowledged is sent by the next run.
    private static func flush(_ producer: KafkaProducer, _ watch: DeliveryWatch, shouldStop: () -> Bool) throws {
        while true {
            do throws(KafkaClientError) {
                try producer.flush(timeoutSeconds: 1)
                return watch.look()
            } catch {
                guard case .timedOut = error else { throw error }
                watch.look()
                if shouldStop() { return }
            }
        }
    }

    private func count(_ connection: DuckDBConnection) throws -> Int64 {
        guard case .int(let rows) = try connection.query("select count(*) from (\(plan.query))").single() else {
            return 0
        }
        return rows
    }

    /// For each partition, the number of the last record that an earlier run has sent there; 0 for none.
    private func sentBefore(_ partitions: Int32) throws -> [Int64] {
        let reader = try KafkaTailReader(brokers: plan.brokers)
        return try (0..<partitions).map { partition in
            guard let bytes = try reader.newestHeader(Self.numberHeader, topic: plan.topic, partition: partition),
                bytes.count == 8
            else { return 0 }
            return Int64(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
        }
    }
}

/// Numbers, encodes and sends records.
private struct Sender {
    let plan: ReplayPlan
    let producer: KafkaProducer
    let sentBefore: [Int64]
    let partitions: Int32
    let clock: any WallClock
    let watch: DeliveryWatch

    /// Whether it was asked to stop with a record in hand: none may be sent after that one.
    private(set) var isStopped = false
    /// Records gone through so far, sent now or before.
    private(set) var number: Int64 = 0
    private(set) var sent: Int64 = 0
    private var good: Int64 = 0
    private var brokenDone = 0
    private var value = ByteWriter()
    private var pace: (clockMicros: Int64, eventMicros: Int64)?

    init(
        plan: ReplayPlan, producer: KafkaProducer, sentBefore: [Int64], partitions: Int32, clock: any WallClock,
        watch: DeliveryWatch
    ) {
        self.plan = plan
        self.producer = producer
        self.sentBefore = sentBefore
        self.partitions = partitions
        self.clock = clock
        self.watch = watch
    }

    mutating func send(_ batch: RecordBatch, shouldStop: () -> Bool) throws {
        let kept = batch.schema.fields.indices.filter { batch.schema[$0].name != plan.timeColumn }
        let encoder = try AvroEncoder(batch.selecting(kept), as: plan.schema)
        let keys = try plan.keyColumn.map { BytesView(try column($0, of: batch, oneOf: [.utf8])) }
        let times = try plan.timeColumn.map {
            PrimitiveView<Int64>(
                try column(
                    $0, of: batch, oneOf: [.timestamp(.microsecond, zone: nil), .timestamp(.microsecond, zone: "UTC")]))
        }
        for row in 0..<batch.count {
            try sendBroken(before: good, shouldStop: shouldStop)
            if isStopped { return }
            good += 1
            number += 1
            let key = unsafe keys.map { unsafe $0[row] } ?? UnsafeRawBufferPointer(start: nil, count: 0)
            let partition = unsafe self.partition(key)
            guard number > sentBefore[Int(partition)] else { continue }
            if let times, plan.speed != nil { wait(until: times[row], shouldStop: shouldStop) }
            if row & 0xff == 0, shouldStop() { isStopped = true }
            if isStopped { return }
            value.bytes.removeAll(keepingCapacity: true)
            ConfluentFrame.begin(schemaID: plan.schemaID, in: &value)
            try encoder.encode(row: row, into: &value)
            try unsafe produce(key, partition, shouldStop: shouldStop)
            if isStopped { return }
        }
    }

    mutating func sendRemainingBroken(shouldStop: () -> Bool) throws {
        try sendBroken(before: .max, shouldStop: shouldStop)
    }

    /// The broken records whose turn has come: those that stand after at most `goodBefore` good ones.
    private mutating func sendBroken(before goodBefore: Int64, shouldStop: () -> Bool) throws {
        while !isStopped, brokenDone < plan.brokenRecords.count, plan.brokenRecords[brokenDone].after <= goodBefore {
            let broken = plan.brokenRecords[brokenDone]
            brokenDone += 1
            number += 1
            value.bytes = broken.value
            try unsafe Array(broken.key.utf8).withUnsafeBytes { key in
                let partition = unsafe self.partition(key)
                if number > sentBefore[Int(partition)] {
                    try unsafe produce(key, partition, shouldStop: shouldStop)
                }
            }
        }
    }

    private mutating func produce(
        _ key: UnsafeRawBufferPointer, _ partition: Int32, shouldStop: () -> Bool
    ) throws {
        let isSent = try unsafe withUnsafeBytes(of: number.bigEndian) { header in
            try unsafe value.bytes.withUnsafeBytes { bytes in
                while true {
                    if try unsafe producer.offer(
                        topic: plan.topic, partition: partition, key: key, value: bytes,
                        header: (Replay.numberHeader, header))
                    {
                        return true
                    }
                    watch.look()
                    if shouldStop() { return false }
                }
            }
        }
        if isSent { sent += 1 } else { isStopped = true }
    }

    /// Where Kafka's default partitioner sends a key, so that the partition is known before the record is sent.
    private func partition(_ key: UnsafeRawBufferPointer) -> Int32 {
        unsafe Partitioner.murmur2(key, partitions: partitions)
    }

    /// Sleeps until an event's turn, in short naps so that a stop is noticed.
    private mutating func wait(until eventMicros: Int64, shouldStop: () -> Bool) {
        guard let speed = plan.speed else { return }
        let start = pace ?? (clock.nowMicros(), eventMicros)
        pace = start
        let due = start.clockMicros + Int64(Double(eventMicros - start.eventMicros) / speed)
        while true {
            let left = due - clock.nowMicros()
            if left <= 0 { return }
            if shouldStop() {
                isStopped = true
                return
            }
            usleep(UInt32(min(left, 50_000)))
            producer.poll()
            watch.look()
        }
    }

    private func column(_ name: String, of batch: RecordBatch, oneOf types: [DataType]) throws -> Column {
        guard let column = batch.column(named: name) else {
            throw ReplayError.badColumn(name, found: "no such column", expected: "a column of the replay's query")
        }
        guard types.contains(column.type) else {
            throw ReplayError.badColumn(
                name, found: "\(column.type)", expected: types.map(\.description).joined(separator: " or "))
        }
        return column
    }
}

/// What can be wrong with a replay's query.
public enum ReplayError: PlatformError, Equatable {
    case badColumn(String, found: String, expected: String)

    public var report: ErrorReport {
        switch self {
        case .badColumn(let name, let found, let expected):
            ErrorReport(
                code: "CON-020", recovery: .changeProject, message: "the replay's column \(name) cannot be used",
                expected: expected, found: found, hint: "Correct the `replay:` block of the topic, or its query.")
        }
    }
}
