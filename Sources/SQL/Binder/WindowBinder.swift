internal import Columnar

/// Binds `tumble(relation, time, size [, offset])`, `hop(relation, time, slide, size)` and
/// `session(relation, time, gap)`, each argument checked on its own.
struct WindowBinder {
    let from: FromBinder
    let call: FunctionCall
    let alias: TableAlias?
    let position: Int?

    private var intervalNames: (required: [String], optional: [String]) {
        switch call.name {
        case "hop": (["slide", "size"], [])
        case "session": (["gap"], [])
        default: (["size"], ["offset"])
        }
    }

    private var form: String {
        switch call.name {
        case "hop": "hop(relation, time_column, interval '5 minutes', interval '1 hour')"
        case "session": "session(relation, time_column, interval '30 minutes')"
        default: "tumble(relation, time_column, interval '1 hour')"
        }
    }

    func bind() -> FromBinder.Result? {
        let problems = from.problems
        guard let arguments = problems.collect({ () throws(SQLProblem) in try sorted() }) else { return nil }
        let input = relation(arguments["relation"])
        var intervals: [String: Int64] = [:]
        for name in intervalNames.required + intervalNames.optional {
            guard let argument = arguments[name] else { continue }
            intervals[name] = problems.collect { () throws(SQLProblem) in try micros(argument, name) }
        }
        guard let (plan, path) = input, let result = from.named(plan, path: path, alias: alias, at: position) else {
            return nil
        }
        let timeColumn = problems.collect { () throws(SQLProblem) in try time(arguments["time"], result.scope) }
        guard let timeColumn, intervals.count == arguments.count - 2 else { return nil }
        return problems.collect { () throws(SQLProblem) in
            windowed(result, WindowAssignment(kind: try kind(intervals, arguments), timeColumn: timeColumn))
        }
    }

    /// The arguments by name, whether they were named or not.
    private func sorted() throws(SQLProblem) -> [String: SyntaxExpression] {
        let names = ["relation", "time"] + intervalNames.required + intervalNames.optional
        var sorted: [String: SyntaxExpression] = [:]
        for (index, argument) in call.arguments.enumerated() {
            let name = argument.name ?? (index < names.count ? names[index] : nil)
            guard let name, names.contains(name), sorted[name] == nil else {
                throw problem(
                    argument.name.map { "\(call.name) has no argument \($0)" } ?? "\(call.name) has too many arguments",
                    expected: form, found: argument.expression.text, hint: "Write \(form).", argument.expression)
            }
            sorted[name] = argument.expression
        }
        for name in names where sorted[name] == nil && !intervalNames.optional.contains(name) {
            throw SQLProblem(
                .windowArgument, "\(call.name) lacks its \(name)", expected: form,
                found: "\(call.arguments.count) arguments", hint: "Write \(form).", position: position)
        }
        return sorted
    }

    private func relation(_ argument: SyntaxExpression?) -> (RelationalPlan, [String])? {
        guard let argument, case .column(let path) = argument.node else {
            from.problems.add(
                problem(
                    "the first argument of \(call.name) must be a relation's name", expected: "a name, such as orders",
                    found: argument?.text, hint: "Give the subquery a name in WITH, and put that name here.",
                    argument))
            return nil
        }
        return from.relation(path, at: argument.position).map { ($0, path) }
    }

    private func time(_ argument: SyntaxExpression?, _ scope: Scope) throws(SQLProblem) -> Int {
        guard let argument, case .column(let path) = argument.node, let name = path.last else {
            throw problem(
                "the second argument of \(call.name) must be a column of the relation",
                expected: "the name of a TIMESTAMP column", found: argument?.text,
                hint: "Compute the time in a common table expression first.", argument)
        }
        let times = scope.columns.filter { $0.expression.type.isTimestamp }.map(\.name)
        let list = times.isEmpty ? "none: the relation has no TIMESTAMP column" : NearestName.list(times)
        let match = path.count == 1 ? scope.column(name) : scope.column(name, of: path.dropLast())
        guard case .one(let column) = match, case .column(let index) = column.node else {
            throw problem(
                "\(scope.relations[0].name) has no column \(path.joined(separator: "."))",
                expected: "a TIMESTAMP column (\(list))", found: name,
                hint: NearestName.question(for: name, among: scope.columnNames) ?? "Name the column with event time.",
                argument)
        }
        guard column.type.isTimestamp else {
            throw problem(
                "windows are over time, and \(name) is no timestamp", expected: "a TIMESTAMP column (\(list))",
                found: "\(name) \(column.type)",
                hint: column.type.isDate || column.type.isText
                    ? "Cast it in a common table expression: CAST(\(name) AS TIMESTAMP)."
                    : "Name the column with event time.", argument)
        }
        return index
    }

