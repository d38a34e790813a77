/// A value while a template runs. Lists and dicts are shared references, as in Python, so that `do xs.append(1)` works.
enum TemplateValue {
    case none
    /// A name that nothing defines, or an element that is not there.
    case undefined(name: String, isElement: Bool)
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case list(TemplateList)
    case dict(TemplateDict)
    case callable(TemplateCallable)

    static func list(_ items: [TemplateValue]) -> TemplateValue { .list(TemplateList(items)) }
    static func tuple(_ items: [TemplateValue]) -> TemplateValue { .list(TemplateList(items, isTuple: true)) }
    static func dict(_ entries: [(String, TemplateValue)]) -> TemplateValue { .dict(TemplateDict(entries)) }
}

final class TemplateList {
    var items: [TemplateValue]
    let isTuple: Bool
    init(_ items: [TemplateValue], isTuple: Bool = false) {
        self.items = items
        self.isTuple = isTuple
    }
}

/// What may be the key of a dict.
enum TemplateKey: Hashable {
    case none
    case bool(Bool)
    case int(Int)
    case string(String)

    var value: TemplateValue {
        switch self {
        case .none: .none
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .string(let text): .string(text)
        }
    }
}

/// A dict that keeps the order in which its keys came.
final class TemplateDict {
    private(set) var keys: [TemplateKey] = []
    private var values: [TemplateKey: TemplateValue] = [:]
    /// Whether `set x.attribute` may change it, and what `is mapping` says.
    let isNamespace: Bool

    init(_ entries: [(String, TemplateValue)] = [], isNamespace: Bool = false) {
        self.isNamespace = isNamespace
        for (key, value) in entries { self[.string(key)] = value }
    }

    var count: Int { keys.count }
    var entries: [(key: TemplateKey, value: TemplateValue)] { keys.map { ($0, values[$0] ?? .none) } }

    subscript(key: TemplateKey) -> TemplateValue? {
        get { values[key] }
        set {
            if values[key] == nil, newValue != nil { keys.append(key) }
            if newValue == nil { keys.removeAll { $0 == key } }
            values[key] = newValue
        }
    }
    func copy() -> TemplateDict {
        let copy = TemplateDict()
        for entry in entries { copy[entry.key] = entry.value }
        return copy
    }
}

/// Something that can be called: a macro, a function of the context, a method of a value.
struct TemplateCallable {
    let name: String
    /// What can be reached behind a point, such as `config.get`.
    var attributes: [String: TemplateValue] = [:]
    let body: (_ call: TemplateCall, _ interpreter: Interpreter) throws -> TemplateValue
}

/// The evaluated arguments of one call, and where it stands.
struct TemplateCall {
    let name: String
    var positional: [TemplateValue]
    var named: [(name: String, value: TemplateValue)]
    let source: TemplateSource
    let offset: Int
    /// Where the values of named arguments stand.
    var namedOffsets: [String: Int] = [:]

    func failure(_ message: String, expected: String? = nil, found: String? = nil, hint: String) -> ProjectError {
        .templateEvaluation(
            source.location(at: offset), message: message, expected: expected, found: found, hint: hint)
    }

    /// The arguments in the order of `parameters`; nil where one was not given.
    func bind(_ parameters: String..., required: Int = 0) throws -> [TemplateValue?] {
        guard positional.count <= parameters.count else {
            throw failure(
                "too many arguments for `\(name)`", expected: "at most \(parameters.count)",
                found: "\(positional.count)", hint: "Remove the arguments that are too much.")
        }
        var bound: [TemplateValue?] = positional + Array(repeating: nil, count: parameters.count - positional.count)
        for argument in named {
            guard let index = parameters.firstIndex(of: argument.name) else {
                throw failure(
                    "`\(name)` has no argument of this name", expected: parameters.joined(separator: ", "),
                    found: argument.name,
                    hint: Suggestion.hint(for: argument.name, among: parameters, otherwise: "Remove the argument."))
            }
            guard bound[index] == nil else {
                throw failure(
                    "the argument `\(argument.name)` of `\(name)` is given twice", hint: "Remove one of them.")
            }
            bound[index] = argument.value
        }
        for index in 0..<required where bound[index] == nil {
            throw failure(
                "`\(name)` lacks an argument", expected: parameters[index], hint: "Give the argument.")
        }
        return bound
    }

    func string(_ value: TemplateValue?, _ parameter: String) throws -> String {
        guard case .string(let text)? = value else {
            throw failure(
                "the argument `\(parameter)` of `\(name)` must be text", expected: "text",
                found: value?.kind ?? "nothing", hint: "Quote the value.")
        }
        return text
    }

    func int(_ value: TemplateValue?, _ parameter: String) throws -> Int {
        switch value {
        case .int(let number)?: return number
        case .bool(let flag)?: return flag ? 1 : 0
        default:
            throw failure(
                "the argument `\(parameter)` of `\(name)` must be a whole number", expected: "a whole number",
                found: value?.kind ?? "nothing", hint: "Write a whole number.")
        }
    }
}

extension TemplateValue {
    /// What a person would call this kind of value.
    var kind: String {
        switch self {
        case .none: "none"
        case .undefined(let name, _): "`\(name)`, which is not defined"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): "the number \(value)"
        case .double(let value): "the number \(value)"
        case .string(let text): "the text '\(text.count > 60 ? text.prefix(57) + "..." : text[...])'"
        case .list(let list): list.isTuple ? "a tuple" : "a list"
        case .dict(let dict): dict.isNamespace ? "a namespace" : "a dict"
        case .callable(let callable): "the function `\(callable.name)`"
        }
    }

    var key: TemplateKey? {
        switch self {
        case .none: TemplateKey.none
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .string(let text): .string(text)
        default: nil
        }
    }

    /// Python's truth; undefined is false here, and the interpreter refuses undefined names before.
    var isTrue: Bool {
        switch self {
        case .none, .undefined: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let list): !list.items.isEmpty
        case .dict(let dict): dict.isNamespace || dict.count > 0
        case .callable: true
        }
    }

    /// A number as a double, for mixed arithmetic and comparison.
    var number: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        default: nil
        }
    }

    init(_ value: ConfigValue) {
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let text): self = .string(text)
        case .list(let items): self = .list(items.map { TemplateValue($0) })
        case .mapping(let entries): self = .dict(entries.map { ($0.key, TemplateValue($0.value)) })
        }
    }

    /// As a value of the project; nil for functions and what is not defined, and for nesting beyond `depth`.
    func configValue(depth: Int = 20) -> ConfigValue? {
        guard depth > 0 else { return nil }
        switch self {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .string(let text): return .string(text)
        case .list(let list):
            var items: [ConfigValue] = []
            for item in list.items {
                guard let value = item.configValue(depth: depth - 1) else { return nil }
                items.append(value)
            }
            return .list(items)
        case .dict(let dict):
            var entries: [ConfigValue.Entry] = []
            for (key, value) in dict.entries {
                guard let value = value.configValue(depth: depth - 1) else { return nil }
                entries.append(ConfigValue.Entry(TemplatePrinter.display(key.value), value))
            }
            return .mapping(entries)
        case .undefined, .callable: return nil
        }
    }
}
