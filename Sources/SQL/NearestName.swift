/// Finds what a person probably meant.
enum NearestName {
    /// Names that begin with the name, or are within a third of the name's length of edits, nearest first, three at most.
    static func candidates(for name: String, among names: some Sequence<String>) -> [String] {
        let wanted = Array(name.lowercased().utf8)
        let editsMax = wanted.count < 3 ? 0 : max(1, wanted.count / 3)
        var seen: Set<String> = []
        return
            names.filter { seen.insert($0).inserted }
            .map { ($0, distance(wanted, Array($0.lowercased().utf8))) }
            .map { name, edits in
                // The beginning of a longer name counts as one edit.
                (name, wanted.count >= 3 && name.lowercased().utf8.starts(with: wanted) ? min(1, edits) : edits)
            }
            .filter { $0.1 <= editsMax }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            .prefix(3).map(\.0)
    }

    /// ` Did you mean "x"?`, or nothing.
    static func question(for name: String, among names: some Sequence<String>) -> String? {
        let candidates = candidates(for: name, among: names)
        guard !candidates.isEmpty else { return nil }
        return "Did you mean " + candidates.joined(separator: " or ") + "?"
    }

    /// Names in a list that stays readable.
    static func list(_ names: some Collection<String>, max count: Int = 30) -> String {
        let shown = names.prefix(count).joined(separator: ", ")
        return names.count > count ? shown + " and \(names.count - count) more" : shown
    }

    /// Edits of one byte (insert, delete, replace, swap of neighbours) from one to the other.
    ///
    /// Source: Damerau, "A technique for computer detection and correction of spelling errors", 1964.
    private static func distance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...to.count)
        for row in 0..<from.count {
            var next = [row + 1]
            for column in 0..<to.count {
                var cost = min(last[column + 1] + 1, next[column] + 1)
                cost = min(cost, last[column] + (from[row] == to[column] ? 0 : 1))
                if row > 0, column > 0, from[row] == to[column - 1], from[row - 1] == to[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                next.append(cost)
            }
            (before, last) = (last, next)
        }
        return last[to.count]
    }
}
