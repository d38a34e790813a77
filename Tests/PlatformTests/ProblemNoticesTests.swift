import Testing

@testable import Platform

private func problem(_ text: String, of subject: String = "stream s") -> PlatformProblem {
    PlatformProblem(subject: subject, text: text)
}

/// A trouble is told once, though its wording changes and it seems to be away between two attempts.
@Test func aProblemIsToldOnceAndItsEndOnce() {
    var notices = ProblemNotices(overAfterMicros: 100)
    let (first, second) = (problem("error STO-004: 7 bytes short"), problem("error STO-004: 9 bytes short"))
    #expect(notices.observe([first], nowMicros: 0) == [.began(first)])
    #expect(notices.observe([second], nowMicros: 50).isEmpty)
    #expect(notices.observe([], nowMicros: 120).isEmpty)
    #expect(notices.observe([first], nowMicros: 140).isEmpty)
    #expect(notices.observe([], nowMicros: 240) == [.ended(subject: "stream s")])
    #expect(notices.observe([], nowMicros: 900).isEmpty)
    #expect(notices.observe([first], nowMicros: 950) == [.began(first)])
}

/// Another cause is another problem, and so is another subject.
@Test func anotherCauseIsTold() {
    var notices = ProblemNotices(overAfterMicros: 100)
    let (full, damaged) = (problem("error STO-004: full"), problem("error LOG-002: damaged"))
    let other = problem("error STO-004: full", of: "replay of t")
    #expect(notices.observe([full], nowMicros: 0) == [.began(full)])
    #expect(notices.observe([damaged, other], nowMicros: 1) == [.began(damaged), .began(other)])
}

/// A port that something listens on is taken; 0 always finds a free one.
@Test func portsAreProbed() {
    #expect(PortProbe.probe(0, host: "127.0.0.1") == .free)
    #expect(PortProbe.probe(70_000, host: "127.0.0.1") != .free)
}
