internal import Columnar

/// Resolves the names and types of a query that a stream runs.
///
/// Types follow DuckDB, so that the same SELECT gives the same columns as a table. What an unbounded query cannot do
/// (ORDER BY, LIMIT, OVER, subqueries in expressions) is refused with what to write instead.
public struct Binder {
    private let catalog: any Catalog

    public init(catalog: any Catalog) { self.catalog = catalog }

    /// - Returns: the plan, with predicates pushed down and unread columns pruned.
    /// - Throws: every mistake that can be found in one pass.
    public func bind(_ statement: SelectStatement) throws(SQLError) -> RelationalPlan {
        let problems = ProblemList()
        let plan = QueryBinder(catalog: catalog, problems: problems).bind(statement.query, in: nil)
        if let plan, problems.all.isEmpty {
            Self.checkNames(of: plan, statement.query, problems)
        }
        guard let plan, problems.all.isEmpty else { throw .problems(problems.inOrder, text: statement.text) }
        return plan.optimised
    }

    /// Parses and binds in one step.
    public func bind(_ text: String, parsedBy source: some SyntaxTreeSource) throws(SQLError) -> RelationalPlan {
        try bind(SelectStatement(parsing: text, with: source))
    }

    /// A dataset's columns must have names of their own.
    private static func checkNames(of plan: RelationalPlan, _ query: QueryExpression, _ problems: ProblemList) {
        var seen: Set<String> = []
        for field in plan.schema.fields where !seen.insert(field.name.lowercased()).inserted {
            problems.add(
                SQLProblem(
                    .duplicateColumn, "two columns of the result are called \(field.name)",
                    expected: "a different name for each column", found: field.name,
                    hint: "Give one of them another name with AS, or leave it out with * EXCLUDE (\(field.name)).",
                    position: position(of: field.name, in: query)))
        }
    }

    private static func position(of column: String, in query: QueryExpression) -> Int? {
        guard case .select(let node) = query.body else { return nil }
        let named = node.items.last { $0.columnName.equalsIgnoringCase(column) }
        let star = node.items.last { if case .star = $0.node { true } else { false } }
        return (named ?? star)?.position
    }
}

/// The mistakes found so far.
final class ProblemList {
    private(set) var all: [SQLProblem] = []

    func add(_ problem: SQLProblem) { if !all.contains(problem) { all.append(problem) } }

    /// Runs a part that stands on its own: its mistake is kept, and the others are still looked for.
    func collect<Value>(_ work: () throws(SQLProblem) -> Value) -> Value? {
        do {
            return try work()
        } catch {
            add(error)
            return nil
        }
    }

    var inOrder: [SQLProblem] {
        all.enumerated().sorted {
            ($0.element.position ?? -1, $0.offset) < ($1.element.position ?? -1, $1.offset)
        }.map(\.element)
    }
}

/// The common table expressions that a query sees, innermost first.
final class CommonTables {
    let name: String
    /// Nil where the definition has mistakes, which are reported once.
    let plan: RelationalPlan?
    let outer: CommonTables?

    init(name: String, plan: RelationalPlan?, outer: CommonTables?) {
        (self.name, self.plan, self.outer) = (name, plan, outer)
    }

    static func find(_ name: String, in tables: CommonTables?) -> CommonTables? {
        var next = tables
        while let table = next {
            if table.name.equalsIgnoringCase(name) { return table }
            next = table.outer
        }
        return nil
    }

    static func names(in tables: CommonTables?) -> [String] {
        var names: [String] = []
        var next = tables
        while let table = next {
            names.append(table.name)
            next = table.outer
        }
        return names
    }
}
