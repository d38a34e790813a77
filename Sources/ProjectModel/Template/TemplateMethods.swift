/// Attributes and methods of values: `xs.append`, `name.upper`, `dict.items`.
extension Interpreter {
    typealias Method<Receiver> = @Sendable (Receiver, TemplateCall, Interpreter) throws -> TemplateValue

    func attribute(_ name: String, of value: TemplateValue, _ offset: Int) throws -> TemplateValue {
        try requireDefined(value, offset)
        switch value {
        case .dict(let dict):
            // As in Jinja: a method first, unless the dict is a namespace.
            if !dict.isNamespace, let method = Self.dictMethods[name] { return bound(method, dict, name) }
            return dict[.string(name)] ?? .undefined(name: name, isElement: true)
        case .list(let list):
            if let method = Self.listMethods[name] { return bound(method, list, name) }
            throw unknownMethod(name, of: "a list", Array(Self.listMethods.keys), offset)
        case .string(let text):
            if let method = Self.textMethods[name] { return bound(method, text, name) }
            throw unknownMethod(name, of: "text", Array(Self.textMethods.keys), offset)
        case .callable(let callable):
            return callable.attributes[name] ?? .undefined(name: name, isElement: true)
        default:
            return .undefined(name: name, isElement: true)
        }
    }

    private func bound<Receiver>(_ method: @escaping Method<Receiver>, _ receiver: Receiver, _ name: String)
        -> TemplateValue
    {
        .callable(TemplateCallable(name: name) { call, interpreter in try method(receiver, call, interpreter) })
    }

    private func unknownMethod(_ name: String, of kind: String, _ known: [String], _ offset: Int) -> ProjectError {
        failure(
            offset, "\(kind) has nothing of this name", expected: "a method of \(kind)", found: name,
            hint: Suggestion.hint(for: name, among: known, otherwise: "Use a filter, or a macro."))
    }

    // MARK: Lists

    private static let listMethods: [String: Method<TemplateList>] = [
        "append": { list, call, interpreter in
            try refuseTuple(list, call)
            try interpreter.checkCount(list.items.count + 1, call.offset)
            list.items.append(try call.bind("object", required: 1)[0] ?? TemplateValue.none)
            return .none
        },
        "extend": { list, call, interpreter in
            try refuseTuple(list, call)
            let more = try interpreter.elements(
                of: try call.bind("iterable", required: 1)[0] ?? TemplateValue.none, call.offset)
            try interpreter.checkCount(list.items.count + more.count, call.offset)
            list.items += more
            return .none
        },
        "insert": { list, call, _ in
            try refuseTuple(list, call)
            let arguments = try call.bind("index", "object", required: 2)
            let index = try call.int(arguments[0], "index")
            let position = index < 0 ? max(0, list.items.count + index) : min(index, list.items.count)
            list.items.insert(arguments[1] ?? TemplateValue.none, at: position)
            return .none
        },
        "pop": { list, call, _ in
            try refuseTuple(list, call)
            let index = try call.bind("index")[0].map { try call.int($0, "index") } ?? -1
            let position = index < 0 ? list.items.count + index : index
            guard list.items.indices.contains(position) else {
                throw call.failure(
                    "`pop` of an element that is not there", found: "\(index)", hint: "Check the length first.")
            }
            return list.items.remove(at: position)
        },
        "remove": { list, call, _ in
            try refuseTuple(list, call)
            let value = try call.bind("value", required: 1)[0] ?? TemplateValue.none
            guard let index = list.items.firstIndex(where: { TemplateComparison.areEqual($0, value) }) else {
                throw call.failure(
                    "`remove` of a value that is not in the list", found: value.kind, hint: "Check with `in` first.")
            }
            list.items.remove(at: index)
            return .none
        },
        "index": { list, call, _ in
            let value = try call.bind("value", required: 1)[0] ?? TemplateValue.none
            guard let index = list.items.firstIndex(where: { TemplateComparison.areEqual($0, value) }) else {
                throw call.failure("the value is not in the list", found: value.kind, hint: "Check with `in` first.")
            }
            return .int(index)
        },
        "count": { list, call, _ in
            let value = try call.bind("value", required: 1)[0] ?? TemplateValue.none
            return .int(list.items.count { TemplateComparison.areEqual($0, value) })
        },
        "copy": { list, _, _ in .list(list.items) },
        "clear": { list, call, _ in
            try refuseTuple(list, call)
            list.items = []
            return .none
        },
        "reverse": { list, call, _ in
            try refuseTuple(list, call)
            list.items.reverse()
            return .none
        },
        "sort": { list, call, interpreter in
            try refuseTuple(list, call)
            let reversed = try call.bind("reverse")[0]?.isTrue ?? false
            list.items = try interpreter.sorted(list.items, by: nil, caseSensitive: true, reversed: reversed, call)
            return .none
        },
    ]

    private static func refuseTuple(_ list: TemplateList, _ call: TemplateCall) throws {
        if list.isTuple {
            throw call.failure(
                "a tuple cannot be changed", expected: "a list", found: "a tuple",
                hint: "Use `[...]` instead of `(...)`.")
        }
    }

