/// How much one rendering may do; a template that does more is stopped with an error, never left to run.
struct TemplateLimits: Sendable {
    /// Statements and expressions evaluated.
    var stepsMax = 2_000_000
    /// Bytes of output, and of any one text.
    var outputBytesMax = 8 << 20
    /// Elements of any one list.
    var elementsMax = 200_000
    /// Macros in macros.
    var callDepthMax = 25
    /// Expressions and blocks in each other, through all macros: a bound on this thread's stack.
    var depthMax = 400
}

/// The variables of one block; inner blocks see outer ones.
final class TemplateScope {
    private var variables: [String: TemplateValue] = [:]
    let parent: TemplateScope?
    init(parent: TemplateScope?) { self.parent = parent }

    subscript(name: String) -> TemplateValue? {
        get {
            var scope: TemplateScope? = self
            while let current = scope {
                if let value = current.variables[name] { return value }
                scope = current.parent
            }
            return nil
        }
        set { variables[name] = newValue }
    }

    /// Lets go of all values: macros hold the scope that holds them.
    func clear() { variables = [:] }

    /// Every name that can be seen from here, for "did you mean".
    var names: [String] { Array(variables.keys) + (parent?.names ?? []) }
}

/// Runs one template. Made for one rendering, on one thread.
final class Interpreter {
    let limits: TemplateLimits
    /// The file that is being evaluated: the template's, or that of the macro that is running.
    private(set) var source: TemplateSource
    var scope: TemplateScope
    private var steps = 0
    private(set) var callDepth = 0
    private var depth = 0
    private var text: [UInt8] = []
    private var segments: [SourceMap.Segment] = []
    /// Above 0 while output goes into a value (a macro's result, a set block) and needs no map.
    private var captures = 0

    init(source: TemplateSource, globals: TemplateScope, limits: TemplateLimits = TemplateLimits()) {
        self.source = source
        self.limits = limits
        scope = TemplateScope(parent: globals)
    }

    /// What `{{ return(value) }}` of dbt throws to leave a macro; the value waits in `returned`.
    struct Return: Error {}
    var returned = TemplateValue.none

    /// - Throws: `ProjectError` at the first mistake.
    static func render(
        _ template: Template, globals: TemplateScope, limits: TemplateLimits = TemplateLimits()
    ) throws -> RenderedSQL {
        let interpreter = Interpreter(source: template.source, globals: globals, limits: limits)
        let root = interpreter.scope
        defer { root.clear() }
        do {
            try interpreter.run(template.nodes)
        } catch is Return {
            // As in dbt: a return outside of a macro ends the template.
        }
        return RenderedSQL(
            text: String(decoding: interpreter.text, as: UTF8.self),
            sourceMap: SourceMap(segments: interpreter.segments))
    }

    func failure(
        _ offset: Int, _ message: String, expected: String? = nil, found: String? = nil, hint: String
    ) -> ProjectError {
        .templateEvaluation(
            source.location(at: offset), message: message, expected: expected, found: found, hint: hint)
    }

    func step(_ offset: Int) throws {
        steps += 1
        if steps > limits.stepsMax {
            throw ProjectError.templateLimit(
                source.location(at: offset), what: "the template runs too long", limit: "\(limits.stepsMax) steps")
        }
    }

    func descend(_ offset: Int) throws {
        depth += 1
        if depth > limits.depthMax {
            depth -= 1
            throw ProjectError.templateLimit(
                source.location(at: offset), what: "the template is nested too deeply, through its macros",
                limit: "\(limits.depthMax) levels")
        }
    }

    func ascend() { depth -= 1 }

    func checkSize(_ bytes: Int, _ offset: Int) throws {
        if bytes > limits.outputBytesMax {
            throw ProjectError.templateLimit(
                source.location(at: offset), what: "the template makes too much text",
                limit: "\(limits.outputBytesMax) bytes")
        }
    }

    func checkCount(_ count: Int, _ offset: Int) throws {
        if count > limits.elementsMax {
            throw ProjectError.templateLimit(
                source.location(at: offset), what: "the template makes too long a list",
                limit: "\(limits.elementsMax) elements")
        }
        // Long lists cost as much as the loops that would build them.
        steps += count / 16
    }

    // MARK: Output

    private func emit(_ range: Range<Int>) throws {
        if captures == 0 { mark(range.lowerBound, isVerbatim: true) }
        text.append(contentsOf: source.bytes[range])
        try checkSize(text.count, range.lowerBound)
    }

