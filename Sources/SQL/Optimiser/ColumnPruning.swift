internal import Columnar

extension RelationalPlan {
    /// The same result, with scans that read only columns that are used.
    var pruned: RelationalPlan { pruned(keeping: Set(0..<schema.count)).plan }

    /// A plan with at least the columns in `needed`, in their old order, and where each has gone.
    fileprivate func pruned(keeping needed: Set<Int>) -> (plan: RelationalPlan, places: [Int: Int]) {
        switch self {
        case .scan(let scan): return scan.pruned(keeping: needed)
        case .filter(let input, let predicate):
            let (below, places) = input.pruned(keeping: needed.union(predicate.inputColumns))
            return (.filter(below, predicate: predicate.mapped(places)), places)
        case .project(let input, let columns):
            // A row without columns would be no row.
            let kept = needed.isEmpty ? Array(columns.indices.prefix(1)) : columns.indices.filter(needed.contains)
            let read = kept.reduce(into: Set<Int>()) { $0.formUnion(columns[$1].expression.inputColumns) }
            let (below, places) = input.pruned(keeping: read)
            let project = RelationalPlan.project(below, kept.map { columns[$0].mapped(places) })
            return (project, Self.places(kept))
        case .window(let input, let window):
            let count = input.schema.count
            // A row that comes too late for its window leaves whole, so nothing below a window is pruned.
            let (below, inner) = input.pruned(keeping: Set(0..<count))
            var places = inner
            let newCount = below.schema.count
            (places[count], places[count + 1]) = (newCount, newCount + 1)
            let moved = WindowAssignment(kind: window.kind, timeColumn: inner[window.timeColumn]!)
            return (.window(below, moved), places)
        case .aggregate(let aggregate): return aggregate.pruned(keeping: needed)
        case .join(let join):
            var read = needed.union(join.residual?.inputColumns ?? [])
            let sides = Self.prunedSides(join.left, join.right, join.keys, [], [], &read)
            let pruned = Join(
                kind: join.kind, left: sides.left, right: sides.right, keys: sides.keys(join.keys),
                residual: join.residual?.mapped(sides.places))
            return (.join(pruned), sides.places)
        case .asOfJoin(let join):
            var read = needed
            let sides = Self.prunedSides(
                join.left, join.right, join.keys, join.leftTime.inputColumns, join.rightTime.inputColumns, &read)
            let pruned = AsOfJoin(
                kind: join.kind, left: sides.left, right: sides.right, keys: sides.keys(join.keys),
                leftTime: join.leftTime.mapped(sides.leftPlaces), rightTime: join.rightTime.mapped(sides.rightPlaces),
                strict: join.strict)
            return (.asOfJoin(pruned), sides.places)
        case .union(let inputs):
            // Each side may keep columns of its own, so all are brought to the same.
            let kept = needed.isEmpty ? Array(schema.fields.indices.prefix(1)) : needed.sorted()
            let pruned = inputs.map { Self.exactly(kept, $0.pruned(keeping: Set(kept)), of: inputs[0].schema) }
            return (.union(pruned), Self.places(kept))
        }
    }

    /// Just the columns `kept`, under the names of `schema`.
    private static func exactly(_ kept: [Int], _ pruned: (plan: RelationalPlan, places: [Int: Int]), of schema: Schema)
        -> RelationalPlan
    {
        let fields = pruned.plan.schema.fields
        let places = kept.map { pruned.places[$0]! }
        let names = kept.map { schema[$0].name }
        if places == Array(fields.indices), fields.map(\.name) == names { return pruned.plan }
        return .project(
            pruned.plan,
            zip(places, names).map { place, name in
                NamedExpression(
                    name: name,
                    expression: Expression(.column(place), type: fields[place].type, nullable: fields[place].nullable))
            })
    }

