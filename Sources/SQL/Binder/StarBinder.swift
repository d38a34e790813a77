/// Expands `*` and `relation.*` with EXCLUDE, REPLACE and RENAME.
struct StarBinder {
    let star: SyntaxExpression.Star
    let position: Int?
    let scope: Scope
    let expressions: ExpressionBinder

    func items() -> [NamedExpression] {
        guard !star.isPattern else {
            expressions.problems.add(
                SQLProblem(
                    .unsupported, "a stream cannot run COLUMNS(...)", found: "COLUMNS", hint: "Name the columns.",
                    position: position))
            return []
        }
        let qualifier = star.relation.map { [$0] }
        if let qualifier, !scope.hasRelation(qualifier) {
            let names = scope.relations.map(\.name)
            expressions.problems.add(
                SQLProblem(
                    .unknownRelation, "there is no relation \(qualifier[0]) in FROM",
                    expected: "one of \(NearestName.list(names))", found: "\(qualifier[0]).*",
                    hint: NearestName.question(for: qualifier[0], among: names)
                        ?? "Use the alias that FROM gives the relation.", position: position))
            return []
        }
        let columns = scope.columns.filter { column in
            qualifier.map { scope.relations[column.relation].isNamed($0) } ?? (column.unqualified != nil)
        }
        check(columns.map(\.name))
        return columns.compactMap { column in
            guard !star.excluded.contains(where: { $0.equalsIgnoringCase(column.name) }) else { return nil }
            let name = star.renamed.first { $0.column.equalsIgnoringCase(column.name) }?.name ?? column.name
            if let replacement = star.replaced.first(where: { $0.column.equalsIgnoringCase(column.name) }) {
                return expressions.problems.collect { () throws(SQLProblem) in
                    NamedExpression(name: name, expression: try expressions.bind(replacement.expression).expression)
                }
            }
            let value = qualifier == nil ? column.unqualified ?? column.expression : column.expression
            return NamedExpression(
                name: name,
                expression: Expression(value.node, type: value.type, nullable: value.nullable, position: position))
        }
    }

    /// Names after EXCLUDE, REPLACE and RENAME must be columns.
    private func check(_ names: [String]) {
        for name in star.excluded + star.replaced.map(\.column) + star.renamed.map(\.column)
        where !names.contains(where: { $0.equalsIgnoringCase(name) }) {
            expressions.problems.add(
                SQLProblem(
                    .unknownColumn, "* has no column \(name)", expected: "one of \(NearestName.list(names))",
                    found: name, hint: NearestName.question(for: name, among: names) ?? "Correct the name.",
                    position: position))
        }
    }
}
