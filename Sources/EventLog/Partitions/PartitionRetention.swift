internal import Base
internal import Synchronization

extension PartitionLog {
    /// Lets closed segments go that are too old or too many. Runs on the flusher's thread.
    func enforceRetention() throws(LogError) {
        let now = nowMillis
        let dropped = state.withLock { state -> [Segment] in
            guard state.failure == nil else { return [] }
            state.producers.forget(unseenSince: now - Self.producerMemoryMillis)
            let configuration = state.configuration
            var total = state.segments.reduce(0) { $0 + $1.size }
            var count = 0
            // The active segment always stays.
            for segment in state.segments.dropLast() {
                let isOld =
                    configuration.retentionMillis >= 0 && segment.maxTimestamp < now - configuration.retentionMillis
                let isTooMuch =
                    configuration.retentionBytes >= 0 && Int64(total - segment.size) >= configuration.retentionBytes
                guard isOld || isTooMuch || segment.nextOffset <= state.startOffset else { break }
                total -= segment.size
                count += 1
            }
            let dropped = Array(state.segments.prefix(count))
            state.segments.removeFirst(count)
            state.startOffset = max(state.startOffset, state.segments[0].baseOffset)
            return dropped
        }
        for segment in dropped {
            try fileSystem.removeFile(segment.path)
            try fileSystem.removeFile(Segment.path(directory, segment.baseOffset, ".index"))
            try fileSystem.removeFile(Segment.path(directory, segment.baseOffset, AppendTimesFile.suffix))
        }
        if !dropped.isEmpty { try fileSystem.syncDirectory(directory) }
    }

    /// How long an idle producer is remembered: a day, as in Kafka.
    static let producerMemoryMillis: Int64 = 86_400_000

    /// Moves the start of the partition to `offset`, durably; nothing before it is read again.
    ///
    /// - Returns: the new start offset.
    func deleteRecords(before offset: Offset) throws(LogError) -> Offset {
        let current = state.withLock { state -> Result<Int64, LogError> in
            if let failure = state.failure { return .failure(failure) }
            guard offset.rawValue >= 0, offset.rawValue <= state.highWatermark else {
                return .failure(
                    .offsetOutOfRange(
                        requested: offset, available: Offset(state.startOffset)..<Offset(state.highWatermark)))
            }
            return .success(state.startOffset)
        }
        let start = max(try current.get(), offset.rawValue)
        try fileSystem.writeAtomically(
            Array(String(start).utf8), to: "\(directory)/\(PartitionRecovery.startOffsetFile)")
        return state.withLock { state in
            state.startOffset = max(state.startOffset, start)
            return Offset(state.startOffset)
        }
    }

    /// Writes what a quick start needs: the producers as they are now. Called with no append on its way.
    func close() throws(LogError) {
        let (snapshot, isSound) = state.withLock { state in
            (ProducerSnapshot(endOffset: state.endOffset, table: state.producers), state.failure == nil)
        }
        guard isSound else { return }
        fail(.closed)
        try fileSystem.writeAtomically(
            snapshot.encoded(), to: Segment.path(directory, snapshot.endOffset, ".snapshot"))
    }
}
