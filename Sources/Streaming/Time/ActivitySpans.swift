internal import Base

/// When a source was given records: spans of time in which no two records lie further apart than a quiet spell is long.
///
/// The spans depend on the append times alone, not on the order in which partitions are read, so that reading a backlog
/// one partition after another finds the same quiet spells as keeping up does.
struct ActivitySpans: Sendable {
    typealias Span = (first: Int64, last: Int64)

    let quietMicros: Int64
    /// In order of time.
    private(set) var spans: [Span] = []
    /// Quiet spells further back than this many no longer matter to anybody.
    private static let spansMax = 1024

    init(quietMicros: Int64) { self.quietMicros = quietMicros }

    var newest: Span? { spans.last }

    /// Takes note of a record's append time.
    ///
    /// - Returns: whether it ends a quiet spell, or is the first there is: a span later than all others begins with it.
    mutating func note(_ time: Int64) -> Bool {
        // Nearly always at the end, or not far from it.
        var place = spans.count
        while place > 0, spans[place - 1].first > time { place -= 1 }
        let joinsBefore = place > 0 && (time <= spans[place - 1].last || isOneSpan(spans[place - 1].last, time))
        let joinsAfter = place < spans.count && isOneSpan(time, spans[place].first)
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            spans[place - 1].last = spans[place].last
            spans.remove(at: place)
        case (true, false): spans[place - 1].last = max(spans[place - 1].last, time)
        case (false, true): spans[place].first = time
        case (false, false):
            spans.insert((time, time), at: place)
            if spans.count > Self.spansMax { spans.removeFirst(Self.spansMax / 2) }
            return spans.last?.first == time
        }
        return false
    }

    private func isOneSpan(_ earlier: Int64, _ later: Int64) -> Bool {
        later.subtractingSaturated(earlier) < quietMicros
    }
}
