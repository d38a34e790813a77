public import Columnar
public import SQL

/// When a stream's aggregates give their rows.
public enum EmitMode: String, Sendable, Hashable {
    /// Once, when the watermark has passed the window.
    case final
    /// After every batch: -1 for what no longer holds, +1 for what holds now.
    case changes
}

/// What a compiled stream gives.
public struct StreamShape: Sendable {
    public let outputSchema: Schema
    /// The columns of late rows: the window's input, `window_end`, and `watermark`, the one that was passed. nil where
    /// no row can be late.
    public let lateSchema: Schema?
    public let deadLetterSchema: Schema
    /// Whether the output only adds rows.
    public let insertOnly: Bool
    /// The streams and tables to connect, by name.
    public let streams: [String]
    public let tables: [String]
}

/// Compiles relational plans into operators. Everything that streams cannot do is found here, before anything runs.
public enum StreamCompiler {
    /// Finds every mistake that would keep `plan` from running as a stream.
    public static func check(_ plan: RelationalPlan, emit: EmitMode) throws -> StreamShape {
        let compiled = try compile(plan, emit: emit)
        return StreamShape(
            outputSchema: compiled.outputSchema, lateSchema: compiled.lateSchema, deadLetterSchema: DeadLetter.schema,
            insertOnly: compiled.insertOnly, streams: plan.scans.filter { $0.kind == .stream }.map(\.relation),
            tables: plan.scans.filter { $0.kind == .table }.map(\.relation))
    }

    static func compile(_ plan: RelationalPlan, emit: EmitMode) throws -> PhysicalPlan {
        var builder = PlanBuilder(emit: emit)
        let (root, insertOnly) = try builder.node(plan, needed: .all, above: 0)
        guard !builder.sources.isEmpty else {
            throw StreamingError.unsupported(
                "a query without a stream", found: "only tables", hint: "Make it a table or a materialized view.")
        }
        return PhysicalPlan(
            root: root, outputSchema: plan.schema, lateSchema: builder.lateSchema, insertOnly: insertOnly,
            sources: builder.sources, joins: builder.joins, steps: builder.steps, edges: builder.edges,
            exchanges: builder.exchanges, fingerprint: PlanFingerprint.of(plan, emit: emit))
    }
}

/// Walks a plan from its root to its sources.
private struct PlanBuilder {
    let emit: EmitMode
    var sources: [SourceSpec] = []
    var joins: [JoinSpec] = []
    var steps = ["sink"]
    var edges: [PhysicalPlan.Edge] = []
    var exchanges = 0
    var lateSchema: Schema?

    init(emit: EmitMode) { self.emit = emit }

    private mutating func step(_ name: String, to above: Int) -> Int {
        steps.append("\(name) \(steps.count)")
        edges.append(.init(from: steps.count - 1, to: above))
        return steps.count - 1
    }

    /// - Parameter above: the step that takes the node's rows.
    /// - Returns: the node, and whether its rows are never taken back.
    mutating func node(_ plan: RelationalPlan, needed: ColumnSet, above: Int) throws -> (PhysicalNode, Bool) {
        switch plan {
        case .scan(let scan):
            guard scan.kind == .stream else {
                throw StreamingError.unsupported(
                    "reading table \(scan.relation) by itself", found: "a table that no stream is joined with",
                    hint: "Join it to a stream, or make this model a table.")
            }
            sources.append(
                SourceSpec(
                    step: step("source \(scan.relation)", to: above), scan: scan, eventTimeColumn: nil,
                    eventTimeUnit: .microsecond))
            return (.source(sources.count - 1), true)
        case .filter(let input, let predicate):
            return try filterProject(input, predicate, nil, plan.schema, needed, above)
        case .project(.filter(let input, let predicate), let columns):
            return try filterProject(input, predicate, columns, plan.schema, needed, above)
        case .project(let input, let columns):
            return try filterProject(input, nil, columns, plan.schema, needed, above)
        case .window(let input, let window): return try self.window(input, window, plan.schema, needed, above)
        case .aggregate(let aggregate): return try self.aggregate(aggregate, plan.schema, above)
        case .join(let join): return try self.join(join, plan.schema, needed, above)
        case .asOfJoin(let join): return try asOfJoin(join, plan.schema, needed, above)
        case .union(let inputs):
            let number = step("union", to: above)
            let compiled = try inputs.map { try node($0, needed: needed, above: number) }
            return (.union(step: number, compiled.map(\.0), plan.schema), compiled.allSatisfy(\.1))
        }
    }

