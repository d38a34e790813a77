internal import Base
internal import Synchronization

/// One partition: what it holds, and the rules by which it grows. Readers come from any thread; only the flusher writes.
final class PartitionLog: Flushable {
    typealias Completion = @Sendable (Result<AppendResult, LogError>) -> Void

    struct Pending {
        var batch: [UInt8]
        let header: RecordBatchHeader
        let durability: Durability
        let completion: Completion
        /// Why it cannot be taken, which its producer's later batches must hear in their turn.
        var refusal: LogError?
    }

    struct Waiter {
        let beyond: Int64
        let wake: @Sendable () -> Void
    }

    struct State {
        var configuration: TopicConfiguration
        var segments: [Segment] = []
        var startOffset: Int64 = 0
        /// After the last written record, and after the last durable one.
        var endOffset: Int64 = 0
        var highWatermark: Int64 = 0
        var producers = ProducerTable()
        /// Why the partition is offline.
        var failure: LogError?
        /// Why batches were turned away, and when, in milliseconds since 1970; nil once one was written.
        var appendProblem: (error: LogError, atMillis: Int64)?
        var pending: [Pending] = []
        var tail = TailCache()
        var appendTimes = AppendTimes()
        var waiters: [UInt64: Waiter] = [:]
        var waiterCount: UInt64 = 0
        /// Completions that wait for the next sync.
        var unsynced: [(completion: Completion, result: AppendResult)] = []
        var needsSync = false
    }

    let topic: TopicName
    let index: PartitionIndex
    let directory: String
    let surroundings: PartitionSurroundings
    let state: Mutex<State>

    init(
        topic: TopicName, index: PartitionIndex, directory: String, configuration: TopicConfiguration,
        surroundings: PartitionSurroundings
    ) {
        (self.topic, self.index, self.directory, self.surroundings) = (topic, index, directory, surroundings)
        state = Mutex(State(configuration: configuration))
    }

    var fileSystem: any LogFileSystem { surroundings.fileSystem }
    var nowMillis: Int64 { surroundings.clock.nowMicros() / 1000 }

    func offline(_ cause: LogError) -> LogError {
        switch cause {
        case .partitionOffline, .closed, .unknownTopic: cause
        default: .partitionOffline(topic: topic.value, partition: index, cause: cause.report.message)
        }
    }

    /// Opens the folder. A failure takes this partition offline and nothing else.
    func open(wasClosedCleanly: Bool) {
        do throws(LogError) {
            let recovered = try PartitionRecovery(
                directory: directory, fileSystem: fileSystem, openFiles: surroundings.openFiles,
                wasClosedCleanly: wasClosedCleanly, nowMillis: nowMillis
            ).run()
            // Without them everything works; only who was idle is then judged by when rows are read.
            let times = try? Self.recoverAppendTimes(
                recovered.segments, directory: directory, fileSystem: fileSystem)
            state.withLock { state in
                state.appendTimes = times ?? AppendTimes()
                state.segments = recovered.segments
                state.startOffset = recovered.startOffset
                state.endOffset = recovered.segments[recovered.segments.count - 1].nextOffset
                state.highWatermark = state.endOffset
                state.producers = recovered.producers
            }
        } catch { fail(error) }
    }

    /// Takes the partition offline and tells everyone who waits.
    func fail(_ cause: LogError) {
        let error = offline(cause)
        let (pending, unsynced, waiters) = state.withLock { state in
            if state.failure == nil { state.failure = error }
            state.tail.removeAll()
            defer { (state.pending, state.unsynced, state.waiters) = ([], [], [:]) }
            return (state.pending, state.unsynced, state.waiters)
        }
        for append in pending { append.completion(.failure(error)) }
        for append in unsynced { append.completion(.failure(error)) }
        for waiter in waiters.values { waiter.wake() }
        surroundings.tails.forget(self)
    }

    func dropTail(upTo offset: Int64) { state.withLock { $0.tail.drop(upTo: offset) } }

    // MARK: Appending

    /// - Parameter isOwn: whether it is the platform's own batch, which may have any size.
    func append(_ batch: [UInt8], durability: Durability, isOwn: Bool = false, completion: @escaping Completion) {
        let bytesMax = isOwn ? Int.max : state.withLock { $0.configuration.messageBytesMax }
        let pending: Pending
        do throws(LogError) {
            let header = try BatchValidation.validate(batch, bytesMax: bytesMax)
            pending = Pending(batch: batch, header: header, durability: durability, completion: completion)
        } catch {
            guard case .batchTooLarge = error,
                let header = unsafe batch.withUnsafeBytes({ unsafe RecordBatchHeader($0) }), header.isIdempotent
            else { return completion(.failure(error)) }
            pending = Pending(
                batch: [], header: header, durability: durability, completion: completion, refusal: error)
        }
        let outcome = state.withLock { state -> (failure: LogError?, isFirst: Bool) in
            if let failure = state.failure { return (failure, false) }
            state.pending.append(pending)
            return (nil, state.pending.count == 1)
        }
        if let failure = outcome.failure { return completion(.failure(failure)) }
        if outcome.isFirst { surroundings.flusher.enqueue(self) }
    }

