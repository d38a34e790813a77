/// Jinja's tests (`value is name`).
extension Interpreter {
    private static let names = [
        "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping",
        "sequence", "iterable", "callable", "odd", "even", "divisibleby", "eq", "equalto", "ne", "lt", "lessthan", "le",
        "gt", "greaterthan", "ge", "in", "sameas", "upper", "lower",
    ]

    func check(_ test: FilterCall, _ value: TemplateValue) throws -> Bool {
        let call = try evaluateArguments(test.arguments, name: test.name, offset: test.offset)
        return try check(test.name, value, call.positional, test.offset)
    }

    func check(_ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], _ offset: Int) throws -> Bool {
        let isUndefined = if case .undefined = value { true } else { false }
        switch name {
        case "defined": return !isUndefined
        case "undefined": return isUndefined
        default: break
        }
        switch (name, value) {
        case ("none", .none), ("string", .string), ("boolean", .bool), ("float", .double), ("integer", .int),
            ("number", .int), ("number", .double), ("number", .bool), ("mapping", .dict), ("callable", .callable),
            ("iterable", .list), ("iterable", .dict), ("iterable", .string), ("sequence", .list), ("sequence", .dict),
            ("sequence", .string), ("true", .bool(true)), ("false", .bool(false)):
            return true
        case ("upper", .string(let text)): return text == text.uppercased() && text != text.lowercased()
        case ("lower", .string(let text)): return text == text.lowercased() && text != text.uppercased()
        default: break
        }
        if [
            "none", "string", "boolean", "float", "integer", "number", "mapping", "callable", "iterable", "sequence",
            "true", "false", "upper", "lower",
        ].contains(name) {
            return false
        }
        return try checkNumberOrOrder(name, value, arguments, offset)
    }

    private func checkNumberOrOrder(
        _ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], _ offset: Int
    ) throws -> Bool {
        try requireDefined(value, offset)
        func argument() throws -> TemplateValue {
            guard let first = arguments.first else {
                throw failure(offset, "the test `\(name)` needs a value", hint: "Write `is \(name)(value)`.")
            }
            try requireDefined(first, offset)
            return first
        }
        func remainder(by divisor: TemplateValue) throws -> Bool {
            guard let number = try arithmetic(.modulo, value, divisor, offset).number else { return false }
            return number == 0
        }
        switch name {
        case "odd": return try !remainder(by: .int(2))
        case "even": return try remainder(by: .int(2))
        case "divisibleby": return try remainder(by: try argument())
        case "eq", "equalto", "sameas": return try compare(.equal, value, try argument(), offset)
        case "ne": return try compare(.notEqual, value, try argument(), offset)
        case "lt", "lessthan": return try compare(.less, value, try argument(), offset)
        case "le": return try compare(.lessOrEqual, value, try argument(), offset)
        case "gt", "greaterthan": return try compare(.greater, value, try argument(), offset)
        case "ge": return try compare(.greaterOrEqual, value, try argument(), offset)
        case "in": return try compare(.isIn, value, try argument(), offset)
        default:
            throw failure(
                offset, "there is no test of this name", expected: "a test of Jinja", found: name,
                hint: Suggestion.hint(for: name, among: Self.names, otherwise: "Use a comparison instead."))
        }
    }
}
