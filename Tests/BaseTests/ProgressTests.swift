import Base
import Synchronization
import Testing

/// A terminal that understands what the drawer writes: lines, cursor up, erase below.
private final class PaperTerminal: Sendable {
    struct State {
        var lines: [String] = [""]
        var writes = 0
        var columns = 80
        var longest = 0
    }
    let state = Mutex(State())
    let clock = ManualClock(micros: 1_000_000)

    func drawer(isTerminal: Bool = true) -> ProgressDrawer {
        ProgressDrawer(
            clock: clock, isTerminal: isTerminal,
            size: { [self] in ProgressDrawer.Size(columns: state.withLock { $0.columns }, rows: 24) },
            write: { [self] in write($0) })
    }

    private func write(_ text: String) {
        state.withLock { state in
            state.writes += 1
            var rest = text[...]
            while let character = rest.first {
                if rest.hasPrefix("\u{1b}["), let end = rest.firstIndex(where: { "AJK".contains($0) }) {
                    let number = Int(rest[..<end].filter(\.isNumber)) ?? 1
                    if rest[end] == "A" {
                        state.lines.removeLast(number + 1)
                        state.lines.append("")
                    }
                    rest = rest[rest.index(after: end)...]
                    continue
                }
                rest.removeFirst()
                if character == "\n" {
                    state.lines.append("")
                } else if character != "\r" {
                    state.lines[state.lines.count - 1].append(character)
                    state.longest = max(state.longest, state.lines[state.lines.count - 1].count)
                }
            }
        }
    }

    var lines: [String] { state.withLock { Array($0.lines.dropLast()) } }
    var writes: Int { state.withLock { $0.writes } }
}

struct ProgressTests {
    private static let task = ProgressTask(
        name: "load nyc.departures_of_all_years", startedMicros: 0, done: 1_204_808, total: 3_367_860,
        unit: .items("records"))

    /// No line is as wide as the terminal, and speed and time left stay from 40 columns on.
    @Test(arguments: 20...200)
    func aLineNeverWraps(columns: Int) {
        for unit in [WorkUnit.items("records"), .bytes, .parts] {
            for total in [Int64?.none, 0, 3_367_860] {
                var task = Self.task
                (task.unit, task.total) = (unit, total)
                let lines = ProgressFrame.lines([task], nowMicros: 4_000_000, columns: columns, rows: 24)
                #expect(lines.count == 1 && lines[0].count < columns, "\(lines)")
                if columns >= 40, total == 3_367_860 {
                    #expect(lines[0].contains("/s, ") && lines[0].hasSuffix(" left"), "\(columns): \(lines)")
                    #expect(lines[0].contains("load"), "\(lines)")
                }
            }
        }
    }