    private func micros(_ argument: SyntaxExpression, _ name: String) throws(SQLProblem) -> Int64 {
        let expressions = ExpressionBinder(scope: Scope(), problems: from.problems, clause: "\(call.name)'s \(name)")
        let bound: Bound
        do {
            bound = try expressions.bind(argument)
        } catch  where error.kind == .literal {
            throw problem(error.message, expected: error.expected, found: error.found, hint: error.hint, argument)
        } catch {
            throw notAnInterval(argument, name)
        }
        guard case .literal(.interval(let months, let days, let nanos)) = bound.expression.node else {
            throw notAnInterval(argument, name)
        }
        guard months == 0 else {
            throw problem(
                "the \(name) of \(call.name) must have a fixed length", expected: "weeks, days, hours, minutes or less",
                found: argument.text, hint: "Months and years differ in length: use days, or group by date_trunc.",
                argument)
        }
        let length = Int128(days) * 86_400_000_000 + Int128(nanos / 1_000)
        guard let total = Int64(exactly: length) else {
            throw problem(
                "the \(name) of \(call.name) is too long", expected: "at most 292,000 years", found: argument.text,
                hint: "Write a length such as interval '1 hour'.", argument)
        }
        guard total > 0 || name == "offset" else {
            throw problem(
                "the \(name) of \(call.name) must be positive", expected: "more than no time", found: argument.text,
                hint: "Write a length such as interval '1 hour'.", argument)
        }
        return total
    }

    private func notAnInterval(_ argument: SyntaxExpression, _ name: String) -> SQLProblem {
        problem(
            "the \(name) of \(call.name) must be an interval that is written out", expected: "interval '1 hour'",
            found: argument.text, hint: "Write \(form).", argument)
    }

    private func kind(_ intervals: [String: Int64], _ arguments: [String: SyntaxExpression]) throws(SQLProblem)
        -> WindowAssignment.Kind
    {
        switch call.name {
        case "hop":
            let (slide, size) = (intervals["slide", default: 1], intervals["size", default: 1])
            guard slide <= size else {
                throw problem(
                    "hop's slide is longer than its size, so rows between windows would be lost",
                    expected: "slide, then size: the slide not longer",
                    found: "\(arguments["slide"]?.text ?? ""), \(arguments["size"]?.text ?? "")",
                    hint: "Swap the two intervals, or use tumble.", arguments["slide"])
            }
            return .hop(slideMicros: slide, sizeMicros: size)
        case "session": return .session(gapMicros: intervals["gap", default: 1])
        default:
            return .tumble(
                sizeMicros: intervals["size", default: 1], offsetMicros: intervals["offset", default: 0])
        }
    }

    private func windowed(_ input: FromBinder.Result, _ window: WindowAssignment) -> FromBinder.Result {
        let plan = RelationalPlan.window(input.plan, window)
        var scope = input.scope
        let fields = plan.schema.fields
        for index in fields.count - 2..<fields.count {
            let expression = Expression(.column(index), type: fields[index].type, nullable: false)
            scope.columns.append(
                Scope.Column(
                    name: fields[index].name, relation: 0, expression: expression, unqualified: expression))
        }
        return FromBinder.Result(plan: plan, scope: scope)
    }

    private func problem(
        _ message: String, expected: String?, found: String?, hint: String, _ argument: SyntaxExpression?
    ) -> SQLProblem {
        SQLProblem(
            .windowArgument, message, expected: expected, found: found, hint: hint,
            position: argument?.position ?? position)
    }
}
