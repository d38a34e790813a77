internal import Base
internal import EventLog
internal import NIOCore
internal import Synchronization

extension Broker {
    func fetch(_ request: FetchRequest, _ call: Call) {
        guard request.sessionID == 0 else {
            // The client starts over without a session, as it must when a broker forgets one.
            var response = FetchResponse(topics: [])
            response.error = .fetchSessionIDNotFound
            return call.reply { [response] in response.write(to: &$0, version: call.version) }
        }
        let held = HeldFetch(self, request, call)
        offload { held.attempt() }
    }

    func listOffsets(_ request: ListOffsetsRequest, _ call: Call) {
        offload {
            let topics = request.topics.map { topic in
                (name: topic.name, partitions: topic.partitions.map { self.listOffset(topic.name, $0) })
            }
            call.reply { ListOffsetsResponse(topics: topics).write(to: &$0, version: call.version) }
        }
    }

    private func listOffset(
        _ topic: String, _ wanted: ListOffsetsRequest.Partition
    ) -> ListOffsetsResponse.Partition {
        do throws(LogError) {
            let handle = try partition(topic, wanted.index)
            if let failure = handle.failure { throw failure }
            let found: (offset: Offset, timestampMillis: Int64)?
            switch wanted.timestamp {
            case -1: found = (handle.highWatermark, -1)
            case -2: found = (handle.startOffset, -1)
            case -3: found = try handle.newestTimestamp()
            default: found = try handle.offset(atOrAfter: wanted.timestamp)
            }
            return .init(
                index: wanted.index, error: .none, timestamp: found?.timestampMillis ?? -1,
                offset: found?.offset.rawValue ?? -1)
        } catch { return .init(index: wanted.index, error: KafkaErrorCode(error), timestamp: -1, offset: -1) }
    }

    func offsetForLeaderEpoch(_ request: OffsetForLeaderEpochRequest, _ call: Call) {
        let topics = request.topics.map { topic in
            (
                name: topic.name,
                partitions: topic.partitions.map { wanted -> OffsetForLeaderEpochResponse.Partition in
                    do throws(LogError) {
                        let handle = try partition(topic.name, wanted.index)
                        // The one epoch there has been ends where the log ends.
                        let isKnown = wanted.leaderEpoch == 0
                        return .init(
                            index: wanted.index, error: .none, leaderEpoch: isKnown ? 0 : -1,
                            endOffset: isKnown ? handle.highWatermark.rawValue : -1)
                    } catch {
                        return .init(index: wanted.index, error: KafkaErrorCode(error), leaderEpoch: -1, endOffset: -1)
                    }
                }
            )
        }
        call.reply { OffsetForLeaderEpochResponse(topics: topics).write(to: &$0, version: call.version) }
    }
}

/// A fetch that waits for enough bytes, or for its time to pass.
final class HeldFetch: Sendable {
    private struct State {
        var isAnswered = false
        var deadline: NIODeadline?
        var timer: Scheduled<Void>?
        var waiters: [(handle: PartitionHandle, waiter: UInt64)] = []
        /// Counts up when a wait begins and when it ends.
        var round = 0
    }

    private let broker: Broker
    private let request: FetchRequest
    private let call: Broker.Call
    private let state = Mutex(State())

    init(_ broker: Broker, _ request: FetchRequest, _ call: Broker.Call) {
        (self.broker, self.request, self.call) = (broker, request, call)
    }

    /// Reads what there is; answers if that is enough, and waits for more if it is not. Runs where files may be read.
    func attempt() {
        stopWaiting()
        let (response, byteCount, hasFailed) = readAll()
        let now = NIODeadline.now()
        let deadline = state.withLock { state in
            let deadline = state.deadline ?? now + .milliseconds(Int64(max(0, request.waitMillisMax)))
            state.deadline = deadline
            return deadline
        }
        if hasFailed || byteCount >= Int(request.bytesMin) || deadline <= now || broker.fetches.isReleasing {
            return answer(response)
        }
        wait(response, until: deadline)
    }

