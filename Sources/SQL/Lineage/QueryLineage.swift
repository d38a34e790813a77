internal import Columnar
internal import DuckDB

/// The lineage of a query in full SQL, which DuckDB runs: read from the syntax tree, as far as names can be resolved.
public struct QueryLineage: Sendable, Hashable {
    /// Every relation that the query names.
    public let tables: [TableMention]
    public let lineage: ColumnLineage
    /// Whether every column was resolved; if not, lineage holds what was found.
    public let isComplete: Bool

    /// - Parameter catalog: the relations whose columns are known.
    /// - Throws: `problems` where the text is not one SELECT.
    public init(of text: String, catalog: any Catalog, parsedBy source: some SyntaxTreeSource) throws(SQLError) {
        tables = try SQLText.referencedTables(in: text, parsedBy: source)
        var reader = LineageReader(catalog: catalog)
        let result = reader.read(try SelectStatement(parsing: text, with: source).query, [:], [])
        lineage = ColumnLineage(
            columns: result.columns.map { ColumnLineage.Column(name: $0.name, sources: $0.sources) },
            filters: reader.filters)
        isComplete = reader.isComplete && result.isComplete
    }
}

/// Walks a syntax tree with the sources of each visible column.
private struct LineageReader {
    struct Relation {
        var name = ""
        var path: [String] = []
        var columns: [(name: String, sources: Sources)] = []
        var isComplete = true
        /// Columns, in lower case, that USING shows as another relation's.
        var merged: Set<String> = []
    }

    let catalog: any Catalog
    var filters: Set<ColumnSource> = []
    var isComplete = true

    init(catalog: any Catalog) { self.catalog = catalog }

    /// - Parameter outer: the relations of the queries around this one, which correlated subqueries may name.
    mutating func read(_ query: QueryExpression, _ outerTables: [String: Relation], _ outer: [Relation]) -> Relation {
        var tables = outerTables
        for common in query.commonTables {
            var relation = read(common.query, tables, outer)
            rename(&relation, common.columnAliases)
            tables[common.name.lowercased()] = relation
        }
        switch query.body {
        case .select(let node): return read(node, tables, outer)
        case .setOperation(let operation):
            let sides = operation.inputs.map { read($0, tables, outer) }
            guard var whole = sides.first else { return Relation() }
            for side in sides.dropFirst() {
                for index in whole.columns.indices where index < side.columns.count {
                    whole.columns[index].sources.add(side.columns[index].sources)
                }
                whole.isComplete = whole.isComplete && side.isComplete
            }
            return whole
        case .unsupported:
            isComplete = false
            return Relation(isComplete: false)
        }
    }

    private mutating func read(_ node: SelectNode, _ tables: [String: Relation], _ outer: [Relation]) -> Relation {
        let inner = node.from.map { relations($0, tables, outer) } ?? []
        let scope = inner + outer
        var result = Relation(isComplete: inner.allSatisfy(\.isComplete))
        for item in node.items {
            if case .star(let star) = item.node {
                result.columns += expand(star, inner, tables, scope)
            } else {
                result.columns.append((item.columnName, sources(item, scope, tables)))
            }
        }
        var deciding = [node.filter, node.having, node.qualify].compactMap { $0 }
        if case .keys(let keys) = node.grouping { deciding += keys }
        for expression in deciding {
            if case .literal = expression.node { continue }
            let isAlias = node.items.contains { $0.alias != nil && expression.node == .column([$0.alias ?? ""]) }
            if !isAlias { filters.formUnion(sources(expression, scope, tables).keys) }
        }
        return result
    }

    // MARK: FROM

