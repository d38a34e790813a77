/// One task's way so far.
public struct ProgressTask: Sendable {
    public let name: String
    public let startedMicros: Int64
    /// What was done before this task's speed could be measured, by an earlier run for example.
    public let firstDone: Int64
    public var done: Int64
    public var total: Int64?
    public var unit: WorkUnit

    public init(
        name: String, startedMicros: Int64, firstDone: Int64 = 0, done: Int64, total: Int64?, unit: WorkUnit
    ) {
        self.name = name
        self.startedMicros = startedMicros
        self.firstDone = firstDone
        self.done = done
        self.total = total
        self.unit = unit
    }

    /// Units a second since the task began; nil while nothing was done.
    func perSecond(nowMicros: Int64) -> Double? {
        guard done > firstDone, nowMicros > startedMicros else { return nil }
        return Double(done - firstDone) * 1_000_000 / Double(nowMicros - startedMicros)
    }
}

/// Tasks as lines of a terminal.
public enum ProgressFrame {
    /// A line a task, none of them longer than `columns - 1`; what does not fit into `rows - 1` lines is left out.
    public static func lines(_ tasks: [ProgressTask], nowMicros: Int64, columns: Int, rows: Int) -> [String] {
        tasks.prefix(max(1, rows - 1)).map { line($0, nowMicros: nowMicros, columns: columns) }
    }

    /// `[#####.....] load weather: 12,000 of 26,115 rows, 48,000/s, 0.3 s left`.
    ///
    /// Where there is little room, the bar goes first, then the total, then the end of the name. Speed and time left
    /// stay as long as there are 40 columns.
    static func line(_ task: ProgressTask, nowMicros: Int64, columns: Int) -> String {
        let room = max(1, columns - 1)
        let whole = text(task, nowMicros: nowMicros)
        if whole.count <= room {
            guard let total = task.total, total > 0 else { return whole }
            let length = min(30, room - whole.count - 3)
            guard length >= 5 else { return whole }
            let filled = Int(Double(length) * min(1, max(0, Double(task.done) / Double(total))))
            return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: length - filled) + "] "
                + whole
        }
        let (speed, left) = speedAndTimeLeft(task, nowMicros: nowMicros)
        let amount = amount(task, withTotal: false)
        for ending in [[amount, speed, left], [speed, left], [left], [speed], [amount]] {
            let parts = ending.compactMap { $0 }
            guard !parts.isEmpty else { continue }
            let end = ": " + parts.joined(separator: ", ")
            let nameMax = room - end.count
            // A name cut short is better than a number lost, down to where it says nothing any more.
            if nameMax >= min(task.name.count, parts.count == 3 ? 12 : 4) { return cut(task.name, to: nameMax) + end }
        }
        return cut(task.name, to: room)
    }

    /// `load weather: 12,000 of 26,115 rows, 48,000/s, 0.3 s left`, as long as it is.
    static func text(_ task: ProgressTask, nowMicros: Int64) -> String {
        let (speed, left) = speedAndTimeLeft(task, nowMicros: nowMicros)
        return "\(task.name): "
            + [amount(task, withTotal: true), speed, left].compactMap { $0 }.joined(separator: ", ")
    }

    private static func amount(_ task: ProgressTask, withTotal: Bool) -> String {
        let total = withTotal ? task.total : nil
        switch task.unit {
        case .items(let name):
            return NumberText.grouped(task.done) + (total.map { " of \(NumberText.grouped($0))" } ?? "") + " \(name)"
        case .bytes:
            return NumberText.bytes(task.done) + (total.map { " of \(NumberText.bytes($0))" } ?? "")
        case .parts:
            guard let total = task.total, total > 0 else { return "under way" }
            return "\(Int(Double(task.done) * 100 / Double(total))) %"
        }
    }

    private static func speedAndTimeLeft(_ task: ProgressTask, nowMicros: Int64) -> (speed: String?, left: String?) {
        guard let perSecond = task.perSecond(nowMicros: nowMicros) else { return (nil, nil) }
        let speed: String
        switch task.unit {
        case .items: speed = NumberText.grouped(Int64(perSecond.rounded())) + "/s"
        case .bytes: speed = NumberText.bytes(Int64(perSecond)) + "/s"
        case .parts:
            guard let total = task.total, total > 0 else { return (nil, nil) }
            speed = "\((perSecond * 1000 / Double(total)).rounded() / 10) %/s"
        }
        guard let total = task.total, task.done < total else { return (speed, nil) }
        let micros = Double(total - task.done) / perSecond * 1_000_000
        return (speed, "\(NumberText.duration(micros < 1e18 ? Int64(micros) : .max)) left")
    }

    private static func cut(_ name: String, to room: Int) -> String {
        name.count <= room ? name : room <= 0 ? "" : name.prefix(room - 1) + "…"
    }
}
