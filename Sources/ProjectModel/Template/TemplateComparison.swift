/// Python's equality and order of values.
enum TemplateComparison {
    private static let depthMax = 20

    static func areEqual(_ left: TemplateValue, _ right: TemplateValue, depth: Int = 0) -> Bool {
        guard depth < depthMax else { return false }
        switch (left, right) {
        case (.none, .none): return true
        case (.int(let left), .int(let right)): return left == right
        case (.string(let left), .string(let right)): return left.unicodeScalars.elementsEqual(right.unicodeScalars)
        case (.list(let left), .list(let right)):
            return left.isTuple == right.isTuple && left.items.count == right.items.count
                && zip(left.items, right.items).allSatisfy { areEqual($0, $1, depth: depth + 1) }
        case (.dict(let left), .dict(let right)):
            return left.count == right.count
                && left.entries.allSatisfy { entry in
                    right[entry.key].map { areEqual(entry.value, $0, depth: depth + 1) } ?? false
                }
        case (.undefined, .undefined): return true
        default:
            guard let left = left.number, let right = right.number else { return false }
            return left == right
        }
    }

    /// Whether left comes before right; nil when Python could not order them.
    static func isLess(_ left: TemplateValue, _ right: TemplateValue, depth: Int = 0) -> Bool? {
        guard depth < depthMax else { return nil }
        switch (left, right) {
        case (.int(let left), .int(let right)): return left < right
        case (.string(let left), .string(let right)):
            return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
        case (.list(let left), .list(let right)) where left.isTuple == right.isTuple:
            for (left, right) in zip(left.items, right.items) where !areEqual(left, right) {
                return isLess(left, right, depth: depth + 1)
            }
            return left.items.count < right.items.count
        default:
            guard let left = left.number, let right = right.number else { return nil }
            return left < right
        }
    }
}
