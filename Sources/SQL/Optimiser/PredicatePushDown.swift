internal import Columnar

extension RelationalPlan {
    /// The same result with fewer rows and columns on the way.
    var optimised: RelationalPlan { pushingDown([]).pruned }

    /// The plan filtered by `predicates`, each as near to its scan as keeps the result the same.
    ///
    /// A predicate that can fail moves only where it still sees just the rows it saw before.
    func pushingDown(_ predicates: [Expression]) -> RelationalPlan {
        let predicates = predicates.filter { !$0.isTrue }
        switch self {
        case .scan: return filtered(predicates)
        case .filter(let input, let predicate): return input.pushingDown(predicate.conjuncts + predicates)
        case .project(let input, let columns):
            return input.pushingDown(predicates.map { $0.substituting(columns) }).projected(columns)
        case .union(let inputs): return .union(inputs.map { $0.pushingDown(predicates) })
        case .window(let input, let window):
            // A session's bounds hang on every row, and the window's own columns are not there yet below.
            let count = input.schema.count
            var below: [Expression] = []
            if case .session = window.kind {
            } else {
                below = predicates.filter { !$0.canFail && $0.inputColumns.allSatisfy { $0 < count } }
            }
            let above = predicates.filter { !below.contains($0) }
            return RelationalPlan.window(input.pushingDown(below), window).filtered(above)
        case .aggregate(let aggregate):
            // Whole groups go or stay by their keys; without keys there is a row even for no input.
            let below = predicates.filter { predicate in
                !predicate.canFail && !predicate.inputColumns.isEmpty
                    && predicate.inputColumns.allSatisfy { $0 < aggregate.keys.count }
            }
            let above = predicates.filter { !below.contains($0) }
            let input = aggregate.input.pushingDown(below.map { $0.substituting(aggregate.keys) })
            return RelationalPlan.aggregate(
                Aggregate(input: input, keys: aggregate.keys, aggregates: aggregate.aggregates)
            ).filtered(above)
        case .join(let join): return join.pushingDown(predicates)
        case .asOfJoin(let join):
            // Which right row is nearest must be decided before the right side is filtered.
            let leftCount = join.left.schema.count
            let below = predicates.filter { $0.reads(0..<leftCount) }
            let above = predicates.filter { !below.contains($0) }
            return RelationalPlan.asOfJoin(
                AsOfJoin(
                    kind: join.kind, left: join.left.pushingDown(below), right: join.right.pushingDown([]),
                    keys: join.keys, leftTime: join.leftTime, rightTime: join.rightTime, strict: join.strict)
            ).filtered(above)
        }
    }

    /// One projection in place of two, where that computes nothing twice.
    private func projected(_ columns: [NamedExpression]) -> RelationalPlan {
        func areColumns(_ columns: [NamedExpression]) -> Bool {
            columns.allSatisfy { if case .column = $0.expression.node { true } else { false } }
        }
        guard case .project(let input, let inner) = self, areColumns(columns) || areColumns(inner) else {
            return .project(self, columns)
        }
        let merged = columns.map { NamedExpression(name: $0.name, expression: $0.expression.substituting(inner)) }
        return .project(input, merged)
    }

    private func filtered(_ predicates: [Expression]) -> RelationalPlan {
        Expression.conjunction(predicates).map { .filter(self, predicate: $0) } ?? self
    }
}

extension Join {
    fileprivate func pushingDown(_ predicates: [Expression]) -> RelationalPlan {
        let leftCount = left.schema.count
        let columns = 0..<leftCount
        let rightColumns = leftCount..<leftCount + right.schema.count
        // The condition of an inner join is a filter; that of an outer one only decides who has no partner.
        var above = predicates
        var condition = residual?.conjuncts.filter { !$0.isTrue } ?? []
        var (leftBelow, rightBelow): ([Expression], [Expression]) = ([], [])
        func take(_ from: inout [Expression], _ range: Range<Int>) -> [Expression] {
            let taken = from.filter { $0.reads(range) }
            from.removeAll { taken.contains($0) }
            return taken
        }
        if kind == .inner || kind == .left { leftBelow += take(&above, columns) }
        if kind == .inner || kind == .right { rightBelow += take(&above, rightColumns) }
        if kind == .inner || kind == .right { leftBelow += take(&condition, columns) }
        if kind == .inner || kind == .left { rightBelow += take(&condition, rightColumns) }
        let joined = RelationalPlan.join(
            Join(
                kind: kind, left: left.pushingDown(leftBelow),
                right: right.pushingDown(rightBelow.map { $0.shiftingColumns(by: -leftCount) }), keys: keys,
                residual: Expression.conjunction(condition)))
        return Expression.conjunction(above).map { .filter(joined, predicate: $0) } ?? joined
    }
}

extension Expression {
    /// Whether it can be evaluated early: it reads these columns only, some of them, and cannot fail.
    fileprivate func reads(_ columns: Range<Int>) -> Bool {
        let read = inputColumns
        return !read.isEmpty && read.allSatisfy(columns.contains) && !canFail
    }
}