    private func emit(_ printed: String, from offset: Int) throws {
        guard !printed.isEmpty else { return }
        if captures == 0 { mark(offset, isVerbatim: false) }
        text.append(contentsOf: printed.utf8)
        try checkSize(text.count, offset)
    }

    private func mark(_ templateStart: Int, isVerbatim: Bool) {
        segments.append(
            SourceMap.Segment(
                outputStart: text.count, source: source, templateStart: templateStart, isVerbatim: isVerbatim))
    }

    /// Runs nodes and returns what they wrote.
    func capture(_ nodes: [TemplateNode]) throws -> String {
        let outer = text
        text = []
        captures += 1
        defer {
            captures -= 1
            text = outer
        }
        try run(nodes)
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Statements

    func run(_ nodes: [TemplateNode]) throws {
        try descend(0)
        defer { ascend() }
        for node in nodes { try run(node) }
    }

    private func run(_ node: TemplateNode) throws {
        switch node {
        case .text(let range): try emit(range)
        case .output(let expression): try runOutput(expression)
        case .conditional(let branches, let otherwise):
            for branch in branches where try isTrue(branch.condition) { return try run(branch.body) }
            try run(otherwise)
        case .loop(let loop): try run(loop)
        case .set(let targets, let value): try assign(targets, try evaluate(value), offset: value.offset)
        case .setBlock(let target, let filters, let body):
            try assign([target], try filtered(try capture(body), filters), offset: target.offset)
        case .macro(let definition): scope[definition.name] = macroValue(definition, base: scope)
        case .call(let block): try run(block)
        case .filterBlock(let filters, let body):
            let value = try filtered(try capture(body), filters)
            try emit(TemplatePrinter.display(value), from: filters.first?.offset ?? 0)
        case .evaluate(let expression): _ = try evaluate(expression)
        }
    }

    private func runOutput(_ expression: Expression) throws {
        let value = try evaluate(expression)
        try requireDefined(value, expression.offset)
        try emit(TemplatePrinter.display(value), from: expression.offset)
    }

    private func filtered(_ text: String, _ filters: [FilterCall]) throws -> TemplateValue {
        var value = TemplateValue.string(text)
        for filter in filters { value = try apply(filter, to: value) }
        return value
    }

    private func assign(_ targets: [AssignmentTarget], _ value: TemplateValue, offset: Int) throws {
        guard targets.count > 1 else { return try assign(targets[0], value) }
        let items = try elements(of: value, offset)
        guard items.count == targets.count else {
            throw failure(
                offset, "the number of values differs from the number of names", expected: "\(targets.count) values",
                found: "\(items.count)", hint: "Give one value for each name.")
        }
        for (target, item) in zip(targets, items) { try assign(target, item) }
    }

    private func assign(_ target: AssignmentTarget, _ value: TemplateValue) throws {
        guard let attribute = target.attribute else { return scope[target.name] = value }
        guard case .dict(let dict)? = scope[target.name], dict.isNamespace else {
            throw failure(
                target.offset, "only attributes of a namespace can be set", expected: "a namespace()",
                found: scope[target.name]?.kind ?? "`\(target.name)`, which is not defined",
                hint: "Write `{% set \(target.name) = namespace(\(attribute)=...) %}` before.")
        }
        dict[.string(attribute)] = value
    }

    private func run(_ loop: ForLoop) throws {
        let outer = scope
        defer { scope = outer }
        var items = try elements(of: try evaluate(loop.sequence), loop.offset)
        if let condition = loop.condition {
            var kept: [TemplateValue] = []
            for item in items {
                scope = TemplateScope(parent: outer)
                try bind(loop, item)
                if try isTrue(condition) { kept.append(item) }
            }
            items = kept
        }
        scope = outer
        if items.isEmpty { return try run(loop.otherwise) }
        let state = TemplateDict()
        for index in items.indices {
            try step(loop.offset)
            scope = TemplateScope(parent: outer)
            try bind(loop, items[index])
            describe(index, of: items, in: state)
            scope["loop"] = .dict(state)
            try run(loop.body)
        }
    }

    private func describe(_ index: Int, of items: [TemplateValue], in loop: TemplateDict) {
        loop[.string("index")] = .int(index + 1)
        loop[.string("index0")] = .int(index)
        loop[.string("revindex")] = .int(items.count - index)
        loop[.string("revindex0")] = .int(items.count - index - 1)
        loop[.string("first")] = .bool(index == 0)
        loop[.string("last")] = .bool(index == items.count - 1)
        loop[.string("length")] = .int(items.count)
        loop[.string("previtem")] = index > 0 ? items[index - 1] : .undefined(name: "previtem", isElement: true)
        loop[.string("nextitem")] =
            index + 1 < items.count ? items[index + 1] : .undefined(name: "nextitem", isElement: true)
        loop[.string("cycle")] = .callable(
            TemplateCallable(name: "cycle") { call, _ in
                guard !call.positional.isEmpty else {
                    throw call.failure("`cycle` needs values", hint: "Give the values to cycle through.")
                }
                return call.positional[index % call.positional.count]
            })
    }

    private func bind(_ loop: ForLoop, _ item: TemplateValue) throws {
        guard loop.targets.count > 1 else { return scope[loop.targets[0]] = item }
        let parts = try elements(of: item, loop.offset)
        guard parts.count == loop.targets.count else {
            throw failure(
                loop.offset, "the number of values differs from the number of loop variables",
                expected: "\(loop.targets.count) values", found: "\(parts.count)",
                hint: "Name one variable for each value.")
        }
        for (name, part) in zip(loop.targets, parts) { scope[name] = part }
    }

    private func run(_ block: CallBlock) throws {
        guard case .call(let callee, let arguments) = block.call.kind else { return }
        let caller = macroValue(block.caller, base: scope)
        let function = try evaluate(callee)
        var call = try evaluateArguments(arguments, name: "call", offset: block.call.offset)
        call.named.append(("caller", caller))
        let value = try invoke(function, call)
        try emit(TemplatePrinter.display(value), from: block.call.offset)
    }

    // MARK: Macros

    /// A macro as a value. It sees the names of `base`, and its own.
    func macroValue(_ definition: MacroDefinition, base: TemplateScope) -> TemplateValue {
        .callable(
            TemplateCallable(name: definition.name) { call, interpreter in
                try interpreter.run(definition, base: base, call)
            })
    }

    private func run(_ definition: MacroDefinition, base: TemplateScope, _ call: TemplateCall) throws -> TemplateValue {
        guard callDepth < limits.callDepthMax else {
            throw ProjectError.templateLimit(
                call.source.location(at: call.offset), what: "macros call each other too deeply",
                limit: "\(limits.callDepthMax) calls")
        }
        let (outerScope, outerSource) = (scope, source)
        callDepth += 1
        defer {
            (scope, source) = (outerScope, outerSource)
            callDepth -= 1
        }
        (scope, source) = (TemplateScope(parent: base), definition.source)
        try bind(definition, call)
        do {
            return .string(try capture(definition.body))
        } catch is Return {
            return returned
        }
    }

    private func bind(_ definition: MacroDefinition, _ call: TemplateCall) throws {
        var named = call.named
        if let index = named.firstIndex(where: { $0.name == "caller" }) {
            scope["caller"] = named.remove(at: index).value
        }
        for (index, parameter) in definition.parameters.enumerated() {
            if index < call.positional.count {
                scope[parameter.name] = call.positional[index]
                if named.contains(where: { $0.name == parameter.name }) {
                    throw call.failure(
                        "the argument `\(parameter.name)` of `\(definition.name)` is given twice",
                        hint: "Remove one of them.")
                }
            } else if let position = named.firstIndex(where: { $0.name == parameter.name }) {
                scope[parameter.name] = named.remove(at: position).value
            } else if let value = parameter.defaultValue {
                scope[parameter.name] = try evaluate(value)
            } else {
                scope[parameter.name] = .undefined(name: parameter.name, isElement: false)
            }
        }
        scope["varargs"] = .tuple(Array(call.positional.dropFirst(definition.parameters.count)))
        scope["kwargs"] = .dict(named.map { ($0.name, $0.value) })
        try refuseSurplus(definition, call, named)
    }

    /// As Jinja does: a macro takes more arguments than it declares only if it uses `varargs` or `kwargs`.
    private func refuseSurplus(
        _ definition: MacroDefinition, _ call: TemplateCall, _ named: [(name: String, value: TemplateValue)]
    ) throws {
        let body = definition.source.bytes
        func mentions(_ word: String) -> Bool {
            String(decoding: body, as: UTF8.self).contains(word)
        }
        let names = definition.parameters.map(\.name)
        if call.positional.count > names.count, !mentions("varargs") {
            throw call.failure(
                "too many arguments for the macro `\(definition.name)`", expected: "at most \(names.count)",
                found: "\(call.positional.count)", hint: "Remove the arguments that are too much.")
        }
        if let extra = named.first, !mentions("kwargs") {
            throw call.failure(
                "the macro `\(definition.name)` has no parameter of this name", expected: names.joined(separator: ", "),
                found: extra.name,
                hint: Suggestion.hint(for: extra.name, among: names, otherwise: "Remove the argument."))
        }
    }
}