    // MARK: Dicts

    private static let dictMethods: [String: Method<TemplateDict>] = [
        "items": { dict, _, _ in .list(dict.entries.map { .tuple([$0.key.value, $0.value]) }) },
        "keys": { dict, _, _ in .list(dict.keys.map(\.value)) },
        "values": { dict, _, _ in .list(dict.entries.map(\.value)) },
        "copy": { dict, _, _ in .dict(dict.copy()) },
        "get": { dict, call, interpreter in
            let arguments = try call.bind("key", "default", required: 1)
            return dict[try interpreter.key(arguments[0] ?? TemplateValue.none, call.offset)] ?? arguments[1]
                ?? TemplateValue.none
        },
        "setdefault": { dict, call, interpreter in
            let arguments = try call.bind("key", "default", required: 1)
            let key = try interpreter.key(arguments[0] ?? TemplateValue.none, call.offset)
            if let value = dict[key] { return value }
            dict[key] = arguments[1] ?? TemplateValue.none
            return arguments[1] ?? TemplateValue.none
        },
        "pop": { dict, call, interpreter in
            let arguments = try call.bind("key", "default", required: 1)
            let key = try interpreter.key(arguments[0] ?? TemplateValue.none, call.offset)
            guard let value = dict[key] ?? arguments[1] else {
                throw call.failure(
                    "`pop` of a key that is not there", found: TemplatePrinter.display(key.value),
                    hint: "Give a default as the second argument.")
            }
            dict[key] = nil
            return value
        },
        "update": { dict, call, interpreter in
            for value in call.positional {
                guard case .dict(let other) = value else {
                    throw call.failure("`update` needs a dict", found: value.kind, hint: "Give a dict.")
                }
                for (key, value) in other.entries { dict[key] = value }
            }
            for (name, value) in call.named { dict[.string(name)] = value }
            try interpreter.checkCount(dict.count, call.offset)
            return .none
        },
    ]

    // MARK: Text

