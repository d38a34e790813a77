/// Rows in columns that fit a terminal: numbers to the right, long text cut with an ellipsis.
struct TextTable {
    let header: [String]
    var rows: [[String]] = []
    /// Columns whose values stand to the right.
    var rightAligned: Set<Int> = []

    init(_ header: [String], rightAligned: Set<Int> = []) {
        self.header = header
        self.rightAligned = rightAligned
    }

    /// - Parameter width: columns of the terminal; nil where there is none, so that nothing is cut.
    func rendered(width: Int?) -> String {
        var widths = header.map(\.count)
        for row in rows { for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) } }
        if let width {
            let gaps = 2 * (widths.count - 1)
            // The widest column gives way first, so that narrow ones stay whole.
            while widths.reduce(0, +) + gaps > width, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > 8
            {
                widths[widest] -= 1
            }
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (index, cell) in cells.enumerated() {
                let cut = cell.count > widths[index] ? cell.prefix(widths[index] - 1) + "…" : cell[...]
                let padding = String(repeating: " ", count: widths[index] - cut.count)
                text += (index == 0 ? "" : "  ") + (rightAligned.contains(index) ? padding + cut : cut + padding)
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
    }
}
