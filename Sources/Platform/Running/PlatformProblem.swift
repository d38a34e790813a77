/// Something that does not work at the moment, and is tried again or waits for somebody.
public struct PlatformProblem: Sendable, Hashable, Codable {
    /// What does not work: `stream delays_hourly`, `replay of departures`.
    public let subject: String
    /// Why, and what to do; usually an `ErrorReport` in full.
    public let text: String

    public init(subject: String, text: String) { (self.subject, self.text) = (subject, text) }

    /// What is the same about two reports of one trouble, whose numbers and file names differ.
    var kind: String { text.firstMatch(of: /error [A-Z]+-\d+/).map { String($0.output) } ?? text }
}

/// Decides which problems to tell somebody who watches: each once, and when it is over.
public struct ProblemNotices: Sendable {
    public enum Notice: Sendable, Hashable {
        case began(PlatformProblem)
        case ended(subject: String)
    }

    private struct Told {
        var kind: String
        var seenMicros: Int64
    }

    /// What was away for so long is over. One that is tried again every few seconds seems to be away in between.
    private let overAfterMicros: Int64
    private var told: [String: Told] = [:]

    public init(overAfterMicros: Int64 = 5_000_000) { self.overAfterMicros = overAfterMicros }

    /// - Parameter problems: all there are at this moment.
    public mutating func observe(_ problems: [PlatformProblem], nowMicros: Int64) -> [Notice] {
        var notices: [Notice] = []
        for problem in problems {
            if told[problem.subject]?.kind != problem.kind { notices.append(.began(problem)) }
            told[problem.subject] = Told(kind: problem.kind, seenMicros: nowMicros)
        }
        for (subject, last) in told.sorted(by: { $0.key < $1.key })
        where nowMicros - last.seenMicros >= overAfterMicros {
            told[subject] = nil
            notices.append(.ended(subject: subject))
        }
        return notices
    }
}