    private mutating func filterProject(
        _ input: RelationalPlan, _ predicate: Expression?, _ columns: [NamedExpression]?, _ schema: Schema,
        _ needed: ColumnSet, _ above: Int
    ) throws -> (PhysicalNode, Bool) {
        if let predicate { _ = try ExpressionCompiler.compile(predicate) }
        for column in columns ?? [] { _ = try ExpressionCompiler.compile(column.expression) }
        let kept =
            columns.map { ColumnSet(indices: $0.reduce(into: []) { $0.formUnion($1.expression.inputColumns) }) }
            ?? needed
        let below = ColumnSet(indices: kept.indices.map { $0.union(predicate?.inputColumns ?? []) })
        let number = step(predicate == nil ? "project" : columns == nil ? "filter" : "filter and project", to: above)
        let (inner, insertOnly) = try node(input, needed: below, above: number)
        let spec = FilterProjectSpec(predicate: predicate, needed: kept, projections: columns, schema: schema)
        return (.filterProject(step: number, inner, spec), insertOnly)
    }

    // MARK: Windows

    private mutating func window(
        _ input: RelationalPlan, _ window: WindowAssignment, _ schema: Schema, _ needed: ColumnSet, _ above: Int
    ) throws -> (PhysicalNode, Bool) {
        let inputSchema = input.schema
        let field = inputSchema[window.timeColumn]
        guard case .timestamp(let unit, _) = field.type else {
            throw StreamingError.unsupported(
                "a window over \(field.name)", found: "\(field.type)", hint: "Cast it to TIMESTAMP.")
        }
        func inUnit(_ micros: Int64) throws -> Int64 {
            let (scaled, overflow) = micros.multipliedReportingOverflow(by: unit.perSecond)
            guard !overflow, scaled % 1_000_000 == 0 else {
                throw StreamingError.unsupported(
                    "a window of \(micros) microseconds", found: "times in units of 1/\(unit.perSecond) s",
                    hint: "Choose a size that is a whole number of the column's unit.")
            }
            return scaled / 1_000_000
        }
        let (size, slide, offset): (Int64, Int64, Int64)
        switch window.kind {
        case .tumble(let sizeMicros, let offsetMicros):
            (size, offset) = (try inUnit(sizeMicros), try inUnit(offsetMicros))
            slide = size
        case .hop(let slideMicros, let sizeMicros):
            (size, slide, offset) = (try inUnit(sizeMicros), try inUnit(slideMicros), 0)
        case .session:
            throw StreamingError.unsupported(
                "a session window", found: "session(...)",
                hint: "Use tumble or hop in a stream, or make this a table model.")
        }
        guard size > 0, slide > 0, slide <= size else {
            throw StreamingError.unsupported(
                "a window with these sizes", found: "size \(size), slide \(slide)",
                hint: "Sizes are positive, and a slide is no longer than its window.")
        }
        let late = Schema(
            inputSchema.fields + [
                Field("window_end", field.type, nullable: false),
                Field("watermark", .timestamp(.microsecond, zone: nil), nullable: false),
            ])
        if let other = lateSchema, other != late {
            throw StreamingError.unsupported(
                "two windows over different columns", found: "\(other) and \(late)",
                hint: "Split it into two stream models.")
        }
        lateSchema = late
        let number = step("window", to: above)
        let firstSource = sources.count
        // Late rows go whole to the late sink, so every column is needed below.
        let (inner, insertOnly) = try node(input, needed: .all, above: number)
        if input.hasAggregate {
            throw StreamingError.unsupported(
                "a window over an aggregate", found: "group by below \(field.name)",
                hint: "Window the stream itself, and group by its window_end above.")
        }
        for index in firstSource..<sources.count { try setEventTime(&sources[index], window, input) }
        let spec = WindowSpec(
            timeColumn: window.timeColumn, size: size, slide: slide, offset: offset, unit: unit, schema: schema,
            lateSchema: late,
            needed: ColumnSet(indices: needed.indices.map { $0.filter { $0 < inputSchema.count } }))
        return (.window(step: number, inner, spec), insertOnly)
    }

    /// The source's declared event time, or the column that the window's time comes from unchanged.
    private func setEventTime(_ source: inout SourceSpec, _ window: WindowAssignment, _ input: RelationalPlan) throws {
        var column = source.scan.eventTimeColumn
        if column == nil, case .scanColumn(let relation, let index)? = ColumnOrigin.of(input, window.timeColumn),
            relation == source.scan.relation
        {
            column = index
        }
        guard let column, case .timestamp(let unit, _) = source.scan.schema[column].type else {
            throw StreamingError.unsupported(
                "a window over \(source.scan.relation)", found: "no event time that is a TIMESTAMP column",
                hint: "Declare event_time for the source, or window over one of its columns.")
        }
        source.eventTimeColumn = column
        source.eventTimeUnit = unit
    }

