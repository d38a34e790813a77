internal import Columnar

/// Binds what stands in FROM: tables, subqueries, joins and window functions over tables.
struct FromBinder {
    struct Result {
        var plan: RelationalPlan
        var scope: Scope
    }

    let queries: QueryBinder
    let tables: CommonTables?
    var problems: ProblemList { queries.problems }

    func bind(_ reference: TableReference) -> Result? {
        switch reference {
        case .table(let path, let alias, let position):
            guard let plan = relation(path, at: position) else { return nil }
            return named(plan, path: path, alias: alias, at: position)
        case .subquery(let query, let alias, let position):
            guard let plan = queries.bind(query, in: tables) else { return nil }
            return named(plan, path: [], alias: alias, at: position)
        case .join(let join):
            let (left, right) = (bind(join.left), bind(join.right))
            guard let left, let right else { return nil }
            return problems.collect { () throws(SQLProblem) in
                try JoinBinder(problems: problems, join: join, left: left, right: right).bind()
            }
        case .function(let call, let alias, let position):
            guard ["tumble", "hop", "session"].contains(call.name) else {
                problems.add(
                    SQLProblem(
                        .unsupported, "a stream cannot read from the table function \(call.name)",
                        expected: "a relation, or tumble, hop or session over one", found: "\(call.name)(...)",
                        hint: NearestName.question(for: call.name, among: ["tumble", "hop", "session"])
                            ?? "Declare the data as a source, and name it here.", position: position))
                return nil
            }
            return WindowBinder(from: self, call: call, alias: alias, position: position).bind()
        case .unsupported(let kind, let position):
            let name = kind.replacingUnderscores
            problems.add(
                SQLProblem(
                    .unsupported, "a stream cannot read from \(name)", expected: "a relation, a subquery or a join",
                    found: name, hint: "Name a source or a model here, or make this a table model.",
                    position: position))
            return nil
        }
    }

    /// A relation by name: a common table first, then the catalog.
    func relation(_ path: [String], at position: Int?) -> RelationalPlan? {
        if path.count == 1, let common = CommonTables.find(path[0], in: tables) { return common.plan }
        if let relation = queries.catalog.relation(named: path) {
            return .scan(
                Scan(
                    relation: relation.name, kind: relation.kind, schema: relation.schema,
                    eventTimeColumn: relation.eventTimeColumn))
        }
        let names = CommonTables.names(in: tables) + queries.catalog.relationNames
        let written = path.joined(separator: ".")
        let question =
            NearestName.question(for: written, among: names)
            ?? path.last.flatMap { NearestName.question(for: $0, among: names) }
        problems.add(
            SQLProblem(
                .unknownRelation, "there is no relation \(written)",
                expected: names.isEmpty ? nil : "one of \(NearestName.list(names))", found: written,
                hint: question ?? "Declare it as a source or a model, or correct the name.", position: position))
        return nil
    }

    func named(_ plan: RelationalPlan, path: [String], alias: TableAlias?, at position: Int?) -> Result? {
        let fields = plan.schema.fields
        let name = alias?.name ?? path.last ?? ""
        return problems.collect { () throws(SQLProblem) in
            let names = try QueryBinder.names(fields.map(\.name), alias?.columns ?? [], of: name, at: position)
            let relation = Scope.Relation(name: name, path: alias?.name == nil ? path : [])
            return Result(plan: plan, scope: Scope(relation: relation, fields: fields, names: names))
        }
    }
}

extension String {
    var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}
