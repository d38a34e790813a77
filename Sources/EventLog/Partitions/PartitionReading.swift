internal import Base
internal import Synchronization

extension PartitionLog {
    /// Whole durable batches, starting with the one that holds `offset`.
    func read(from offset: Offset, bytesMax: Int) throws(LogError) -> LogChunk {
        let wanted = offset.rawValue
        let plan = state.withLock { state -> Result<ReadPlan, LogError> in
            if let failure = state.failure { return .failure(failure) }
            guard wanted >= state.startOffset, wanted <= state.endOffset else {
                return .failure(
                    .offsetOutOfRange(requested: offset, available: Offset(state.startOffset)..<Offset(state.endOffset))
                )
            }
            guard wanted < state.highWatermark else { return .success(.nothing(state.highWatermark)) }
            if let batches = state.tail.batches(from: wanted, before: state.highWatermark, bytesMax: bytesMax) {
                return .success(.memory(batches, state.highWatermark))
            }
            let segment = state.segments[Self.segment(holding: wanted, in: state.segments)]
            return .success(.disk(segment, segment.index.position(of: wanted), state.highWatermark))
        }
        switch try plan.get() {
        case .nothing(let high): return .empty(at: offset, highWatermark: Offset(high))
        case .memory(let batches, let high):
            let block = ByteBlock(joining: batches.map(\.bytes)[...])
            return LogChunk(
                requestedOffset: offset, nextOffset: Offset(batches.last?.nextOffset ?? wanted),
                highWatermark: Offset(high), block: block, range: 0..<block.count)
        case .disk(let segment, let position, let high):
            do throws(LogError) {
                return try read(segment, from: offset, position: position, bytesMax: bytesMax, before: high)
            } catch {
                // Retention or a deletion may have taken the file away since the plan was made.
                let now = state.withLock { ($0.failure, Offset($0.startOffset)..<Offset($0.endOffset)) }
                if let failure = now.0 { throw failure }
                if offset < now.1.lowerBound { throw .offsetOutOfRange(requested: offset, available: now.1) }
                throw error
            }
        }
    }

    private enum ReadPlan {
        case nothing(Int64)
        case memory(ArraySlice<TailCache.Batch>, Int64)
        case disk(Segment, Int, Int64)
    }

    /// The last segment that begins at or before `offset`.
    static func segment(holding offset: Int64, in segments: [Segment]) -> Int {
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].baseOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }

    private func read(
        _ segment: Segment, from offset: Offset, position: Int, bytesMax: Int, before high: Int64
    ) throws(LogError) -> LogChunk {
        // The index points at most this far before the batch.
        var window = min(max(bytesMax, 1) + 2 * SegmentIndex.spacingBytes, segment.syncedSize - position)
        while true {
            let block = try unsafe ByteBlock(capacity: window) { target throws(LogError) in
                try unsafe segment.file.read(at: position, into: target)
            }
            var (cursor, start, next) = (0, -1, offset.rawValue)
            var missing = 0
            while let header = unsafe RecordBatchHeader(UnsafeRawBufferPointer(rebasing: block.bytes[cursor...])) {
                guard header.isPlausible else { throw damage(segment, position + cursor, "no record batch stands") }
                if header.baseOffset >= high { break }
                let end = cursor + header.totalBytes
                if end > block.count {
                    missing = end
                    break
                }
                if header.nextOffset > offset {
                    if start < 0 { start = cursor }
                    if end - start > bytesMax, cursor > start { break }
                    let batch = unsafe UnsafeRawBufferPointer(rebasing: block.bytes[cursor..<end])
                    guard unsafe RecordBatchHeader.checksumHolds(batch, crc: header.crc) else {
                        throw damage(segment, position + cursor, "the CRC-32C is wrong")
                    }
                    next = header.nextOffset.rawValue
                }
                cursor = end
            }
            if start >= 0, next > offset.rawValue {
                return LogChunk(
                    requestedOffset: offset, nextOffset: Offset(next), highWatermark: Offset(high), block: block,
                    range: start..<cursor)
            }
            // The first batch comes whole even if it alone is larger than was asked for (KIP-74).
            let grown = min(
                max(missing, window + 2 * SegmentIndex.spacingBytes, cursor + RecordBatchHeader.byteCount),
                segment.syncedSize - position)
            guard grown > window else {
                throw damage(segment, position + cursor, "no batch holds offset \(offset)")
            }
            window = grown
        }
    }

    private func damage(_ segment: Segment, _ position: Int, _ problem: String) -> LogError {
        .corruptSegment(segment: segment.path, position: position, problem: problem)
    }

    /// The first durable record whose timestamp is at least `millis`; nil when there is none.
    func offset(atOrAfter millis: Int64) throws(LogError) -> (offset: Offset, timestampMillis: Int64)? {
        let (segments, start, high) = state.withLock { ($0.segments, $0.startOffset, $0.highWatermark) }
        for segment in segments where segment.maxTimestamp >= millis && segment.nextOffset > start {
            var from = segment.index.position(ofTimestamp: millis)
            while from < segment.syncedSize {
                guard let header = try header(segment, at: from) else { break }
                if header.baseOffset >= high { return nil }
                if header.maxTimestamp >= millis, header.nextOffset.rawValue > start {
                    let chunk = try read(Offset(max(header.baseOffset, start)))
                    var reader = RecordBatchReader(chunk)
                    while let record = try reader.next(), record.offset < header.nextOffset {
                        if record.timestampMillis >= millis { return (record.offset, record.timestampMillis) }
                    }
                }
                from += header.totalBytes
            }
        }
        return nil
    }

    /// The newest timestamp with the offset of its first record; nil in an empty partition.
    func newestTimestamp() throws(LogError) -> (offset: Offset, timestampMillis: Int64)? {
        let newest = state.withLock { state in state.segments.map(\.maxTimestamp).max() }
        guard let newest, newest >= 0 else { return nil }
        return try offset(atOrAfter: newest)
    }

    private func read(_ offset: Offset) throws(LogError) -> LogChunk { try read(from: offset, bytesMax: 1) }

    private func header(_ segment: Segment, at position: Int) throws(LogError) -> RecordBatchHeader? {
        let bytes = try segment.file.bytes(at: position, count: RecordBatchHeader.byteCount)
        guard let header = unsafe bytes.withUnsafeBytes({ unsafe RecordBatchHeader($0) }) else { return nil }
        guard header.isPlausible else { throw damage(segment, position, "no record batch stands") }
        return header
    }

    // MARK: Waiting

    /// Calls `wake` once, from any thread, when the high watermark is beyond `offset`, or the partition goes offline.
    ///
    /// - Returns: what `stopWaiting` takes; nil when there is no need to wait, and `wake` will not be called.
    func wait(beyond offset: Offset, wake: @escaping @Sendable () -> Void) -> UInt64? {
        state.withLock { state in
            guard state.failure == nil, state.highWatermark <= offset.rawValue else { return nil }
            state.waiterCount += 1
            state.waiters[state.waiterCount] = Waiter(beyond: offset.rawValue, wake: wake)
            return state.waiterCount
        }
    }

    func stopWaiting(_ waiter: UInt64) { state.withLock { $0.waiters[waiter] = nil } }
}