    // MARK: Aggregates

    private mutating func aggregate(_ aggregate: Aggregate, _ schema: Schema, _ above: Int) throws -> (
        PhysicalNode, Bool
    ) {
        var projections: [NamedExpression] = []
        func column(_ expression: Expression) -> Int {
            if let known = projections.firstIndex(where: { $0.expression == expression }) { return known }
            projections.append(NamedExpression(name: "c\(projections.count)", expression: expression))
            return projections.count - 1
        }
        var outputKeys: [AggregateSpec.OutputKey] = []
        var (keyColumns, keyTypes): ([Int], [DataType]) = ([], [])
        var (windowColumn, windowIsStart): (Int?, Bool) = (nil, false)
        var window: (size: Int64, unit: TimeUnit)?
        for key in aggregate.keys {
            if case .column(let index) = key.expression.node, let origin = ColumnOrigin.of(aggregate.input, index) {
                switch origin {
                case .windowStart(let size, let unit) where window == nil || window?.size == size:
                    window = (size, unit)
                    if windowColumn == nil { (windowColumn, windowIsStart) = (column(key.expression), true) }
                    outputKeys.append(.windowStart)
                    continue
                case .windowEnd(let size, let unit) where window == nil || window?.size == size:
                    window = (size, unit)
                    (windowColumn, windowIsStart) = (column(key.expression), false)
                    outputKeys.append(.windowEnd)
                    continue
                default: break
                }
            }
            guard KeyEncoder.supports(key.expression.type) else {
                throw StreamingError.unsupported(
                    "grouping by \(key.name)", found: "\(key.expression.type)",
                    hint: "Group by the parts of it that have a plain type.")
            }
            outputKeys.append(.plain(keyColumns.count))
            keyColumns.append(column(key.expression))
            keyTypes.append(key.expression.type)
        }
        let calls = aggregate.aggregates.map { named in
            AggregateSpec.Call(
                call: named.call, arguments: named.call.arguments.map { column($0) },
                filter: named.call.filter.map { column($0) })
        }
        let number = step("aggregate", to: above)
        let receiver = step("exchange in", to: number)
        let sender = step("exchange out", to: receiver)
        exchanges += 1
        let exchange = exchanges - 1
        let inputSchema = Schema(projections.map(\.field))
        let (inner, insertOnly): (PhysicalNode, Bool)
        if case .filter(let input, let predicate) = aggregate.input {
            (inner, insertOnly) = try filterProject(input, predicate, projections, inputSchema, .all, sender)
        } else {
            (inner, insertOnly) = try filterProject(aggregate.input, nil, projections, inputSchema, .all, sender)
        }
        // After the input, whose own mistakes say more.
        if emit == .final, window == nil {
            throw StreamingError.neverFinal(
                "group by \(aggregate.keys.isEmpty ? "nothing" : aggregate.keys.map(\.name).joined(separator: ", "))")
        }
        for call in calls { _ = try AccumulatorFactory.make(call.call, insertOnly: insertOnly) }
        let spec = AggregateSpec(
            id: exchange, exchange: exchange, senderStep: sender, receiverStep: receiver, keyColumns: keyColumns,
            keyTypes: keyTypes, windowColumn: windowColumn, windowSize: window?.size ?? 0, windowIsStart: windowIsStart,
            windowUnit: window?.unit ?? .microsecond, calls: calls, outputKeys: outputKeys, outputSchema: schema,
            insertOnly: insertOnly, emitsChanges: emit == .changes)
        return (.aggregate(step: number, inner, spec), emit == .final)
    }

    // MARK: Joins

    private mutating func join(_ join: Join, _ schema: Schema, _ needed: ColumnSet, _ above: Int) throws -> (
        PhysicalNode, Bool
    ) {
        let tableFirst = join.left.isTable
        guard join.left.isTable != join.right.isTable else {
            throw StreamingError.unsupported(
                "a join of two streams", found: "\(join.kind.rawValue) join",
                hint: "Join a stream with a table; two streams can be joined in a table model downstream.")
        }
        switch (join.kind, tableFirst) {
        case (.inner, _), (.left, false), (.right, true): break
        default:
            throw StreamingError.unsupported(
                "a \(join.kind.rawValue) join that keeps a table's rows", found: "\(join.kind.rawValue) join",
                hint: "Only the stream's unmatched rows can be kept, for a table's are unmatched for ever.")
        }
        return try tableJoin(
            stream: tableFirst ? join.right : join.left, table: tableFirst ? join.left : join.right,
            keys: join.keys.map { tableFirst ? ($0.right, $0.left) : ($0.left, $0.right) }, times: nil, strict: false,
            residual: join.residual, keepsUnmatched: join.kind != .inner, tableFirst: tableFirst, schema, needed, above)
    }

