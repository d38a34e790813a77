internal import Base
internal import Foundation
internal import Synchronization

/// Draws progress bars with rate and time left on a terminal, and plain lines where the output is not one.
final class TerminalProgress: WorkReporting {
    /// One task's way so far.
    private struct Task {
        let name: String
        let startedMicros: Int64
        var done: Int64 = 0
        var total: Int64?
        var unit = ""
    }

    private struct State {
        var tasks: [Task] = []
        var linesDrawn = 0
        var drawnMicros: Int64 = 0
        var plainMicros: [String: Int64] = [:]
    }

    private let state = Mutex(State())
    private let clock: any WallClock
    private let isTerminal: Bool
    private let width: Int

    /// Redrawing more often than this only costs the terminal's time.
    private static let drawEveryMicros: Int64 = 100_000
    /// A log should tell that work goes on, not fill up with it.
    private static let plainEveryMicros: Int64 = 10_000_000

    init(clock: any WallClock, isTerminal: Bool, width: Int) {
        self.clock = clock
        self.isTerminal = isTerminal
        self.width = width
    }

    func update(task: String, done: Int64, total: Int64?, unit: String) {
        let now = clock.nowMicros()
        state.withLock { state in
            let index =
                state.tasks.firstIndex { $0.name == task }
                ?? {
                    state.tasks.append(Task(name: task, startedMicros: now))
                    return state.tasks.count - 1
                }()
            state.tasks[index].done = done
            state.tasks[index].total = total
            state.tasks[index].unit = unit
            if isTerminal {
                guard now - state.drawnMicros >= Self.drawEveryMicros else { return }
                draw(&state, now: now)
            } else {
                let last = state.plainMicros[task] ?? state.tasks[index].startedMicros
                guard now - last >= Self.plainEveryMicros else { return }
                state.plainMicros[task] = now
                write(Self.line(state.tasks[index], now: now) + "\n")
            }
        }
    }

    func finish(task: String, summary: String) {
        let now = clock.nowMicros()
        state.withLock { state in
            let started = state.tasks.first { $0.name == task }?.startedMicros
            state.tasks.removeAll { $0.name == task }
            state.plainMicros[task] = nil
            // A task that was over before its first report took no time worth telling.
            let line = "\(task): \(summary)" + (started.map { " in \(Self.duration(now - $0))" } ?? "")
            if isTerminal {
                erase(&state)
                write(line + "\n")
                draw(&state, now: now)
            } else {
                write(line + "\n")
            }
        }
    }

    private func erase(_ state: inout State) {
        if state.linesDrawn > 0 { write("\u{1b}[\(state.linesDrawn)A\u{1b}[0J") }
        state.linesDrawn = 0
    }

    private func draw(_ state: inout State, now: Int64) {
        erase(&state)
        for task in state.tasks { write(Self.bar(task, now: now, width: width) + "\n") }
        state.linesDrawn = state.tasks.count
        state.drawnMicros = now
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    private static func bar(_ task: Task, now: Int64, width: Int) -> String {
        let tail = line(task, now: now)
        guard let total = task.total, total > 0 else { return String(tail.prefix(width)) }
        let room = min(30, width - tail.count - 3)
        guard room >= 5 else { return String(tail.prefix(width)) }
        let filled = Int(Double(room) * min(1, Double(task.done) / Double(total)))
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: room - filled) + "] " + tail
    }

    /// `load weather: 12,000 of 26,115 rows, 48,000/s, 1 s left`.
    private static func line(_ task: Task, now: Int64) -> String {
        let elapsed = max(1, now - task.startedMicros)
        let perSecond = Double(task.done) * 1_000_000 / Double(elapsed)
        var text = "\(task.name): \(grouped(task.done))"
        if let total = task.total { text += " of \(grouped(total))" }
        text += " \(task.unit), \(grouped(Int64(perSecond)))/s"
        if let total = task.total, task.done > 0, task.done < total {
            text += ", \(duration(Int64(Double(total - task.done) / perSecond * 1_000_000))) left"
        }
        return text
    }

    static func grouped(_ number: Int64) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (number < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    static func duration(_ micros: Int64) -> String {
        switch micros {
        case ..<1_000_000: "\(micros / 1_000) ms"
        case ..<60_000_000: "\(Double(micros / 100_000) / 10) s"
        case ..<3_600_000_000: "\(micros / 60_000_000) min \(micros / 1_000_000 % 60) s"
        default: "\(micros / 3_600_000_000) h \(micros / 60_000_000 % 60) min"
        }
    }
}
