internal import Columnar

/// Binds one SELECT: FROM, WHERE, GROUP BY, HAVING and the select list.
struct SelectBinder {
    let queries: QueryBinder
    let node: SelectNode
    let tables: CommonTables?
    private var problems: ProblemList { queries.problems }

    init(queries: QueryBinder, node: SelectNode, tables: CommonTables?) {
        (self.queries, self.node, self.tables) = (queries, node, tables)
    }

    /// One column of the result before grouping.
    private struct Item {
        let name: String
        let expression: Expression
    }

    func bind() -> RelationalPlan? {
        refuse()
        guard let reference = node.from else {
            problems.add(
                SQLProblem(
                    .unsupported, "a stream needs rows to read", expected: "SELECT ... FROM relation",
                    found: "no FROM", hint: "Name a source or a model in FROM.",
                    position: node.items.first?.position))
            return nil
        }
        guard let from = FromBinder(queries: queries, tables: tables).bind(reference) else { return nil }
        var plan = from.plan
        if let filter = node.filter {
            let binder = expressions(from.scope, "WHERE", aliases: node.items)
            if let condition = problems.collect({ () throws(SQLProblem) in try binder.condition(filter) }) {
                plan = .filter(plan, predicate: condition.expression)
            }
        }
        let aggregates = AggregateList(inputCount: plan.schema.count)
        let beforeKeys = problems.all.count
        let keys = self.keys(from.scope)
        let keysAreGood = problems.all.count == beforeKeys
        let before = problems.all.count
        let items = self.items(from.scope, aggregates)
        let havingBinder = expressions(from.scope, "HAVING", aggregates, aliases: node.items)
        let having = node.having.flatMap { having in
            problems.collect { () throws(SQLProblem) in try havingBinder.condition(having).expression }
        }
        guard !items.isEmpty else {
            if problems.all.count == before {
                problems.add(
                    SQLProblem(
                        .unknownColumn, "SELECT has no column left", expected: "one column or more",
                        found: node.items.first?.text, hint: "Leave out fewer columns.",
                        position: node.items.first?.position))
            }
            return nil
        }
        guard node.grouping != .none || !aggregates.calls.isEmpty || node.having != nil else {
            return project(plan, items.map { NamedExpression(name: $0.name, expression: $0.expression) })
        }
        if case .sets = node.grouping { return nil }
        // Without its keys every column would seem to be missing from GROUP BY.
        guard keysAreGood else { return nil }
        return grouped(plan, from.scope, keys ?? automaticKeys(items, aggregates), items, having, aggregates)
    }

    private func refuse() {
        if let qualify = node.qualify {
            problems.add(
                SQLProblem(
                    .unsupported, "a stream cannot run QUALIFY", found: "QUALIFY",
                    hint: "Group by the columns and take arg_max(value, time).", position: qualify.position))
        }
        if node.isSampled {
            problems.add(
                SQLProblem(
                    .unsupported, "a stream cannot be sampled", found: "USING SAMPLE",
                    hint: "Filter by a hash instead: WHERE hash(key) % 10 = 0."))
        }
        if case .sets(let position) = node.grouping {
            problems.add(
                SQLProblem(
                    .unsupported, "a stream cannot run GROUPING SETS, ROLLUP or CUBE", expected: "GROUP BY columns",
                    hint: "Write one model a set, and bring them together with UNION ALL.", position: position))
        }
    }

    private func expressions(
        _ scope: Scope, _ clause: String, _ aggregates: AggregateList? = nil, aliases: [SyntaxExpression] = []
    ) -> ExpressionBinder {
        ExpressionBinder(
            scope: scope, problems: problems, clause: clause, aggregates: aggregates,
            aliases: aliases.filter { $0.alias != nil })
    }

    // MARK: Select list

    private func items(_ scope: Scope, _ aggregates: AggregateList) -> [Item] {
        let binder = expressions(scope, "SELECT", aggregates)
        var items: [Item] = []
        for syntax in node.items {
            if case .star(let star) = syntax.node {
                items += StarBinder(star: star, position: syntax.position, scope: scope, expressions: binder).items()
                    .map { Item(name: $0.name, expression: $0.expression) }
            } else if let bound = problems.collect({ () throws(SQLProblem) in try binder.bind(syntax) }) {
                items.append(Item(name: syntax.columnName, expression: bound.expression))
            }
            // Later items may use the names of earlier ones.
            if syntax.alias != nil { binder.aliases.append(syntax) }
        }
        return items
    }

