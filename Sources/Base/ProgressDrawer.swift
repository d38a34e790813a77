internal import Synchronization

/// Draws tasks at the foot of a terminal, or writes plain lines where there is none.
public final class ProgressDrawer: WorkReporting {
    /// What a terminal has of columns and rows.
    public struct Size: Sendable, Hashable {
        public let columns: Int
        public let rows: Int
        public init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }

    private struct State {
        var tasks: [ProgressTask] = []
        /// The lengths of the lines that stand at the foot of the terminal.
        var drawn: [Int] = []
        var drawnMicros: Int64 = 0
        var plainMicros: [String: Int64] = [:]
    }

    private let state = Mutex(State())
    private let clock: any WallClock
    private let isTerminal: Bool
    private let size: @Sendable () -> Size
    private let write: @Sendable (String) -> Void

    /// Redrawing more often than this only costs the terminal's time.
    private static let drawEveryMicros: Int64 = 100_000
    /// A log should tell that work goes on, not fill up with it.
    private static let plainEveryMicros: Int64 = 10_000_000
    /// What is quicker than this gets no bar, only its last line.
    private static let quickMicros: Int64 = 500_000

    /// - Parameters:
    ///   - size: asked at each drawing, since people change it.
    ///   - write: writes a frame, all of it at once.
    public init(
        clock: any WallClock, isTerminal: Bool, size: @escaping @Sendable () -> Size,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.clock = clock
        self.isTerminal = isTerminal
        self.size = size
        self.write = { text in if !text.isEmpty { write(text) } }
    }

    public func update(task: String, done: Int64, total: Int64?, unit: WorkUnit) {
        let now = clock.nowMicros()
        state.withLock { state in
            let index: Int
            if let known = state.tasks.firstIndex(where: { $0.name == task }) {
                index = known
                state.tasks[index].done = done
                state.tasks[index].total = total
                state.tasks[index].unit = unit
            } else {
                index = state.tasks.count
                state.tasks.append(
                    ProgressTask(
                        name: task, startedMicros: now, firstDone: done, done: done, total: total, unit: unit))
            }
            if isTerminal {
                guard now - state.drawnMicros >= Self.drawEveryMicros else { return }
                write(redrawn(&state, above: "", now: now))
            } else {
                let last = state.plainMicros[task] ?? state.tasks[index].startedMicros
                guard now - last >= Self.plainEveryMicros else { return }
                state.plainMicros[task] = now
                write(ProgressFrame.text(state.tasks[index], nowMicros: now) + "\n")
            }
        }
    }

    public func finish(task: String, summary: String, count: (number: Int64, of: String)?) {
        let now = clock.nowMicros()
        state.withLock { state in
            let micros = state.tasks.first { $0.name == task }.map { now - $0.startedMicros }
            remove(task, from: &state)
            var line = "\(task): \(summary)"
            // A task that was over before its first report took no time worth telling.
            if let micros {
                line += " in \(NumberText.duration(micros))"
                if let count, count.number > 0, micros >= Self.quickMicros {
                    let perSecond = Double(count.number) * 1_000_000 / Double(micros)
                    line += ", \(NumberText.grouped(Int64(perSecond.rounded()))) \(count.of)/s"
                }
            }
            write(isTerminal ? redrawn(&state, above: line + "\n", now: now) : line + "\n")
        }
    }

    public func abandon(task: String) {
        let now = clock.nowMicros()
        state.withLock { state in
            remove(task, from: &state)
            if isTerminal { write(redrawn(&state, above: "", now: now)) }
        }
    }

    /// Writes lines above the bars, which stay whole.
    public func note(_ text: String) {
        let now = clock.nowMicros()
        state.withLock { state in
            write(isTerminal ? redrawn(&state, above: text + "\n", now: now) : text + "\n")
        }
    }

    /// Lets `body` write to the same terminal by another way.
    public func aside<Result: Sendable>(_ body: () -> Result) -> Result {
        let now = clock.nowMicros()
        return state.withLock { state in
            write(erased(&state))
            let result = body()
            if isTerminal, !state.tasks.isEmpty { write(redrawn(&state, above: "", now: now)) }
            return result
        }
    }

    private func remove(_ task: String, from state: inout State) {
        state.tasks.removeAll { $0.name == task }
        state.plainMicros[task] = nil
    }

    /// One frame over the old one: `above`, then the bars.
    ///
    /// Line by line, and what is left of the old frame last: to clear the screen from its top would make some terminals
    /// keep the old frame in their history.
    private func redrawn(_ state: inout State, above: String, now: Int64) -> String {
        let size = size()
        let before = rowsDrawn(state, columns: size.columns)
        let shown = state.tasks.filter { now - $0.startedMicros >= Self.quickMicros }
        let lines = ProgressFrame.lines(shown, nowMicros: now, columns: size.columns, rows: size.rows)
        state.drawn = lines.map(\.count)
        state.drawnMicros = now
        let text = above + lines.map { $0 + "\n" }.joined()
        guard before > 0 else { return text }
        return "\r\u{1b}[\(before)A" + text.replacing("\n", with: "\u{1b}[K\n") + "\u{1b}[J"
    }

    private func erased(_ state: inout State) -> String {
        guard !state.drawn.isEmpty else { return "" }
        let before = rowsDrawn(state, columns: size().columns)
        state.drawn = []
        return "\r\u{1b}[\(before)A\u{1b}[J"
    }

    /// A terminal that has become narrower since has broken the lines: each takes as many rows as it needs there.
    private func rowsDrawn(_ state: State, columns: Int) -> Int {
        let columns = max(1, columns)
        return state.drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
    }
}
