internal import Base
internal import Synchronization

extension PartitionLog {
    /// Takes note of when the batches from `offset` on came, which are in the active segment. Runs on the flusher's thread.
    ///
    /// Nothing is acknowledged by this, so an append does not fail where it does: a disk that does not work is met again
    /// by the segment, and the entry is written with the next one.
    func noteAppend(from offset: Int64, atMillis millis: Int64) {
        let (times, base) = state.withLock { state in
            let base = state.segments[state.segments.count - 1].baseOffset
            state.appendTimes.note(offset: offset, millis: millis, segment: base)
            return (state.appendTimes, base)
        }
        guard !times.unwritten.isEmpty else { return }
        do throws(LogError) {
            let file = try fileSystem.open(Segment.path(directory, base, AppendTimesFile.suffix), create: true)
            try file.write(
                AppendTimesFile.encoded(times.unwritten), at: times.fileCount * AppendTimesFile.entryBytes)
            state.withLock { $0.appendTimes.wrote(times.unwritten.count) }
        } catch { return }
    }

    /// When the records of `range` were appended.
    func appendTimes(_ range: Range<Int64>) throws(LogError) -> AppendTimeline {
        let (recent, segments) = state.withLock { ($0.appendTimes.entries(range), $0.segments) }
        if let recent { return AppendTimeline(entries: recent) }
        var entries: [AppendTime] = []
        let first = Self.segment(holding: range.lowerBound, in: segments)
        for segment in segments[first...].prefix(while: { $0.baseOffset < range.upperBound }) {
            let path = Segment.path(directory, segment.baseOffset, AppendTimesFile.suffix)
            guard fileSystem.exists(path) else { continue }
            entries += try AppendTimesFile(try fileSystem.open(path, create: false)).entries(about: range)
        }
        return AppendTimeline(entries: entries)
    }

    /// Brings the files of append times into line with the segments, and finds where they go on.
    ///
    /// A segment without any, which an earlier version wrote or whose file is lost, counts as appended when its file was
    /// last written. Entries beyond the end of the records, which a crash cut off, go.
    static func recoverAppendTimes(
        _ segments: [Segment], directory: String, fileSystem: any LogFileSystem
    ) throws(LogError) -> AppendTimes {
        guard let active = segments.last else { return AppendTimes() }
        var newest: AppendTime?
        for segment in segments.dropLast() {
            let path = Segment.path(directory, segment.baseOffset, AppendTimesFile.suffix)
            if fileSystem.exists(path) {
                let file = try AppendTimesFile(try fileSystem.open(path, create: false))
                if let last = try file.last(before: segment.nextOffset) { newest = last.entry }
            } else if segment.nextOffset > segment.baseOffset {
                let entry = try estimate(segment, after: newest, fileSystem)
                let file = try fileSystem.open(path, create: true)
                try file.write(AppendTimesFile.encoded([entry]), at: 0)
                newest = entry
            }
        }
        let path = Segment.path(directory, active.baseOffset, AppendTimesFile.suffix)
        let before = newest.map { [$0] } ?? []
        if fileSystem.exists(path) {
            let file = try fileSystem.open(path, create: false)
            let kept = try AppendTimesFile(file).last(before: active.nextOffset)
            let count = kept.map { $0.number + 1 } ?? 0
            try file.truncate(to: count * AppendTimesFile.entryBytes)
            if let kept {
                let first = max(0, count - AppendTimes.recentMax)
                let recent = try AppendTimesFile(file).entries(first..<count).compactMap(\.self)
                return AppendTimes(
                    segment: active.baseOffset, fileCount: count, recent: recent.isEmpty ? [kept.entry] : recent)
            }
        }
        guard active.nextOffset > active.baseOffset else {
            return AppendTimes(segment: -1, fileCount: 0, recent: before)
        }
        return AppendTimes(
            segment: active.baseOffset, fileCount: 0, recent: before,
            unwritten: [try estimate(active, after: newest, fileSystem)])
    }

    private static func estimate(
        _ segment: Segment, after newest: AppendTime?, _ fileSystem: any LogFileSystem
    ) throws(LogError) -> AppendTime {
        AppendTime(
            offset: segment.baseOffset,
            millis: max(newest?.millis ?? .min, try fileSystem.modifiedMillis(segment.path)))
    }
}