    func writePending() {
        var work = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }[...]
        do throws(LogError) {
            while !work.isEmpty {
                if try writeGroup(&work) { try roll() }
            }
        } catch { turnAway(work, error) }
    }

    private func turnAway(_ work: ArraySlice<Pending>, _ error: LogError) {
        let now = nowMillis
        state.withLock { state in
            state.appendProblem = (error, now)
            for append in work { state.producers.refuse(append.header, nowMillis: now) }
        }
        for append in work { append.completion(.failure(error)) }
    }

    /// Batches that go to the disk in one write.
    private struct Group {
        var file: any LogFile
        var position: Int
        var batches: [(header: RecordBatchHeader, bytes: [UInt8])] = []
        var undo: [(producer: Int64, entry: ProducerTable.Entry?)] = []
        var done: [(pending: Pending, result: Result<AppendResult, LogError>)] = []
        var segmentIsFull = false
        /// When all of it is taken to have come.
        var nowMillis: Int64
    }

    /// Writes what fits into the segment and takes it off `work`. Returns whether the segment must be rolled for the rest.
    ///
    /// - Throws: a failed write, having cut its bytes back and forgotten its batches, which are still in `work`.
    private func writeGroup(_ work: inout ArraySlice<Pending>) throws(LogError) -> Bool {
        let group = plan(work)
        do throws(LogError) {
            if let only = group.batches.first, group.batches.count == 1 {
                try group.file.write(only.bytes, at: group.position)
            } else if !group.batches.isEmpty {
                var joined: [UInt8] = []
                joined.reserveCapacity(group.batches.reduce(0) { $0 + $1.bytes.count })
                for batch in group.batches { joined.append(contentsOf: batch.bytes) }
                try group.file.write(joined, at: group.position)
            }
        } catch {
            state.withLock { state in
                for step in group.undo.reversed() { state.producers.restore(step.producer, to: step.entry) }
            }
            // Part of the write may be in the file; the next append must not follow it.
            do throws(LogError) { try group.file.truncate(to: group.position) } catch { fail(error) }
            throw error
        }
        if let first = group.batches.first {
            noteAppend(from: first.header.baseOffset, atMillis: group.nowMillis)
        }
        commit(group)
        work = work.dropFirst(group.done.count)
        return group.segmentIsFull
    }

    /// Decides which batches are new, and gives them their offsets.
    private func plan(_ work: ArraySlice<Pending>) -> Group {
        let now = nowMillis
        return state.withLock { state in
            let segment = state.segments[state.segments.count - 1]
            var group = Group(file: segment.file, position: segment.size, nowMillis: now)
            var (bytes, next) = (segment.size, state.endOffset)
            for var pending in work {
                let count = pending.batch.count
                if bytes > 0, bytes + count > state.configuration.segmentBytes {
                    group.segmentIsFull = true
                    break
                }
                if let refusal = pending.refusal {
                    state.producers.refuse(pending.header, nowMillis: now)
                    group.done.append((pending, .failure(refusal)))
                    continue
                }
                do throws(LogError) {
                    switch try state.producers.check(pending.header) {
                    case .duplicate(let baseOffset):
                        let result = AppendResult(baseOffset: Offset(baseOffset), isDuplicate: true)
                        group.done.append((pending, .success(result)))
                    case .accept:
                        var header = pending.header
                        header.baseOffset = next
                        let before = state.producers.record(header, baseOffset: next, nowMillis: now)
                        if header.isIdempotent { group.undo.append((header.producerID, before)) }
                        Self.patch(&pending.batch, baseOffset: next)
                        group.batches.append((header, pending.batch))
                        group.done.append(
                            (pending, .success(AppendResult(baseOffset: Offset(next), isDuplicate: false))))
                        next = header.nextOffset.rawValue
                        bytes += count
                    }
                } catch { group.done.append((pending, .failure(error))) }
            }
            return group
        }
    }

    /// The broker's fields, which the checksum leaves out: the base offset, and leader epoch 0.
    private static func patch(_ batch: inout [UInt8], baseOffset: Int64) {
        for place in 0..<8 { batch[place] = UInt8(truncatingIfNeeded: baseOffset >> Int64(56 - 8 * place)) }
        for place in 12..<16 { batch[place] = 0 }
    }

    private func commit(_ group: Group) {
        let added = state.withLock { state -> [(end: Int64, cost: Int)] in
            var added: [(end: Int64, cost: Int)] = []
            let last = state.segments.count - 1
            var position = group.position
            for (header, bytes) in group.batches {
                precondition(header.baseOffset == state.endOffset, "offsets are given in order")
                state.segments[last].note(header, at: position)
                position += bytes.count
                state.endOffset = header.nextOffset.rawValue
                if state.failure == nil {
                    let batch = TailCache.Batch(
                        baseOffset: header.baseOffset, nextOffset: header.nextOffset.rawValue, bytes: bytes)
                    state.tail.append(batch)
                    added.append((batch.nextOffset, batch.cost))
                }
                state.needsSync = true
                state.appendProblem = nil
            }
            for (pending, result) in group.done where pending.durability == .synced {
                if case .success(let appended) = result { state.unsynced.append((pending.completion, appended)) }
            }
            return added
        }
        if !added.isEmpty { surroundings.tails.added(added, to: self) }
        for (pending, result) in group.done {
            switch result {
            case .success where pending.durability == .synced: continue
            default: pending.completion(result)
            }
        }
    }

    func syncWritten() {
        let work = state.withLock { state -> (file: any LogFile, size: Int, end: Int64)? in
            guard state.needsSync, state.failure == nil, let segment = state.segments.last else { return nil }
            return (segment.file, segment.size, state.endOffset)
        }
        if let work {
            do throws(LogError) { try work.file.sync() } catch {
                // What the page cache holds can no longer be trusted to reach the disk.
                return fail(error)
            }
            advance(to: work.end, syncedSize: work.size)
        }
        // Duplicates wait here too: their originals may have been written in this very round.
        let (unsynced, failure) = state.withLock { state in
            defer { state.unsynced = [] }
            return (state.unsynced, state.failure)
        }
        for (completion, result) in unsynced { completion(failure.map { .failure($0) } ?? .success(result)) }
    }

    private func advance(to end: Int64, syncedSize: Int) {
        let woken = state.withLock { state in
            state.segments[state.segments.count - 1].syncedSize = syncedSize
            state.highWatermark = end
            state.needsSync = false
            let ready = state.waiters.filter { $0.value.beyond < end }
            for id in ready.keys { state.waiters[id] = nil }
            return ready.values.map(\.wake)
        }
        for wake in woken { wake() }
    }

    /// Closes the active segment and begins the next. Everything in the old one is durable before the new one exists.
    private func roll() throws(LogError) {
        let (segment, snapshot) = state.withLock { state in
            (
                state.segments[state.segments.count - 1],
                ProducerSnapshot(endOffset: state.endOffset, table: state.producers)
            )
        }
        do throws(LogError) { try segment.file.sync() } catch {
            fail(error)
            throw offline(error)
        }
        advance(to: segment.nextOffset, syncedSize: segment.size)
        try fileSystem.writeAtomically(
            segment.indexFile.encoded(), to: Segment.path(directory, segment.baseOffset, ".index"))
        try fileSystem.writeAtomically(
            snapshot.encoded(), to: Segment.path(directory, snapshot.endOffset, ".snapshot"))
        let path = Segment.path(directory, segment.nextOffset, ".log")
        let file = try newFile(path)
        state.withLock { $0.segments.append(Segment(baseOffset: segment.nextOffset, path: path, file: file)) }
        segment.file.deactivate()
        try removeOldSnapshots(before: segment.baseOffset)
    }

    /// An empty file for the next segment, whose name will last.
    private func newFile(_ path: String) throws(LogError) -> SegmentFile {
        let file = try SegmentFile(creating: path, fileSystem: fileSystem, openFiles: surroundings.openFiles)
        do throws(LogError) {
            try file.truncate(to: 0)
            try fileSystem.syncDirectory(directory)
        } catch {
            // The old segment may still take smaller batches, and then this name would claim offsets that are its.
            // Where it cannot be removed either, recovery knows it by its being empty.
            do throws(LogError) { try fileSystem.removeFile(path) } catch {}
            throw error
        }
        return file
    }

    func removeOldSnapshots(before offset: Int64) throws(LogError) {
        for name in try fileSystem.list(directory) {
            if let end = Segment.offset(in: name, suffix: ".snapshot"), end < offset {
                try fileSystem.removeFile("\(directory)/\(name)")
            }
        }
    }
}