    @Test func partsAreDroppedInASensibleOrder() {
        let lines = [140, 100, 80, 40, 20].map {
            ProgressFrame.lines([Self.task], nowMicros: 4_000_000, columns: $0, rows: 24)[0]
        }
        #expect(
            lines == [
                "[##########....................] load nyc.departures_of_all_years: 1,204,808 of 3,367,860 records, 301,202/s, 7.1 s left",
                "[###......] load nyc.departures_of_all_years: 1,204,808 of 3,367,860 records, 301,202/s, 7.1 s left",
                "load nyc.departures_of_all_years: 1,204,808 records, 301,202/s, 7.1 s left",
                "load nyc.depart…: 301,202/s, 7.1 s left", "load n…: 7.1 s left",
            ])
    }

    @Test func whatAnEarlierRunDidIsNoSpeed() {
        let paper = PaperTerminal()
        let drawer = paper.drawer()
        drawer.update(task: "replay departures", done: 200_000, total: 336_786, unit: .items("records"))
        paper.clock.advance(micros: 1_000_000)
        drawer.update(task: "replay departures", done: 204_808, total: 336_786, unit: .items("records"))
        #expect(paper.lines.count == 1)
        #expect(paper.lines[0].contains("204,808 of 336,786 records, 4,808/s, 27.4 s left"), "\(paper.lines)")
    }

    @Test func whatIsQuickGetsOnlyItsLastLine() {
        let paper = PaperTerminal()
        let drawer = paper.drawer()
        drawer.update(task: "load a", done: 0, total: 100, unit: .bytes)
        paper.clock.advance(micros: 200_000)
        drawer.update(task: "load a", done: 50, total: 100, unit: .bytes)
        #expect(paper.lines.isEmpty)
        drawer.finish(task: "load a", summary: "5 rows", count: (5, "rows"))
        drawer.finish(task: "load b", summary: "unchanged", count: nil)
        #expect(paper.lines == ["load a: 5 rows in 200 ms", "load b: unchanged"])
    }

    @Test func notesStandAboveTheBarsAndEndedTasksLeaveNothing() {
        let paper = PaperTerminal()
        let drawer = paper.drawer()
        for task in ["one", "two"] { drawer.update(task: task, done: 0, total: 10_000, unit: .parts) }
        paper.clock.advance(micros: 2_000_000)
        drawer.update(task: "one", done: 4_200, total: 10_000, unit: .parts)
        #expect(paper.lines.count == 2 && paper.lines[0].contains("one: 42 %, 21.0 %/s, 2.7 s left"), "\(paper.lines)")
        let before = paper.writes
        drawer.note("stream s: works again")
        #expect(paper.writes == before + 1, "one write a frame")
        #expect(paper.lines.first == "stream s: works again" && paper.lines.count == 3, "\(paper.lines)")
        drawer.aside { #expect(paper.lines == ["stream s: works again"]) }
        #expect(paper.lines.count == 3)
        drawer.abandon(task: "two")
        drawer.finish(task: "one", summary: "4,000,000 rows", count: (4_000_000, "rows"))
        #expect(paper.lines == ["stream s: works again", "one: 4,000,000 rows in 2.0 s, 2,000,000 rows/s"])
    }

    /// The lines that a narrower terminal has broken are erased whole, and the next are as short as it wants them.
    @Test func theWidthIsAskedAtEachDrawing() {
        let paper = PaperTerminal()
        let drawer = paper.drawer()
        drawer.note("before")
        drawer.update(task: "load", done: 0, total: 1_000_000, unit: .items("rows"))
        paper.clock.advance(micros: 1_000_000)
        drawer.update(task: "load", done: 500_000, total: 1_000_000, unit: .items("rows"))
        let wide = paper.lines[1]
        #expect(wide.count > 60 && wide.count < 80)
        paper.state.withLock { state in
            state.columns = 30
            // As a terminal does that keeps all of a line.
            let parts = stride(from: 0, to: wide.count, by: 30).map { String(wide.dropFirst($0).prefix(30)) }
            state.lines = ["before"] + parts + [""]
            state.longest = 0
        }
        paper.clock.advance(micros: 200_000)
        drawer.update(task: "load", done: 600_000, total: 1_000_000, unit: .items("rows"))
        #expect(paper.lines.count == 2 && paper.lines[0] == "before", "\(paper.lines)")
        #expect(paper.lines[1].count < 30 && paper.lines[1].contains("left"), "\(paper.lines)")
    }

    @Test func aLogGetsALineEachTenSecondsAndOneAtTheEnd() {
        let paper = PaperTerminal()
        let drawer = paper.drawer(isTerminal: false)
        for second in 0...25 {
            drawer.update(task: "load", done: Int64(second) * 1_000_000, total: 100_000_000, unit: .bytes)
            paper.clock.advance(micros: 1_000_000)
        }
        drawer.finish(task: "load", summary: "7 rows", count: (7, "rows"))
        #expect(
            paper.lines == [
                "load: 10.0 MB of 100.0 MB, 1.0 MB/s, 1 min 30 s left",
                "load: 20.0 MB of 100.0 MB, 1.0 MB/s, 1 min 20 s left", "load: 7 rows in 26.0 s, 0 rows/s",
            ], "\(paper.lines)")
    }

    @Test func numbersReadTheSameEverywhere() {
        #expect([0, 999, 1_000, -1_234_567].map(NumberText.grouped) == ["0", "999", "1,000", "-1,234,567"])
        #expect(NumberText.counted(1, "row") == "1 row" && NumberText.counted(12_000, "row") == "12,000 rows")
        #expect(
            [999, 1_000, 999_960, 12_345_678].map(NumberText.bytes) == ["999 bytes", "1.0 kB", "1.0 MB", "12.3 MB"])
        #expect(
            [5_000, 3_250_000, 125_000_000, 12_000_000_000].map(NumberText.duration)
                == ["5 ms", "3.2 s", "2 min 5 s", "3 h 20 min"])
    }
}