    private mutating func asOfJoin(_ join: AsOfJoin, _ schema: Schema, _ needed: ColumnSet, _ above: Int) throws -> (
        PhysicalNode, Bool
    ) {
        guard !join.left.isTable, join.right.isTable, join.kind == .inner || join.kind == .left else {
            throw StreamingError.unsupported(
                "this as-of join", found: "\(join.kind.rawValue) join",
                hint: "Put the stream on the left and a table on the right.")
        }
        guard join.leftTime.type == join.rightTime.type, KeyCodecs.words(join.leftTime.type) != nil else {
            throw StreamingError.unsupported(
                "an as-of join over these times", found: "\(join.leftTime.type) and \(join.rightTime.type)",
                hint: "Cast both to TIMESTAMP.")
        }
        return try tableJoin(
            stream: join.left, table: join.right, keys: join.keys.map { ($0.left, $0.right) },
            times: (join.leftTime, join.rightTime), strict: join.strict, residual: nil,
            keepsUnmatched: join.kind == .left, tableFirst: false, schema, needed, above)
    }

    private mutating func tableJoin(
        stream: RelationalPlan, table: RelationalPlan, keys: [(stream: Expression, table: Expression)],
        times: (stream: Expression, table: Expression)?, strict: Bool, residual: Expression?, keepsUnmatched: Bool,
        tableFirst: Bool, _ schema: Schema, _ needed: ColumnSet, _ above: Int
    ) throws -> (PhysicalNode, Bool) {
        for key in keys {
            guard key.stream.type == key.table.type, KeyEncoder.supports(key.stream.type) else {
                throw StreamingError.unsupported(
                    "a join on these keys", found: "\(key.stream.type) and \(key.table.type)",
                    hint: "Cast both sides to one plain type.")
            }
        }
        for expression in keys.flatMap({ [$0.stream, $0.table] })
            + [times?.stream, times?.table, residual].compactMap({ $0 })
        {
            _ = try ExpressionCompiler.compile(expression)
        }
        try table.checkTable()
        let (streamWidth, tableWidth) = (stream.schema.count, table.schema.count)
        let streamStart = tableFirst ? tableWidth : 0
        let tableStart = tableFirst ? 0 : streamWidth
        // Above the join all columns are looked at, or these.
        let looked = needed.indices.map { $0.union(residual?.inputColumns ?? []) }
        func side(_ start: Int, _ width: Int, _ expressions: [Expression]) -> ColumnSet {
            ColumnSet(
                indices: looked.map { looked in
                    expressions.reduce(
                        into: Set(looked.filter { $0 >= start && $0 < start + width }.map { $0 - start })
                    ) {
                        $0.formUnion($1.inputColumns)
                    }
                })
        }
        let number = step("join", to: above)
        let streamNeeded = side(streamStart, streamWidth, keys.map(\.stream) + [times?.stream].compactMap { $0 })
        let (inner, insertOnly) = try node(stream, needed: streamNeeded, above: number)
        joins.append(
            JoinSpec(
                table: table,
                tableNeeded: side(tableStart, tableWidth, keys.map(\.table) + [times?.table].compactMap { $0 }),
                streamKeys: keys.map(\.stream), tableKeys: keys.map(\.table), streamTime: times?.stream,
                tableTime: times?.table,
                strict: strict, residual: residual, keepsUnmatched: keepsUnmatched, tableFirst: tableFirst,
                schema: schema,
                needed: needed))
        return (.join(step: number, inner, joins.count - 1), insertOnly)
    }
}

extension RelationalPlan {
    /// Whether only tables are read.
    fileprivate var isTable: Bool { scans.allSatisfy { $0.kind == .table } }

    fileprivate var hasAggregate: Bool {
        if case .aggregate = self { return true }
        return inputs.contains { $0.hasAggregate }
    }

    /// Throws where the table side of a join is more than scans, filters and projections.
    fileprivate func checkTable() throws {
        switch self {
        case .scan: break
        case .filter(let input, let predicate):
            _ = try ExpressionCompiler.compile(predicate)
            try input.checkTable()
        case .project(let input, let columns):
            for column in columns { _ = try ExpressionCompiler.compile(column.expression) }
            try input.checkTable()
        default:
            throw StreamingError.unsupported(
                "this table side of a join", found: "\(schema)", hint: "Make a table model of it, and join that.")
        }
    }
}