    private func project(_ plan: RelationalPlan, _ columns: [NamedExpression]) -> RelationalPlan {
        let schema = plan.schema
        let isSame =
            columns.count == schema.count
            && columns.indices.allSatisfy {
                columns[$0].expression.node == .column($0) && columns[$0].name == schema[$0].name
            }
        return isSame ? plan : .project(plan, columns)
    }

    // MARK: Grouping

    /// The keys of GROUP BY; nil for GROUP BY ALL.
    private func keys(_ scope: Scope) -> [NamedExpression]? {
        switch node.grouping {
        case .all: return nil
        case .none, .sets: return []
        case .keys(let keys):
            let binder = expressions(scope, "GROUP BY", aliases: node.items)
            return keys.compactMap { key in
                problems.collect { () throws(SQLProblem) in
                    let syntax = try item(ofOrdinal: key) ?? key
                    return NamedExpression(name: syntax.columnName, expression: try binder.bind(syntax).expression)
                }
            }
        }
    }

    private func item(ofOrdinal key: SyntaxExpression) throws(SQLProblem) -> SyntaxExpression? {
        guard case .literal(.integer(let digits)) = key.node else { return nil }
        guard let number = Int(digits), node.items.indices.contains(number - 1) else {
            throw SQLProblem(
                .aggregation, "GROUP BY names an item that is not there",
                expected: "a number from 1 to \(node.items.count)",
                found: digits, hint: "Count the items of SELECT from 1, or name the column.", position: key.position)
        }
        if case .star = node.items[number - 1].node {
            throw SQLProblem(
                .aggregation, "GROUP BY cannot name * by number", found: digits, hint: "Name the columns.",
                position: key.position)
        }
        return node.items[number - 1]
    }

    private func automaticKeys(_ items: [Item], _ aggregates: AggregateList) -> [NamedExpression] {
        items.filter { $0.expression.inputColumns.allSatisfy { $0 < aggregates.inputCount } }
            .map { NamedExpression(name: $0.name, expression: $0.expression) }
    }

    private func grouped(
        _ plan: RelationalPlan, _ scope: Scope, _ keys: [NamedExpression], _ items: [Item], _ having: Expression?,
        _ aggregates: AggregateList
    ) -> RelationalPlan? {
        var keyPlaces: [Expression: Int] = [:]
        var unique: [NamedExpression] = []
        for key in keys where keyPlaces[key.expression.meaning] == nil {
            keyPlaces[key.expression.meaning] = unique.count
            unique.append(key)
        }
        let rewritten = items.compactMap { item in
            problems.collect { () throws(SQLProblem) in
                NamedExpression(
                    name: item.name, expression: try regroup(item.expression, keyPlaces, scope, aggregates))
            }
        }
        let condition = having.flatMap { having in
            problems.collect { () throws(SQLProblem) in try regroup(having, keyPlaces, scope, aggregates) }
        }
        guard rewritten.count == items.count else { return nil }
        // Columns of the result that are keys or aggregates as they are give them their names.
        var names: [Int: String] = [:]
        for item in rewritten {
            if case .column(let place) = item.expression.node, names[place] == nil { names[place] = item.name }
        }
        let aggregate = Aggregate(
            input: plan,
            keys: unique.enumerated().map {
                NamedExpression(name: names[$0.offset] ?? $0.element.name, expression: $0.element.expression)
            },
            aggregates: aggregates.calls.enumerated().map {
                NamedAggregate(name: names[unique.count + $0.offset] ?? $0.element.name, call: $0.element.call)
            })
        let filtered = condition.map { RelationalPlan.filter(.aggregate(aggregate), predicate: $0) }
        return project(filtered ?? .aggregate(aggregate), rewritten)
    }

    /// An expression over the input as one over the aggregate's output.
    private func regroup(
        _ expression: Expression, _ keys: [Expression: Int], _ scope: Scope, _ aggregates: AggregateList
    ) throws(SQLProblem) -> Expression {
        try expression.replacing { (part) throws(SQLProblem) in
            if let place = keys[part.meaning] {
                return Expression(.column(place), type: part.type, nullable: part.nullable, position: part.position)
            }
            guard case .column(let index) = part.node else { return nil }
            if index >= aggregates.inputCount {
                return Expression(
                    .column(keys.count + index - aggregates.inputCount), type: part.type, nullable: part.nullable,
                    position: part.position)
            }
            let name = scope.columns.first { $0.expression.node == part.node }?.name ?? "the column"
            throw SQLProblem(
                .aggregation, "\(name) is neither in GROUP BY nor inside an aggregate",
                expected: "a grouped column or an aggregate", found: name,
                hint: "Add \(name) to GROUP BY, or wrap it: any_value(\(name)).", position: part.position)
        }
    }
}