    private mutating func relations(_ reference: TableReference, _ tables: [String: Relation], _ outer: [Relation])
        -> [Relation]
    {
        switch reference {
        case .table(let path, let alias, _): return [named(table(path, tables), path, alias)]
        case .subquery(let query, let alias, _): return [named(read(query, tables, outer), [], alias)]
        case .join(let join):
            let left = relations(join.left, tables, outer)
            // The right side may be lateral, and see the left.
            let right = relations(join.right, tables, left + outer)
            let both = left + right
            switch join.condition {
            case .on(let condition): filters.formUnion(sources(condition, both, tables).keys)
            case .using(let names):
                for name in names {
                    for relation in both {
                        for column in relation.columns where column.name.equalsIgnoringCase(name) {
                            filters.formUnion(column.sources.keys)
                        }
                    }
                }
                // `*` shows the column once, and either side's is the same value.
                return left
                    + right.map { relation in
                        var merged = relation
                        merged.merged.formUnion(names.map { $0.lowercased() })
                        return merged
                    }
            case .natural, .none: break
            }
            return both
        case .function(let call, let alias, _) where ["tumble", "hop", "session"].contains(call.name):
            guard case .column(let path)? = call.arguments.first?.expression.node else { break }
            var relation = table(path, tables)
            let time =
                call.arguments.dropFirst().first.map { sources($0.expression, [relation], tables).derived } ?? [:]
            relation.columns += [("window_start", time), ("window_end", time)]
            filters.formUnion(time.keys)
            return [named(relation, path, alias)]
        default: break
        }
        isComplete = false
        return [Relation(isComplete: false)]
    }

    private mutating func table(_ path: [String], _ tables: [String: Relation]) -> Relation {
        if path.count == 1, let common = tables[path[0].lowercased()] { return common }
        guard let known = catalog.relation(named: path) else {
            isComplete = false
            return Relation(isComplete: false)
        }
        return Relation(
            columns: known.schema.fields.map {
                ($0.name, [ColumnSource(relation: known.name, column: $0.name): .direct])
            })
    }

    private func named(_ relation: Relation, _ path: [String], _ alias: TableAlias?) -> Relation {
        var named = relation
        named.name = alias?.name ?? path.last ?? ""
        named.path = alias?.name == nil ? path : []
        rename(&named, alias?.columns ?? [])
        return named
    }

    private func rename(_ relation: inout Relation, _ names: [String]) {
        for (index, name) in names.enumerated() where index < relation.columns.count {
            relation.columns[index].name = name
        }
    }

    // MARK: Expressions

    private mutating func expand(
        _ star: SyntaxExpression.Star, _ relations: [Relation], _ tables: [String: Relation], _ scope: [Relation]
    ) -> [(name: String, sources: Sources)] {
        if star.isPattern { isComplete = false }
        let chosen = relations.filter { relation in star.relation.map { relation.isNamed([$0]) } ?? true }
        var columns: [(name: String, sources: Sources)] = []
        let shown = chosen.flatMap { relation in
            relation.columns.filter { star.relation != nil || !relation.merged.contains($0.name.lowercased()) }
        }
        for column in shown
        where !star.excluded.contains(where: { $0.equalsIgnoringCase(column.name) }) {
            let name = star.renamed.first { $0.column.equalsIgnoringCase(column.name) }?.name ?? column.name
            let replaced = star.replaced.first { $0.column.equalsIgnoringCase(column.name) }
            columns.append((name, replaced.map { sources($0.expression, scope, tables) } ?? column.sources))
        }
        return columns
    }

    private mutating func sources(
        _ expression: SyntaxExpression, _ scope: [Relation], _ tables: [String: Relation]
    ) -> Sources {
        switch expression.node {
        case .column(let path): return column(path, scope)
        case .subquery(let query, let compared):
            var all = read(query, tables, scope).columns.reduce(into: Sources()) { $0.add($1.sources.derived) }
            if let compared { all.add(sources(compared, scope, tables).derived) }
            return all
        case .star: return [:]
        default:
            if case .unsupported = expression.node { isComplete = false }
            return expression.children.reduce(into: Sources()) { $0.add(sources($1, scope, tables).derived) }
        }
    }

    private mutating func column(_ path: [String], _ scope: [Relation]) -> Sources {
        for qualifiers in stride(from: min(3, path.count - 1), through: 0, by: -1) {
            for relation in scope where qualifiers == 0 || relation.isNamed(Array(path.prefix(qualifiers))) {
                if let found = relation.columns.first(where: { $0.name.equalsIgnoringCase(path[qualifiers]) }) {
                    return qualifiers == path.count - 1 ? found.sources : found.sources.derived
                }
            }
        }
        isComplete = false
        return [:]
    }
}

extension LineageReader.Relation {
    fileprivate func isNamed(_ qualifier: [String]) -> Bool {
        Scope.Relation(name: name, path: path).isNamed(qualifier)
    }
}
