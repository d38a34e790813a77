/// Functions that every template has, whatever the project: those of Jinja itself.
enum TemplateGlobals {
    static func function(
        _ name: String, _ body: @escaping (_ call: TemplateCall, _ interpreter: Interpreter) throws -> TemplateValue
    ) -> TemplateValue {
        .callable(TemplateCallable(name: name, body: body))
    }

    static func install(in scope: TemplateScope) {
        scope["range"] = function("range", range)
        scope["dict"] = function("dict") { call, _ in
            let dict = TemplateDict()
            if case .dict(let other)? = call.positional.first {
                for entry in other.entries { dict[entry.key] = entry.value }
            }
            for (name, value) in call.named { dict[.string(name)] = value }
            return .dict(dict)
        }
        scope["namespace"] = function("namespace") { call, _ in
            .dict(TemplateDict(call.named.map { ($0.name, $0.value) }, isNamespace: true))
        }
    }

    private static func range(_ call: TemplateCall, _ interpreter: Interpreter) throws -> TemplateValue {
        let arguments = try call.bind("start", "stop", "step", required: 1)
        let first = try call.int(arguments[0], "start")
        let stop = try arguments[1].map { try call.int($0, "stop") }
        let step = try arguments[2].map { try call.int($0, "step") } ?? 1
        guard step != 0 else { throw call.failure("the step of a range is 0", hint: "Use another step than 0.") }
        let (low, high) = (stop == nil ? 0 : first, stop ?? first)
        let distance = Double(high) - Double(low)
        try interpreter.checkCount(Int(clamping: Int64(min(1e15, max(0, distance / Double(step))))), call.offset)
        return .list(stride(from: low, to: high, by: step).map { .int($0) })
    }
}