    private static let textMethods: [String: Method<String>] = [
        "upper": { text, _, _ in .string(text.uppercased()) },
        "lower": { text, _, _ in .string(text.lowercased()) },
        "title": { text, _, _ in .string(TextMethods.titled(text)) },
        "capitalize": { text, _, _ in .string(TextMethods.capitalized(text)) },
        "strip": { text, call, _ in .string(TextMethods.stripped(text, try stripSet(call))) },
        "lstrip": { text, call, _ in .string(TextMethods.stripped(text, try stripSet(call), right: false)) },
        "rstrip": { text, call, _ in .string(TextMethods.stripped(text, try stripSet(call), left: false)) },
        "startswith": { text, call, interpreter in
            .bool(try prefixes(call, interpreter).contains { text.hasPrefix($0) })
        },
        "endswith": { text, call, interpreter in
            .bool(try prefixes(call, interpreter).contains { text.hasSuffix($0) })
        },
        "split": { text, call, _ in
            let arguments = try call.bind("sep", "maxsplit")
            let limit = try arguments[1].map { try call.int($0, "maxsplit") } ?? -1
            let pieces: [String]
            if case .some(.string(let separator)) = arguments[0] {
                guard !separator.isEmpty else {
                    throw call.failure("the separator is empty", hint: "Give at least one character.")
                }
                pieces = TextMethods.split(text, by: separator, max: limit < 0 ? .max : limit)
            } else {
                pieces = TextMethods.splitAtSpace(text, max: limit < 0 ? .max : limit)
            }
            return .list(pieces.map { .string($0) })
        },
        "splitlines": { text, _, _ in
            var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { String($0) }
            if lines.last == "" { lines.removeLast() }
            return .list(lines.map { .string($0) })
        },
        "join": { text, call, interpreter in
            let items = try interpreter.elements(
                of: try call.bind("iterable", required: 1)[0] ?? TemplateValue.none, call.offset)
            let joined = try items.map { try call.string($0, "iterable") }.joined(separator: text)
            try interpreter.checkSize(joined.utf8.count, call.offset)
            return .string(joined)
        },
        "replace": { text, call, interpreter in
            let arguments = try call.bind("old", "new", "count", required: 2)
            let result = TextMethods.replaced(
                text, try call.string(arguments[0], "old"), by: try call.string(arguments[1], "new"),
                count: try arguments[2].map { try call.int($0, "count") })
            try interpreter.checkSize(result.utf8.count, call.offset)
            return .string(result)
        },
        "find": { text, call, _ in
            let part = try call.string(try call.bind("sub", required: 1)[0], "sub")
            if part.isEmpty { return .int(0) }
            let pieces = TextMethods.split(text, by: part, max: 1)
            return .int(pieces.count == 2 ? pieces[0].unicodeScalars.count : -1)
        },
        "count": { text, call, _ in
            let part = try call.string(try call.bind("sub", required: 1)[0], "sub")
            return .int(part.isEmpty ? text.unicodeScalars.count + 1 : TextMethods.split(text, by: part).count - 1)
        },
        "isdigit": { text, _, _ in
            .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.numericType == .decimal })
        },
        "isalpha": { text, _, _ in .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.properties.isAlphabetic)) },
        "isalnum": { text, _, _ in
            .bool(
                !text.isEmpty
                    && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil }
            )
        },
        "zfill": { text, call, interpreter in
            let width = try call.int(try call.bind("width", required: 1)[0], "width")
            try interpreter.checkSize(width, call.offset)
            var digits = text
            let sign = digits.hasPrefix("-") || digits.hasPrefix("+") ? String(digits.removeFirst()) : ""
            let missing = width - text.unicodeScalars.count
            return .string(sign + String(repeating: "0", count: max(0, missing)) + digits)
        },
        "format": { text, call, interpreter in .string(try interpreter.braceFormat(text, call)) },
    ]

    private static func stripSet(_ call: TemplateCall) throws -> String? {
        guard let value = try call.bind("chars")[0] else { return nil }
        if case TemplateValue.none = value as TemplateValue { return nil }
        return try call.string(value, "chars")
    }

    private static func prefixes(_ call: TemplateCall, _ interpreter: Interpreter) throws -> [String] {
        let value = try call.bind("prefix", required: 1)[0] ?? TemplateValue.none
        if case .list(let list) = value { return try list.items.map { try call.string($0, "prefix") } }
        return [try call.string(value, "prefix")]
    }

    /// Python's `'{} {name} {0:>5}'.format(...)`: places by order, number or name; width, alignment and precision.
    private func braceFormat(_ text: String, _ call: TemplateCall) throws -> String {
        var result = ""
        var rest = Array(text.unicodeScalars)[...]
        var nextIndex = 0
        while let scalar = rest.popFirst() {
            if scalar == "{" || scalar == "}", rest.first == scalar {
                rest.removeFirst()
                result.unicodeScalars.append(scalar)
                continue
            }
            guard scalar == "{" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let place = rest.prefix { $0 != "}" }
            guard place.count < rest.count else {
                throw call.failure("a `{` of the format is not closed", hint: "Close it, or write `{{` for a brace.")
            }
            rest = rest.dropFirst(place.count + 1)
            let parts = String(String.UnicodeScalarView(place)).split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = try braceValue(String(parts[0]), &nextIndex, call)
            result += try braceFormatted(value, parts.count > 1 ? String(parts[1]) : "", call)
            try checkSize(result.utf8.count, call.offset)
        }
        return result
    }

    private func braceValue(_ field: String, _ nextIndex: inout Int, _ call: TemplateCall) throws -> TemplateValue {
        if field.isEmpty { nextIndex += 1 }
        if let index = field.isEmpty ? nextIndex - 1 : Int(field) {
            guard call.positional.indices.contains(index) else {
                throw call.failure(
                    "the format wants more values than there are", found: "place \(index)",
                    hint: "Give a value for each place.")
            }
            return call.positional[index]
        }
        guard let value = call.named.first(where: { $0.name == field })?.value else {
            throw call.failure("the format names a value that is not given", found: field, hint: "Give `\(field)=...`.")
        }
        return value
    }

    private func braceFormatted(_ value: TemplateValue, _ specification: String, _ call: TemplateCall) throws -> String
    {
        if specification.isEmpty { return TemplatePrinter.display(value) }
        var specification = specification[...]
        var (fill, alignment): (Character, Character?) = (" ", nil)
        let second = specification.dropFirst().first
        if let second, "<>^".contains(second), let first = specification.first {
            (fill, alignment) = (first, second)
            specification = specification.dropFirst(2)
        } else if let first = specification.first, "<>^".contains(first) {
            alignment = first
            specification = specification.dropFirst()
        }
        let letter = specification.last.flatMap { "sdfx".contains($0) ? $0 : nil }
        if letter != nil { specification = specification.dropLast() }
        guard specification.allSatisfy({ "0123456789.+".contains($0) }) else {
            throw call.failure(
                "the format is not understood", found: String(specification),
                hint: "Use width, precision and s, d, f or x.")
        }
        if alignment == nil {
            let isText = if case .string = value { true } else { false }
            let kind = letter.map { String($0) } ?? (isText ? "s" : specification.contains(".") ? "f" : "s")
            return try formatted(value, (isText ? "-" : "") + specification, kind, call.offset)
        }
        let sizes = specification.split(separator: ".", omittingEmptySubsequences: false)
        let precision = sizes.count > 1 ? "." + sizes[1] : ""
        let text = try formatted(
            value, precision, letter.map { String($0) } ?? (precision.isEmpty ? "s" : "f"), call.offset)
        let width = min(sizes.first.flatMap { Int($0) } ?? 0, limits.outputBytesMax)
        let missing = max(0, width - text.unicodeScalars.count)
        let before = alignment == "<" ? 0 : alignment == ">" ? missing : missing / 2
        return String(repeating: fill, count: before) + text + String(repeating: fill, count: missing - before)
    }
}
