public import Base

/// From a batch on: when the log took it, by its own clock.
struct AppendTime: Sendable, Hashable {
    /// The first offset of a batch; the time holds for it and what follows, up to the next entry.
    var offset: Int64
    /// Milliseconds since 1970; never before those of an earlier offset.
    var millis: Int64
}

/// The newest append times of a partition, and where in the active segment's file the next one goes.
struct AppendTimes: Sendable {
    /// The base offset of the segment that `fileCount` is about.
    private(set) var segment: Int64 = -1
    /// Entries that are in the segment's file.
    private(set) var fileCount = 0
    /// The newest entries, of the active segment and those before it.
    private(set) var recent: [AppendTime] = []
    /// The last of `recent` that are not in the file yet.
    private(set) var unwritten: [AppendTime] = []

    /// Enough for readers that keep up to need no file.
    static let recentMax = 512

    init() {}

    init(segment: Int64, fileCount: Int, recent: [AppendTime], unwritten: [AppendTime] = []) {
        (self.segment, self.fileCount, self.recent, self.unwritten) = (
            segment, fileCount, recent + unwritten, unwritten
        )
    }

    /// Takes note of a batch, which follows all those noted before. A clock that was set back does not count.
    mutating func note(offset: Int64, millis: Int64, segment base: Int64) {
        let isNewSegment = base != segment
        if isNewSegment { (segment, fileCount, unwritten) = (base, 0, []) }
        let newest = recent.last?.millis ?? .min
        guard isNewSegment || millis > newest else { return }
        let entry = AppendTime(offset: offset, millis: max(millis, newest))
        recent.append(entry)
        if recent.count > 2 * Self.recentMax { recent.removeFirst(recent.count - Self.recentMax) }
        unwritten.append(entry)
        // A file that cannot be written for long: the first entries still bound the times of those between.
        if unwritten.count > Self.recentMax { unwritten.remove(at: Self.recentMax - 1) }
    }

    /// The first `count` entries of `unwritten` are in the file.
    mutating func wrote(_ count: Int) {
        fileCount += count
        unwritten.removeFirst(count)
    }

    /// The entries that tell about `range`; nil where they begin later.
    func entries(_ range: Range<Int64>) -> [AppendTime]? {
        guard let first = recent.lastIndex(where: { $0.offset <= range.lowerBound }) else { return nil }
        return Array(recent[first...].prefix { $0.offset < range.upperBound || $0.offset <= range.lowerBound })
    }
}

/// When records were appended, by the log's own clock and whatever their producers wrote into them.
public struct AppendTimeline: Sendable {
    let entries: [AppendTime]

    /// When the batch that holds `offset` was appended, in milliseconds since 1970; nil where nobody knows. Never earlier
    /// than for an offset before it.
    public func millis(at offset: Offset) -> Int64? {
        (entries.last { $0.offset <= offset.rawValue } ?? entries.first)?.millis
    }
}
