internal import Base

/// What opening a partition's folder found.
struct RecoveredPartition {
    var segments: [Segment]
    var startOffset: Int64
    var producers: ProducerTable
    /// Bytes of a torn write that were cut off the end.
    var cutBytes = 0
}

/// Opens a partition's folder: checks its segments, cuts the torn end of the last write, restores producers.
struct PartitionRecovery {
    let directory: String
    let fileSystem: any LogFileSystem
    let openFiles: OpenFiles
    /// Whether the log was closed in order, so that closed segments can be trusted to their index files.
    let wasClosedCleanly: Bool
    let nowMillis: Int64

    static let startOffsetFile = "log-start-offset"

    /// - Throws: `corruptSegment` when sound batches would be lost by cutting; errors of the file system.
    func run() throws(LogError) -> RecoveredPartition {
        try fileSystem.createDirectory(directory)
        let names = try fileSystem.list(directory)
        let bases = names.compactMap { Segment.offset(in: $0, suffix: ".log") }.sorted()
        let snapshot = try newestSnapshot(names)
        var producers = snapshot?.table ?? ProducerTable()
        let replayFrom = snapshot?.endOffset ?? 0
        let startOffset = try storedStartOffset()

        var result = RecoveredPartition(segments: [], startOffset: startOffset, producers: producers)
        let files = bases.map { base in
            SegmentFile(path: Segment.path(directory, base, ".log"), fileSystem: fileSystem, openFiles: openFiles)
        }
        var sizes: [Int] = []
        for file in files { sizes.append(try file.size()) }
        for (place, base) in bases.enumerated() {
            let path = Segment.path(directory, base, ".log")
            if let previous = result.segments.last, sizes[place] == 0, base < previous.nextOffset {
                // It was to follow the segment before it, which then went on to grow.
                try fileSystem.removeFile(path)
                continue
            }
            let isLast = place == bases.count - 1
            if let previous = result.segments.last, previous.nextOffset != base {
                throw .corruptSegment(
                    segment: previous.path, position: previous.size,
                    problem: "records \(previous.nextOffset) to \(base - 1) are missing")
            }
            var segment = Segment(baseOffset: base, path: path, file: files[place])
            let size = sizes[place]
            // All that comes after it, as far as it has no records.
            let emptyBases = sizes[(place + 1)...].allSatisfy { $0 == 0 } ? bases[(place + 1)...] : []
            if !isLast, wasClosedCleanly, replayFrom >= bases[place + 1],
                let bytes = try fileSystem.readAll(Segment.path(directory, base, ".index")),
                let stored = SegmentIndexFile(bytes), stored.logBytes == size, stored.baseOffset == base,
                stored.nextOffset == bases[place + 1]
            {
                segment.size = size
                segment.nextOffset = stored.nextOffset
                segment.maxTimestamp = stored.maxTimestamp
                segment.index = stored.index
            } else {
                result.cutBytes += try scan(&segment, size: size) { end in
                    isLast || emptyBases.last.map { $0 < end } ?? false
                } visit: { header in
                    guard header.baseOffset >= replayFrom else { return }
                    _ = producers.record(header, baseOffset: header.baseOffset, nowMillis: nowMillis)
                }
            }
            segment.syncedSize = segment.size
            result.segments.append(segment)
        }
        if let snapshot, snapshot.endOffset > result.segments.last?.nextOffset ?? startOffset {
            // The log ends before the snapshot was made: after a clean stop that is loss, else the snapshot is stale.
            if wasClosedCleanly, let last = result.segments.last {
                throw .corruptSegment(
                    segment: last.path, position: last.size,
                    problem: "records \(last.nextOffset) to \(snapshot.endOffset - 1) are missing")
            }
            return try rescanned(result)
        }
        result.producers = producers
        return try withFirstSegment(result)
    }

    /// Checks every batch of a segment. Returns how many bytes of a torn write were cut off.
    ///
    /// - Parameter isLast: whether nothing follows the segment, if its sound batches end at an offset.
    private func scan(
        _ segment: inout Segment, size: Int, isLast: (Int64) -> Bool, visit: (RecordBatchHeader) -> Void
    ) throws(LogError) -> Int {
        let scan = SegmentScan(file: segment.file, path: segment.path, size: size)
        var found = segment
        let outcome = try scan.run(from: segment.baseOffset) { header, position in
            found.note(header, at: position)
            visit(header)
        }
        segment = found
        guard let problem = outcome.problem else { return 0 }
        let sounder = try scan.soundBatchFollows(outcome.end, after: segment.nextOffset)
        guard isLast(segment.nextOffset), !wasClosedCleanly, !sounder else {
            throw .corruptSegment(segment: segment.path, position: outcome.end, problem: problem)
        }
        try segment.file.truncate(to: outcome.end)
        try segment.file.sync()
        return size - outcome.end
    }

    /// Producers from the segments alone.
    private func rescanned(_ recovered: RecoveredPartition) throws(LogError) -> RecoveredPartition {
        var result = recovered
        var producers = ProducerTable()
        for segment in recovered.segments {
            let scan = SegmentScan(file: segment.file, path: segment.path, size: segment.size)
            _ = try scan.run(from: segment.baseOffset) { header, _ in
                _ = producers.record(header, baseOffset: header.baseOffset, nowMillis: nowMillis)
            }
        }
        result.producers = producers
        return try withFirstSegment(result)
    }

    private func withFirstSegment(_ recovered: RecoveredPartition) throws(LogError) -> RecoveredPartition {
        var result = recovered
        if result.segments.isEmpty {
            let path = Segment.path(directory, result.startOffset, ".log")
            let file = try SegmentFile(creating: path, fileSystem: fileSystem, openFiles: openFiles)
            try fileSystem.syncDirectory(directory)
            result.segments = [Segment(baseOffset: result.startOffset, path: path, file: file)]
        } else {
            try result.segments[result.segments.count - 1].file.activate()
        }
        result.startOffset = min(
            max(result.startOffset, result.segments[0].baseOffset),
            result.segments[result.segments.count - 1].nextOffset)
        return result
    }

    private func newestSnapshot(_ names: [String]) throws(LogError) -> ProducerSnapshot? {
        for name in names.reversed() where Segment.offset(in: name, suffix: ".snapshot") != nil {
            if let bytes = try fileSystem.readAll("\(directory)/\(name)"),
                let snapshot = ProducerSnapshot.decoded(bytes)
            {
                return snapshot
            }
        }
        return nil
    }

    private func storedStartOffset() throws(LogError) -> Int64 {
        let path = "\(directory)/\(Self.startOffsetFile)"
        guard let bytes = try fileSystem.readAll(path) else { return 0 }
        guard let offset = Int64(String(decoding: bytes, as: UTF8.self)), offset >= 0 else {
            throw .corruptMetadata(path: path, problem: "no offset stands in it")
        }
        return offset
    }
}
