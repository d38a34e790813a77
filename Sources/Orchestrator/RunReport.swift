public import Base

/// How a run of several nodes went.
public struct RunReport: Sendable {
    public enum Outcome: Sendable, Hashable {
        /// `rows` are those written; nil for a view.
        case succeeded(rows: Int64?)
        case failed(ErrorReport)
        case skipped(because: NodeID)
        /// Stopped before it began.
        case cancelled
    }

    public struct Entry: Sendable, Hashable {
        public let node: NodeID
        public let outcome: Outcome
        /// When it began; nil if it did not.
        public let startedMicros: Int64?
        public let durationMicros: Int64

        public init(node: NodeID, outcome: Outcome, startedMicros: Int64? = nil, durationMicros: Int64 = 0) {
            self.node = node
            self.outcome = outcome
            self.startedMicros = startedMicros
            self.durationMicros = durationMicros
        }
    }

    public let runID: String
    /// In the order in which they ended.
    public private(set) var entries: [Entry] = []

    public init(runID: String) { self.runID = runID }

    public mutating func add(_ entry: Entry) { entries.append(entry) }

    public var succeeded: Int { entries.count { if case .succeeded = $0.outcome { true } else { false } } }
    public var failed: Int { entries.count { if case .failed = $0.outcome { true } else { false } } }
    public var skipped: Int { entries.count { if case .skipped = $0.outcome { true } else { false } } }
    public var cancelled: Int { entries.count { $0.outcome == .cancelled } }
    /// Whether all that was asked for was done.
    public var isComplete: Bool { succeeded == entries.count }

    /// One line: `12 done, 1 failed, 3 skipped in 4.2 s`.
    public var summary: String {
        let starts = entries.compactMap(\.startedMicros)
        let ends = entries.compactMap { entry in entry.startedMicros.map { $0 + entry.durationMicros } }
        let tenths = ((ends.max() ?? 0) - (starts.min() ?? 0) + 50_000) / 100_000
        var parts = ["\(succeeded) done"]
        if failed > 0 { parts.append("\(failed) failed") }
        if skipped > 0 { parts.append("\(skipped) skipped") }
        if cancelled > 0 { parts.append("\(cancelled) cancelled") }
        return parts.joined(separator: ", ") + " in \(tenths / 10).\(tenths % 10) s"
    }
}
