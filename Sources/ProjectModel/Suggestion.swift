/// "Did you mean": the known name nearest to what was written.
enum Suggestion {
    /// The nearest of `known`, if it is near enough to be a slip: one edit in three characters.
    static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().unicodeScalars)
        let distanceMax = max(1, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for name in known where name != word {
            let distance = editDistance(wanted, Array(name.lowercased().unicodeScalars), max: distanceMax)
            guard distance <= distanceMax else { continue }
            if let current = best, (current.distance, current.name) <= (distance, name) { continue }
            best = (name, distance)
        }
        return best?.name
    }

    static func hint(for word: String, among known: some Sequence<String>, otherwise: String) -> String {
        nearest(to: word, among: known).map { "Did you mean `\($0)`?" } ?? otherwise
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment); stops above `max`.
    static func editDistance(_ left: [UnicodeScalar], _ right: [UnicodeScalar], max limit: Int) -> Int {
        if abs(left.count - right.count) > limit { return limit + 1 }
        if left.isEmpty || right.isEmpty { return Swift.max(left.count, right.count) }
        var (beforePrevious, previous) = ([Int](), Array(0...right.count))
        for row in 1...left.count {
            var current = [row] + Array(repeating: 0, count: right.count)
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                current[column] = min(
                    previous[column] + 1, min(current[column - 1] + 1, previous[column - 1] + cost))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], beforePrevious[column - 2] + 1)
                }
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
