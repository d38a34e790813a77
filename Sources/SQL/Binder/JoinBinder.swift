internal import Columnar

/// Binds one join: splits its condition into equality keys and the rest.
struct JoinBinder {
    let problems: ProblemList
    let join: JoinClause
    let left: FromBinder.Result
    let right: FromBinder.Result

    private var leftCount: Int { left.plan.schema.count }

    func bind() throws(SQLProblem) -> FromBinder.Result {
        let kind = try kind()
        var scope = Scope(
            left.scope, right.scope, leftCount: leftCount, nullableLeft: kind == .right || kind == .full,
            nullableRight: kind == .left || kind == .full)
        var conjuncts: [Expression]
        switch join.condition {
        case .on(let condition):
            let expressions = ExpressionBinder(scope: scope, problems: problems, clause: "a join's condition")
            conjuncts = try expressions.condition(condition).expression.conjuncts
        case .using(let names): conjuncts = try using(names, kind, &scope)
        case .natural:
            let rightNames = right.scope.columnNames
            let names = left.scope.columnNames.filter { name in rightNames.contains { $0.equalsIgnoringCase(name) } }
            guard !names.isEmpty else { throw noKeys(found: "no column with the same name on both sides") }
            conjuncts = try using(names, kind, &scope)
        case .none:
            throw SQLProblem(
                .joinCondition, "a stream cannot pair every row with every row",
                expected: "JOIN ... ON left.key = right.key", found: "a join without a condition",
                hint: "Write JOIN ... ON or JOIN ... USING with at least one equality.", position: join.position)
        }
        let keys = conjuncts.compactMap(key)
        let rest = conjuncts.filter { key($0) == nil }
        let plan = try join.isAsOf ? asOf(kind, keys, rest) : equality(kind, keys, rest)
        return FromBinder.Result(plan: plan, scope: scope)
    }

    private func kind() throws(SQLProblem) -> JoinKind {
        switch join.kind {
        case .inner: return .inner
        case .left: return .left
        case .right where !join.isAsOf: return .right
        case .full where !join.isAsOf: return .full
        default:
            let name = (join.isAsOf ? "ASOF " : "") + join.kind.rawValue.uppercased() + " JOIN"
            throw SQLProblem(
                .unsupported, "a stream cannot run \(name)",
                expected: join.isAsOf ? "ASOF JOIN or ASOF LEFT JOIN" : "JOIN, LEFT JOIN, RIGHT JOIN or FULL JOIN",
                found: name,
                hint: join.kind == .semi || join.kind == .anti
                    ? "Join with (SELECT DISTINCT key ...), and for rows without a match use LEFT JOIN and IS NULL."
                    : "Use one of the joins above.", position: join.position)
        }
    }

    // MARK: Conditions

    private func key(_ conjunct: Expression) -> JoinKey? {
        guard case .call(.equal, let sides) = conjunct.node else { return nil }
        if isLeft(sides[0]), isRight(sides[1]) { return key(sides[0], sides[1]) }
        if isRight(sides[0]), isLeft(sides[1]) { return key(sides[1], sides[0]) }
        return nil
    }

    private func key(_ left: Expression, _ right: Expression) -> JoinKey {
        JoinKey(left: left, right: right.shiftingColumns(by: -leftCount))
    }

    private func isLeft(_ side: Expression) -> Bool {
        let columns = side.inputColumns
        return !columns.isEmpty && columns.allSatisfy { $0 < leftCount }
    }

    private func isRight(_ side: Expression) -> Bool {
        let columns = side.inputColumns
        return !columns.isEmpty && columns.allSatisfy { $0 >= leftCount }
    }