    fileprivate static func places(_ kept: [Int]) -> [Int: Int] {
        Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($0.element, $0.offset) })
    }

    private struct Sides {
        let left: RelationalPlan
        let right: RelationalPlan
        let leftPlaces: [Int: Int]
        let rightPlaces: [Int: Int]
        let places: [Int: Int]

        func keys(_ keys: [JoinKey]) -> [JoinKey] {
            keys.map { JoinKey(left: $0.left.mapped(leftPlaces), right: $0.right.mapped(rightPlaces)) }
        }
    }

    private static func prunedSides(
        _ left: RelationalPlan, _ right: RelationalPlan, _ keys: [JoinKey], _ leftMore: Set<Int>,
        _ rightMore: Set<Int>, _ needed: inout Set<Int>
    ) -> Sides {
        let leftCount = left.schema.count
        let leftRead = keys.reduce(into: leftMore.union(needed.filter { $0 < leftCount })) {
            $0.formUnion($1.left.inputColumns)
        }
        let rightRead = keys.reduce(into: rightMore.union(needed.filter { $0 >= leftCount }.map { $0 - leftCount })) {
            $0.formUnion($1.right.inputColumns)
        }
        let (newLeft, leftPlaces) = left.pruned(keeping: leftRead)
        let (newRight, rightPlaces) = right.pruned(keeping: rightRead)
        var places = leftPlaces
        let newLeftCount = newLeft.schema.count
        for (old, new) in rightPlaces { places[old + leftCount] = new + newLeftCount }
        return Sides(
            left: newLeft, right: newRight, leftPlaces: leftPlaces, rightPlaces: rightPlaces, places: places)
    }
}

extension Scan {
    /// A stream keeps its event time, which drives the watermark; every scan keeps a column, so that rows are rows.
    fileprivate func pruned(keeping needed: Set<Int>) -> (plan: RelationalPlan, places: [Int: Int]) {
        var kept = needed
        if kind == .stream, let eventTimeColumn { kept.insert(eventTimeColumn) }
        if kept.isEmpty, schema.count > 0 { kept.insert(0) }
        let places = RelationalPlan.places(kept.sorted())
        let scan = Scan(
            relation: relation, kind: kind,
            schema: Schema(kept.sorted().map { schema[$0] }, metadata: schema.metadata),
            eventTimeColumn: eventTimeColumn.flatMap { places[$0] })
        return (.scan(scan), places)
    }
}

extension Aggregate {
    /// The keys stay, for they decide which rows there are.
    fileprivate func pruned(keeping needed: Set<Int>) -> (plan: RelationalPlan, places: [Int: Int]) {
        let isBare = keys.isEmpty && needed.isEmpty
        let kept =
            isBare
            ? Array(aggregates.indices.prefix(1)) : aggregates.indices.filter { needed.contains($0 + keys.count) }
        var read = keys.reduce(into: Set<Int>()) { $0.formUnion($1.expression.inputColumns) }
        for index in kept {
            let call = aggregates[index].call
            for part in call.arguments + (call.filter.map { [$0] } ?? []) { read.formUnion(part.inputColumns) }
        }
        let (below, places) = input.pruned(keeping: read)
        let calls = kept.map { index in
            let call = aggregates[index].call
            return NamedAggregate(
                name: aggregates[index].name,
                call: AggregateCall(
                    call.function, arguments: call.arguments.map { $0.mapped(places) },
                    filter: call.filter?.mapped(places), type: call.type))
        }
        let plan = RelationalPlan.aggregate(
            Aggregate(input: below, keys: keys.map { $0.mapped(places) }, aggregates: calls))
        return (plan, RelationalPlan.places(Array(keys.indices) + kept.map { $0 + keys.count }))
    }
}

extension Expression {
    fileprivate func mapped(_ places: [Int: Int]) -> Expression { mappingColumns { places[$0]! } }
}

extension NamedExpression {
    fileprivate func mapped(_ places: [Int: Int]) -> NamedExpression {
        NamedExpression(name: name, expression: expression.mapped(places))
    }
}
