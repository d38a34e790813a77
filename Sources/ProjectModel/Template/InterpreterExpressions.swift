extension Interpreter {
    /// The value of an expression; a name that nothing defines gives `undefined`, which most uses refuse.
    func evaluate(_ expression: Expression) throws -> TemplateValue {
        try step(expression.offset)
        try descend(expression.offset)
        defer { ascend() }
        switch expression.kind {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let text): return .string(text)
        case .name(let name): return scope[name] ?? .undefined(name: name, isElement: false)
        default: return try evaluateComposite(expression)
        }
    }

    private func evaluateComposite(_ expression: Expression) throws -> TemplateValue {
        switch expression.kind {
        case .list(let items): return .list(try items.map(evaluate))
        case .tuple(let items): return .tuple(try items.map(evaluate))
        case .dict(let entries): return try evaluateDict(entries)
        case .attribute(let base, let name): return try attribute(name, of: try evaluate(base), base.offset)
        case .index(let base, let index): return try evaluateIndex(base, index)
        case .slice(let base, let from, let to, let step):
            return try evaluateSlice(base, from, to, step, expression.offset)
        case .call(let callee, let arguments): return try evaluateCall(callee, arguments, expression.offset)
        case .filter(let base, let filter): return try apply(filter, to: try evaluate(base))
        case .test(let base, let test, let negated):
            return .bool(try check(test, try evaluate(base)) != negated)
        default: return try evaluateOperator(expression)
        }
    }

    private func evaluateOperator(_ expression: Expression) throws -> TemplateValue {
        switch expression.kind {
        case .not(let operand): return .bool(!(try isTrue(operand)))
        case .negative(let operand):
            return try arithmetic(.subtract, .int(0), try evaluate(operand), expression.offset)
        case .positive(let operand): return try arithmetic(.add, .int(0), try evaluate(operand), expression.offset)
        case .binary(let operation, let left, let right):
            return try arithmetic(operation, try evaluate(left), try evaluate(right), expression.offset)
        case .and(let left, let right):
            let value = try evaluate(left)
            return try truth(value, left.offset) ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return try truth(value, left.offset) ? value : try evaluate(right)
        case .comparison(let left, let comparisons): return try evaluateComparison(left, comparisons)
        case .concatenation(let parts): return try evaluateConcatenation(parts, expression.offset)
        case .ternary(let value, let condition, let otherwise):
            if try isTrue(condition) { return try evaluate(value) }
            return try otherwise.map(evaluate) ?? .string("")
        default: preconditionFailure("evaluated before")
        }
    }

    // MARK: Truth and definedness

    func isTrue(_ expression: Expression) throws -> Bool {
        try truth(try evaluate(expression), expression.offset)
    }

    func truth(_ value: TemplateValue, _ offset: Int) throws -> Bool {
        if case .undefined(_, let isElement) = value, !isElement { try requireDefined(value, offset) }
        return value.isTrue
    }

    func requireDefined(_ value: TemplateValue, _ offset: Int) throws {
        guard case .undefined(let name, let isElement) = value else { return }
        throw failure(
            offset, "`\(name)` is not defined", expected: isElement ? "an element that is there" : "a name in reach",
            found: name,
            hint: Suggestion.hint(
                for: name, among: isElement ? [] : scope.names,
                otherwise: "Define it before its use, or write `\(name) is defined` where it may be absent."))
    }

    // MARK: Parts

    private func evaluateDict(_ entries: [(key: Expression, value: Expression)]) throws -> TemplateValue {
        let dict = TemplateDict()
        for (key, value) in entries {
            dict[try self.key(try evaluate(key), key.offset)] = try evaluate(value)
        }
        return .dict(dict)
    }

    func key(_ value: TemplateValue, _ offset: Int) throws -> TemplateKey {
        guard let key = value.key else {
            throw failure(
                offset, "this cannot be the key of a dict", expected: "text, a whole number, true, false or none",
                found: value.kind, hint: "Use text as the key.")
        }
        return key
    }

    private func evaluateIndex(_ base: Expression, _ index: Expression) throws -> TemplateValue {
        let (value, position) = (try evaluate(base), try evaluate(index))
        try requireDefined(value, base.offset)
        switch (value, position) {
        case (.dict(let dict), _):
            return dict[try key(position, index.offset)]
                ?? .undefined(name: TemplatePrinter.display(position), isElement: true)
        case (.list(let list), .int(let index)):
            let index = index < 0 ? index + list.items.count : index
            return list.items.indices.contains(index)
                ? list.items[index] : .undefined(name: "element \(index)", isElement: true)
        case (.string(let text), .int(let index)):
            let scalars = Array(text.unicodeScalars)
            let index = index < 0 ? index + scalars.count : index
            return scalars.indices.contains(index)
                ? .string(String(Character(scalars[index]))) : .undefined(name: "character \(index)", isElement: true)
        case (_, .string(let name)): return try attribute(name, of: value, base.offset)
        default:
            throw failure(
                index.offset, "\(value.kind) has no elements by \(position.kind)",
                hint: "Index a list by a whole number, and a dict by its key.")
        }
    }

    private func evaluateSlice(
        _ base: Expression, _ from: Expression?, _ to: Expression?, _ step: Expression?, _ offset: Int
    ) throws -> TemplateValue {
        func bound(_ expression: Expression?) throws -> Int? {
            guard let expression else { return nil }
            switch try evaluate(expression) {
            case .none: return nil
            case .int(let value): return value
            case let other:
                throw failure(
                    expression.offset, "a slice needs whole numbers", expected: "a whole number", found: other.kind,
                    hint: "Write a whole number, or nothing.")
            }
        }
        let value = try evaluate(base)
        let (from, to, step) = (try bound(from), try bound(to), try bound(step) ?? 1)
        guard step != 0 else {
            throw failure(offset, "the step of a slice is 0", hint: "Use another step than 0.")
        }
        switch value {
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            var result = String.UnicodeScalarView()
            for index in sliceIndices(scalars.count, from, to, step) { result.append(scalars[index]) }
            return .string(String(result))
        case .list(let list):
            let items = sliceIndices(list.items.count, from, to, step).map { list.items[$0] }
            return .list(TemplateList(items, isTuple: list.isTuple))
        default:
            throw failure(
                offset, "this cannot be sliced", expected: "text or a list", found: value.kind,
                hint: "Slice text or a list.")
        }
    }

    /// Python's rules for `[from:to:step]`.
    private func sliceIndices(_ count: Int, _ from: Int?, _ to: Int?, _ step: Int) -> [Int] {
        func clamp(_ bound: Int, _ low: Int, _ high: Int) -> Int {
            min(max(bound < 0 ? max(bound, -count - 1) + count : min(bound, count), low), high)
        }
        let low = step > 0 ? 0 : -1
        let high = step > 0 ? count : count - 1
        let start = from.map { clamp($0, low, high) } ?? (step > 0 ? 0 : count - 1)
        let end = to.map { clamp($0, low, high) } ?? (step > 0 ? count : -1)
        let stride = step > 0 ? min(step, count + 1) : max(step, -count - 1)
        return Array(Swift.stride(from: start, to: end, by: stride))
    }

    private func evaluateComparison(
        _ left: Expression, _ comparisons: [(operation: ComparisonOperator, right: Expression)]
    ) throws -> TemplateValue {
        var value = try evaluate(left)
        try requireDefined(value, left.offset)
        var offset = left.offset
        for comparison in comparisons {
            let right = try evaluate(comparison.right)
            try requireDefined(right, comparison.right.offset)
            guard try compare(comparison.operation, value, right, offset) else { return .bool(false) }
            (value, offset) = (right, comparison.right.offset)
        }
        return .bool(true)
    }

    func compare(
        _ operation: ComparisonOperator, _ left: TemplateValue, _ right: TemplateValue, _ offset: Int
    ) throws -> Bool {
        func less(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
            if let result = TemplateComparison.isLess(left, right) { return result }
            throw failure(
                offset, "these have no order", expected: "two numbers or two texts",
                found: "\(left.kind) and \(right.kind)", hint: "Convert one of them with `| int` or `| string`.")
        }
        switch operation {
        case .equal: return TemplateComparison.areEqual(left, right)
        case .notEqual: return !TemplateComparison.areEqual(left, right)
        case .less: return try less(left, right)
        case .greater: return try less(right, left)
        case .lessOrEqual: return try !less(right, left) && !isNaN(left, right)
        case .greaterOrEqual: return try !less(left, right) && !isNaN(left, right)
        case .isIn: return try contains(left, in: right, offset)
        case .notIn: return try !contains(left, in: right, offset)
        }
    }

    private func isNaN(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        left.number?.isNaN == true || right.number?.isNaN == true
    }

    private func contains(_ value: TemplateValue, in container: TemplateValue, _ offset: Int) throws -> Bool {
        switch (container, value) {
        case (.string(let text), .string(let part)): return part.isEmpty || text.contains(part)
        case (.list(let list), _): return list.items.contains { TemplateComparison.areEqual($0, value) }
        case (.dict(let dict), _): return value.key.map { dict[$0] != nil } ?? false
        default:
            throw failure(
                offset, "`in` cannot look there", expected: "text in text, or a value in a list or dict",
                found: "\(value.kind) in \(container.kind)", hint: "Put a list, a dict or text on the right.")
        }
    }

    private func evaluateConcatenation(_ parts: [Expression], _ offset: Int) throws -> TemplateValue {
        var text = ""
        for part in parts {
            let value = try evaluate(part)
            try requireDefined(value, part.offset)
            text += TemplatePrinter.display(value)
            try checkSize(text.utf8.count, offset)
        }
        return .string(text)
    }

    /// What `for` and `list` go through: elements of a list, keys of a dict, characters of text.
    func elements(of value: TemplateValue, _ offset: Int) throws -> [TemplateValue] {
        try requireDefined(value, offset)
        switch value {
        case .list(let list): return list.items
        case .dict(let dict): return dict.keys.map(\.value)
        case .string(let text):
            try checkCount(text.utf8.count, offset)
            return text.unicodeScalars.map { .string(String(Character($0))) }
        default:
            throw failure(
                offset, "this cannot be gone through one by one", expected: "a list, a dict or text",
                found: value.kind, hint: "Put it into a list: `[...]`.")
        }
    }

    // MARK: Calls

    func evaluateArguments(_ arguments: Arguments, name: String, offset: Int) throws -> TemplateCall {
        var positional = try arguments.positional.map(evaluate)
        var named: [(name: String, value: TemplateValue)] = []
        var namedOffsets: [String: Int] = [:]
        for argument in arguments.named {
            named.append((argument.name, try evaluate(argument.value)))
            namedOffsets[argument.name] = argument.value.offset
        }
        if let spread = arguments.spreadList {
            positional += try elements(of: try evaluate(spread), spread.offset)
        }
        if let spread = arguments.spreadMapping {
            guard case .dict(let dict) = try evaluate(spread) else {
                throw failure(spread.offset, "`**` needs a dict", hint: "Put a dict after `**`.")
            }
            for (key, value) in dict.entries { named.append((TemplatePrinter.display(key.value), value)) }
        }
        return TemplateCall(
            name: name, positional: positional, named: named, source: source, offset: offset,
            namedOffsets: namedOffsets)
    }

    private func evaluateCall(_ callee: Expression, _ arguments: Arguments, _ offset: Int) throws -> TemplateValue {
        let function = try evaluate(callee)
        try requireDefined(function, callee.offset)
        return try invoke(function, try evaluateArguments(arguments, name: "", offset: offset))
    }

    func invoke(_ function: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        guard case .callable(let callable) = function else {
            throw call.failure(
                "this cannot be called", expected: "a macro or a function", found: function.kind,
                hint: "Remove the parentheses, or call a macro.")
        }
        let named = TemplateCall(
            name: callable.name, positional: call.positional, named: call.named, source: call.source,
            offset: call.offset, namedOffsets: call.namedOffsets)
        return try callable.body(named, self)
    }
}