    /// USING merges each pair of columns into one that `*` shows once.
    private func using(_ names: [String], _ kind: JoinKind, _ scope: inout Scope) throws(SQLProblem) -> [Expression] {
        var conjuncts: [Expression] = []
        let split = left.scope.columns.count
        for (number, name) in names.enumerated() {
            let leftPlace = try place(name, in: left.scope, "left")
            let rightPlace = try place(name, in: right.scope, "right") + split
            let (leftColumn, rightColumn) = (scope.columns[leftPlace], scope.columns[rightPlace])
            let leftValue = leftColumn.unqualified ?? leftColumn.expression
            let rightValue = rightColumn.unqualified ?? rightColumn.expression
            let binder = ExpressionBinder(scope: scope, problems: problems, clause: "USING")
            let isTime = join.isAsOf && number == names.count - 1
            conjuncts.append(
                try binder.comparison(
                    isTime ? .greaterOrEqual : .equal, Bound(leftValue), Bound(rightValue), at: join.position
                ).expression)
            let merged: Expression =
                switch kind {
                case .inner, .left: leftValue
                case .right: rightValue
                case .full: try binder.coalesce([Bound(leftValue), Bound(rightValue)], at: join.position).expression
                }
            scope.columns[leftPlace] = Scope.Column(
                name: leftColumn.name, relation: leftColumn.relation, expression: leftColumn.expression,
                unqualified: merged)
            scope.columns[rightPlace] = Scope.Column(
                name: rightColumn.name, relation: rightColumn.relation, expression: rightColumn.expression,
                unqualified: nil)
        }
        return conjuncts
    }

    private func place(_ name: String, in scope: Scope, _ side: String) throws(SQLProblem) -> Int {
        let places = scope.columns.indices.filter {
            scope.columns[$0].unqualified != nil && scope.columns[$0].name.equalsIgnoringCase(name)
        }
        guard let place = places.first else {
            throw SQLProblem(
                .unknownColumn, "the \(side) side of the join has no column \(name)",
                expected: "one of \(NearestName.list(scope.columnNames))", found: "USING (\(name))",
                hint: NearestName.question(for: name, among: scope.columnNames) ?? "Use ON with both names.",
                position: join.position)
        }
        guard places.count == 1 else {
            throw SQLProblem(
                .ambiguousColumn, "\(name) is more than one column of the \(side) side of the join",
                expected: "one column", found: "USING (\(name))", hint: "Use ON and say which one is meant.",
                position: join.position)
        }
        return place
    }

    // MARK: Plans

    private func equality(_ kind: JoinKind, _ keys: [JoinKey], _ rest: [Expression]) throws(SQLProblem)
        -> RelationalPlan
    {
        guard !keys.isEmpty else { throw noKeys(found: rest.isEmpty ? "none" : "other conditions only") }
        return .join(
            Join(kind: kind, left: left.plan, right: right.plan, keys: keys, residual: Expression.conjunction(rest)))
    }

    private func asOf(_ kind: JoinKind, _ keys: [JoinKey], _ rest: [Expression]) throws(SQLProblem) -> RelationalPlan {
        guard rest.count == 1, case .call(let function, let sides) = rest[0].node, sides.count == 2 else {
            throw asOfCondition(found: "\(rest.count) conditions that are no equalities", rest.last)
        }
        let ordered: (Expression, Expression)
        switch (isLeft(sides[0]) && isRight(sides[1]), isRight(sides[0]) && isLeft(sides[1]), function) {
        case (true, _, .greaterOrEqual), (true, _, .greater): ordered = (sides[0], sides[1])
        case (_, true, .lessOrEqual), (_, true, .less): ordered = (sides[1], sides[0])
        case (true, _, .lessOrEqual), (true, _, .less), (_, true, .greaterOrEqual), (_, true, .greater):
            throw asOfCondition(found: "a condition that looks for the next row on the right", rest[0])
        default: throw asOfCondition(found: "no comparison of the left side's time with the right side's", rest[0])
        }
        guard !keys.isEmpty else { throw noKeys(found: "only the comparison of times") }
        let time = key(ordered.0, ordered.1)
        return .asOfJoin(
            AsOfJoin(
                kind: kind, left: left.plan, right: right.plan, keys: keys, leftTime: time.left, rightTime: time.right,
                strict: function == .greater || function == .less))
    }

    private func asOfCondition(found: String, _ place: Expression?) -> SQLProblem {
        SQLProblem(
            .joinCondition, "ASOF JOIN needs exactly one comparison of times beside its equalities",
            expected: "left.key = right.key AND left.time >= right.time", found: found,
            hint: "Keep one condition with >= (or >) from the left side's time to the right side's.",
            position: place?.position ?? join.position)
    }

    private func noKeys(found: String) -> SQLProblem {
        SQLProblem(
            .joinCondition, "a join in a stream needs an equality between its sides",
            expected: "left.key = right.key", found: found,
            hint: "Add an equality: rows are brought together by their key.", position: join.position)
    }
}