    private func wait(_ response: FetchResponse, until deadline: NIODeadline) {
        broker.fetches.add(self)
        let round = state.withLock { state in
            state.round += 1
            return state.round
        }
        // One retry for all the partitions that wake it. A partition may do so while the next one is still to be asked.
        let once = Once { [self] in
            state.withLock { if $0.round == round { $0.round += 1 } }
            broker.offload { self.attempt() }
        }
        if broker.fetches.isReleasing { return once.run() }
        for (topic, asked) in zip(response.topics, request.topics) {
            for (partition, wanted) in zip(topic.partitions, asked.partitions) {
                guard let handle = try? broker.partition(topic.name, partition.index) else { continue }
                let seen = max(wanted.offset, partition.chunk?.nextOffset.rawValue ?? wanted.offset)
                guard let waiter = handle.notify(beyond: Offset(seen), wake: { once.run() }) else {
                    return once.run()
                }
                let isWaiting = state.withLock { state in
                    if state.round == round { state.waiters.append((handle, waiter)) }
                    return state.round == round
                }
                if !isWaiting { return handle.stopWaiting(waiter) }
            }
        }
        let timer = broker.timers.scheduleTask(deadline: deadline) { once.run() }
        let isWaiting = state.withLock { state in
            if state.round == round { state.timer = timer }
            return state.round == round
        }
        if !isWaiting { timer.cancel() }
    }

    private func stopWaiting() {
        let (waiters, timer) = state.withLock { state in
            defer { (state.waiters, state.timer) = ([], nil) }
            return (state.waiters, state.timer)
        }
        for (handle, waiter) in waiters { handle.stopWaiting(waiter) }
        timer?.cancel()
        broker.fetches.remove(self)
    }

    private func answer(_ response: FetchResponse) {
        let isFirst = state.withLock { state in
            defer { state.isAnswered = true }
            return !state.isAnswered
        }
        if isFirst { call.reply { response.write(to: &$0, version: call.version) } }
    }

    private func readAll() -> (response: FetchResponse, byteCount: Int, hasFailed: Bool) {
        var left = min(max(Int(request.bytesMax), 1), broker.configuration.fetchBytesMax)
        var (byteCount, hasFailed) = (0, false)
        let topics = request.topics.map { topic in
            let partitions = topic.partitions.map { wanted -> FetchResponse.Partition in
                let result = read(topic.name, wanted, left: left, isFirst: byteCount == 0)
                let size = result.chunk?.byteCount ?? 0
                byteCount += size
                left -= size
                if result.error != .none { hasFailed = true }
                return result
            }
            return (name: topic.name, partitions: partitions)
        }
        return (FetchResponse(topics: topics), byteCount, hasFailed)
    }

    private func read(
        _ topic: String, _ wanted: FetchRequest.Partition, left: Int, isFirst: Bool
    ) -> FetchResponse.Partition {
        var (start, high): (Int64, Int64) = (-1, -1)
        do throws(LogError) {
            let handle = try broker.partition(topic, wanted.index)
            if let failure = handle.failure { throw failure }
            (start, high) = (handle.startOffset.rawValue, handle.highWatermark.rawValue)
            let room = min(left, Int(max(wanted.bytesMax, 1)))
            var chunk: LogChunk?
            if isFirst || room > 0 { chunk = try handle.read(from: Offset(wanted.offset), bytesMax: max(room, 1)) }
            // The first batch of the answer may be larger than asked for, and no other.
            if let read = chunk, !isFirst, read.byteCount > room { chunk = nil }
            return .init(
                index: wanted.index, error: .none, highWatermark: chunk?.highWatermark.rawValue ?? high,
                startOffset: start, chunk: chunk)
        } catch {
            return .init(
                index: wanted.index, error: KafkaErrorCode(error), highWatermark: high, startOffset: start, chunk: nil)
        }
    }

    /// Answers at once with what there is.
    func release() { broker.offload { self.attempt() } }
}

/// The fetches that wait, so that a shutdown can answer them.
final class HeldFetches: Sendable {
    private struct State {
        var held: [ObjectIdentifier: HeldFetch] = [:]
        var isReleasing = false
    }
    private let state = Mutex(State())

    var isReleasing: Bool { state.withLock { $0.isReleasing } }
    func add(_ fetch: HeldFetch) { state.withLock { $0.held[ObjectIdentifier(fetch)] = fetch } }
    func remove(_ fetch: HeldFetch) { state.withLock { $0.held[ObjectIdentifier(fetch)] = nil } }

    func releaseAll() {
        let held = state.withLock { state in
            state.isReleasing = true
            return Array(state.held.values)
        }
        for fetch in held { fetch.release() }
    }
}

/// Work that is done at most once, whoever asks first.
final class Once: Sendable {
    private let work: @Sendable () -> Void
    private let isDone = Mutex(false)

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    func run() {
        let isFirst = isDone.withLock { done in
            defer { done = true }
            return !done
        }
        if isFirst { work() }
    }
}
