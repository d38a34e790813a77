public import Base
internal import Dispatch
internal import Synchronization

/// One partition of a topic, for reading and appending from any thread.
public struct PartitionHandle: Sendable {
    let log: PartitionLog

    public var topic: TopicName { log.topic }
    public var index: PartitionIndex { log.index }

    /// The first offset that can be read.
    public var startOffset: Offset { log.state.withLock { Offset($0.startOffset) } }
    /// The offset after the last durable record: readers see everything before it.
    public var highWatermark: Offset { log.state.withLock { Offset($0.highWatermark) } }
    /// The offset after the last written record.
    public var endOffset: Offset { log.state.withLock { Offset($0.endOffset) } }
    /// Why the partition is offline; nil while it works.
    public var failure: LogError? { log.state.withLock { $0.failure } }
    /// Why the partition turns batches away although it is not offline, such as a full disk; nil once it takes them again,
    /// or when nobody has tried for some time.
    public var appendProblem: LogError? {
        let now = log.nowMillis
        return log.state.withLock { state in
            state.appendProblem.flatMap { now - $0.atMillis < Self.appendProblemMillis ? $0.error : nil }
        }
    }
    private static let appendProblemMillis: Int64 = 30_000

    /// What the partition's segments hold, in bytes.
    public var byteCount: Int { log.state.withLock { $0.segments.reduce(0) { $0 + $1.size } } }

    /// Appends one record batch and waits until it is as durable as asked.
    ///
    /// - Parameter batch: a Kafka record batch (version 2) as `RecordBatchBuilder` makes it; stored byte for byte but for
    ///   its base offset and leader epoch.
    /// - Throws: `invalidBatch`, `batchTooLarge`, `outOfOrderSequence`, `producerFenced`, `diskFull`, `partitionOffline`.
    @discardableResult
    public func append(_ batch: [UInt8], durability: Durability = .synced) throws(LogError) -> AppendResult {
        let reply = Reply<Result<AppendResult, LogError>>()
        append(batch, durability: durability) { reply.put($0) }
        return try reply.take().get()
    }

    /// Appends a batch of the platform's own, however large, and waits until it is on disk.
    ///
    /// The bound of `max.message.bytes` is for clients, which can send less. What a checkpoint holds must go in as it is.
    /// - Throws: as `append` does, but for `batchTooLarge`.
    @discardableResult
    public func appendOwn(_ batch: [UInt8]) throws(LogError) -> AppendResult {
        let reply = Reply<Result<AppendResult, LogError>>()
        log.append(batch, durability: .synced, isOwn: true) { reply.put($0) }
        return try reply.take().get()
    }

    /// Appends one record batch; `completion` is called once, on the log's own thread, and must not block.
    ///
    /// Batches get their offsets in the order of these calls.
    public func append(
        _ batch: [UInt8], durability: Durability = .synced,
        completion: @escaping @Sendable (Result<AppendResult, LogError>) -> Void
    ) {
        log.append(batch, durability: durability, completion: completion)
    }

    /// Reads whole batches, starting with the one that holds `offset`.
    ///
    /// - Parameters:
    ///   - offset: the first record wanted; its batch comes whole, so earlier records may come with it.
    ///   - bytesMax: where to stop, in bytes; the first batch comes even if it alone is larger (KIP-74).
    /// - Returns: batches in offset order, without gaps, checksums verified; nothing at the high watermark.
    /// - Throws: `offsetOutOfRange`; `corruptSegment`, naming the bad batch; `partitionOffline`.
    public func read(from offset: Offset, bytesMax: Int) throws(LogError) -> LogChunk {
        try log.read(from: offset, bytesMax: bytesMax)
    }

    /// When the records of a chunk were appended, by the log's own clock.
    public func appendTimes(of chunk: LogChunk) throws(LogError) -> AppendTimeline {
        try log.appendTimes(chunk.requestedOffset.rawValue..<chunk.nextOffset.rawValue)
    }

    /// The first record whose timestamp is at least `millis` (since 1970); nil when there is none.
    public func offset(atOrAfter millis: Int64) throws(LogError) -> (offset: Offset, timestampMillis: Int64)? {
        try log.offset(atOrAfter: millis)
    }

    /// The record with the newest timestamp; nil in an empty partition.
    public func newestTimestamp() throws(LogError) -> (offset: Offset, timestampMillis: Int64)? {
        try log.newestTimestamp()
    }

    /// Blocks until the high watermark is beyond `offset`.
    ///
    /// - Returns: false when `timeoutMicros` passed first, or the partition is offline or closed.
    public func waitForData(beyond offset: Offset, timeoutMicros: Int) -> Bool {
        let signal = DispatchSemaphore(value: 0)
        if let waiter = log.wait(beyond: offset, wake: { signal.signal() }) {
            _ = signal.wait(timeout: .now() + .microseconds(timeoutMicros))
            log.stopWaiting(waiter)
        }
        return highWatermark > offset
    }

    /// Calls `wake` once, from any thread, when the high watermark is beyond `offset` or the partition goes offline.
    ///
    /// - Returns: what `stopWaiting` takes; nil when there is no need to wait, and `wake` will not be called.
    public func notify(beyond offset: Offset, wake: @escaping @Sendable () -> Void) -> UInt64? {
        log.wait(beyond: offset, wake: wake)
    }

    public func stopWaiting(_ waiter: UInt64) { log.stopWaiting(waiter) }

    /// Makes everything before `offset` unreadable, durably; its segments go with the next retention.
    ///
    /// - Returns: the new start offset.
    public func deleteRecords(before offset: Offset) throws(LogError) -> Offset {
        try log.deleteRecords(before: offset)
    }
}

/// One value handed from thread to thread.
final class Reply<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let signal = DispatchSemaphore(value: 0)

    func put(_ newValue: Value) {
        value.withLock { $0 = newValue }
        signal.signal()
    }

    func take() -> Value {
        signal.wait()
        guard let value = value.withLock({ $0 }) else { preconditionFailure("signalled without a value") }
        return value
    }
}
