internal import Columnar

/// Binds whole queries: WITH, set operations, modifiers. A nil result means that `problems` says why.
struct QueryBinder {
    let catalog: any Catalog
    let problems: ProblemList

    func bind(_ query: QueryExpression, in outer: CommonTables?) -> RelationalPlan? {
        var tables = outer
        for common in query.commonTables {
            var plan = bind(common.query, in: tables)
            if let bound = plan, !common.columnAliases.isEmpty {
                plan = problems.collect { () throws(SQLProblem) in
                    try rename(bound, common.columnAliases, of: common.name, at: nil)
                }
            }
            tables = CommonTables(name: common.name, plan: plan, outer: tables)
        }
        refuse(query.modifiers)
        let isDistinct = query.modifiers.contains(.distinct)
        switch query.body {
        case .select(let node):
            let plan = SelectBinder(queries: self, node: node, tables: tables).bind()
            return isDistinct ? plan.map(distinct) : plan
        case .setOperation(let operation):
            let plan = bind(operation, in: tables)
            return isDistinct ? plan.map(distinct) : plan
        case .unsupported(let kind, let position):
            let isRecursive = kind.contains("RECURSIVE")
            problems.add(
                SQLProblem(
                    .unsupported, isRecursive ? "a stream cannot run a recursive query" : "a stream cannot run \(kind)",
                    expected: "SELECT ... FROM ...",
                    hint: isRecursive
                        ? "Make it a table model (materialized='table'), which DuckDB runs."
                        : "Write it as a SELECT, or make it a table model.", position: position))
            return nil
        }
    }

    private func distinct(_ plan: RelationalPlan) -> RelationalPlan {
        let keys = plan.schema.fields.enumerated().map { index, field in
            NamedExpression(
                name: field.name, expression: Expression(.column(index), type: field.type, nullable: field.nullable))
        }
        return .aggregate(Aggregate(input: plan, keys: keys, aggregates: []))
    }

    private func refuse(_ modifiers: [QueryExpression.Modifier]) {
        for modifier in modifiers {
            switch modifier {
            case .distinct: continue
            case .distinctOn(let targets):
                problems.add(
                    SQLProblem(
                        .unsupported, "a stream cannot run DISTINCT ON", expected: "DISTINCT or GROUP BY",
                        found: "DISTINCT ON",
                        hint: "Group by these columns and take arg_max(column, time) of the others.",
                        position: targets.first?.position))
            case .orderBy(let keys):
                problems.add(
                    SQLProblem(
                        .unsupported, "a stream has no end, so it cannot be sorted", found: "ORDER BY",
                        hint: "Remove ORDER BY here, and sort where the result is read.",
                        position: keys.first?.position))
            case .limit(let position):
                problems.add(
                    SQLProblem(
                        .unsupported, "a stream has no end, so it cannot be cut off", found: "LIMIT or OFFSET",
                        hint: "Remove LIMIT here, and limit where the result is read.", position: position))
            case .unsupported(let kind):
                problems.add(
                    SQLProblem(
                        .unsupported, "a stream cannot run \(kind)", hint: "Remove it, or make this a table model."))
            }
        }
    }

    // MARK: Set operations

    private func bind(_ operation: SetOperation, in tables: CommonTables?) -> RelationalPlan? {
        let plans = operation.inputs.map { bind($0, in: tables) }
        let position = operation.inputs.last?.firstPosition
        guard operation.kind == .union else {
            let name: String =
                switch operation.kind {
                case .unionByName: "UNION BY NAME"
                case .except: "EXCEPT"
                default: "INTERSECT"
                }
            problems.add(
                SQLProblem(
                    .unsupported, "a stream cannot run \(name)", expected: "UNION or UNION ALL", found: name,
                    hint: "Name the columns of each side in the same order and use UNION ALL, or use a join.",
                    position: position))
            return nil
        }
        let bound = plans.compactMap { $0 }
        guard bound.count == plans.count, let first = bound.first else { return nil }
        return problems.collect { () throws(SQLProblem) in
            let types = try commonTypes(of: bound, position)
            let names = first.schema.fields.map(\.name)
            let union = RelationalPlan.union(bound.map { cast($0, to: types, names) })
            return operation.isAll ? union : distinct(union)
        }
    }

    private func commonTypes(of plans: [RelationalPlan], _ position: Int?) throws(SQLProblem) -> [DataType] {
        var types = plans[0].schema.fields.map(\.type)
        for plan in plans.dropFirst() {
            let fields = plan.schema.fields
            guard fields.count == types.count else {
                throw SQLProblem(
                    .typeMismatch, "the sides of UNION have different numbers of columns",
                    expected: "\(types.count) columns", found: "\(fields.count) columns",
                    hint: "Select the same columns on both sides.", position: position)
            }
            for index in types.indices {
                guard let common = CommonType.of(types[index].computed, fields[index].type.computed) else {
                    throw SQLProblem(
                        .typeMismatch, "column \(index + 1) of UNION has types that do not mix",
                        expected: "\(types[index])", found: "\(fields[index].type) (\(fields[index].name))",
                        hint: "Cast one of them, for example CAST(\(fields[index].name) AS \(types[index])).",
                        position: position)
                }
                types[index] = common
            }
        }
        return types
    }

    private func cast(_ plan: RelationalPlan, to types: [DataType], _ names: [String]) -> RelationalPlan {
        let fields = plan.schema.fields
        if fields.map(\.type) == types, fields.map(\.name) == names { return plan }
        return .project(
            plan,
            fields.indices.map { index in
                let field = fields[index]
                let column = Expression(.column(index), type: field.type, nullable: field.nullable)
                let value =
                    field.type == types[index]
                    ? column
                    : Expression(.cast(column, isTry: false), type: types[index], nullable: field.nullable)
                return NamedExpression(name: names[index], expression: value)
            })
    }

    // MARK: Names

    /// The same columns under other names; columns beyond the aliases keep theirs.
    func rename(_ plan: RelationalPlan, _ aliases: [String], of relation: String, at position: Int?) throws(SQLProblem)
        -> RelationalPlan
    {
        let fields = plan.schema.fields
        let names = try Self.names(fields.map(\.name), aliases, of: relation, at: position)
        return cast(plan, to: fields.map(\.type), names)
    }

    static func names(_ names: [String], _ aliases: [String], of relation: String, at position: Int?)
        throws(SQLProblem) -> [String]
    {
        guard aliases.count <= names.count else {
            throw SQLProblem(
                .unknownColumn, "\(relation) has fewer columns than names are given",
                expected: "at most \(names.count) names", found: "\(aliases.count) names",
                hint: "Remove the names that are too many.", position: position)
        }
        return aliases + names.dropFirst(aliases.count)
    }
}

extension QueryExpression {
    /// Where the query's first select item stands.
    var firstPosition: Int? {
        switch body {
        case .select(let node): node.items.compactMap(\.position).min()
        case .setOperation(let operation): operation.inputs.first?.firstPosition
        case .unsupported(_, let position): position
        }
    }
}
