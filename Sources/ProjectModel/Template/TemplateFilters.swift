/// Jinja's filters (`value | name(arguments)`), those of dbt included.
extension Interpreter {
    typealias Filter = (Interpreter, TemplateValue, TemplateCall) throws -> TemplateValue

    static let filterNames: [String] = Array(filters.keys)

    func apply(_ filter: FilterCall, to value: TemplateValue) throws -> TemplateValue {
        try step(filter.offset)
        guard let body = Self.filters[filter.name] else {
            throw failure(
                filter.offset, "there is no filter of this name", expected: "a filter of Jinja", found: filter.name,
                hint: Suggestion.hint(
                    for: filter.name, among: Self.filterNames, otherwise: "Write a macro, and call it instead."))
        }
        if filter.name != "default", filter.name != "d" { try requireDefined(value, filter.offset) }
        let call = try evaluateArguments(filter.arguments, name: filter.name, offset: filter.offset)
        return try body(
            self, value,
            TemplateCall(
                name: filter.name, positional: call.positional, named: call.named, source: source, offset: filter.offset
            ))
    }

    private static let filters: [String: @Sendable (Interpreter, TemplateValue, TemplateCall) throws -> TemplateValue] =
        textFilters.merging(listFilters) { first, _ in first }.merging(valueFilters) { first, _ in first }

    private static let textFilters:
        [String: @Sendable (Interpreter, TemplateValue, TemplateCall) throws -> TemplateValue] = [
            "upper": { _, value, _ in .string(TemplatePrinter.display(value).uppercased()) },
            "lower": { _, value, _ in .string(TemplatePrinter.display(value).lowercased()) },
            "capitalize": { _, value, _ in .string(TextMethods.capitalized(TemplatePrinter.display(value))) },
            "title": { _, value, _ in .string(TextMethods.titled(TemplatePrinter.display(value))) },
            "trim": { _, value, call in
                let characters = try call.bind("chars")[0].map { try call.string($0, "chars") }
                return .string(TextMethods.stripped(TemplatePrinter.display(value), characters))
            },
            "replace": { interpreter, value, call in
                let arguments = try call.bind("old", "new", "count", required: 2)
                let text = TextMethods.replaced(
                    TemplatePrinter.display(value), try call.string(arguments[0], "old"),
                    by: TemplatePrinter.display(arguments[1] ?? TemplateValue.none),
                    count: try arguments[2].map { try call.int($0, "count") })
                try interpreter.checkSize(text.utf8.count, call.offset)
                return .string(text)
            },
            "indent": { _, value, call in
                let arguments = try call.bind("width", "first", "blank")
                let width = try arguments[0].map { try call.int($0, "width") } ?? 4
                let pad = String(repeating: " ", count: min(max(0, width), 1000))
                let indentsFirst = arguments[1]?.isTrue ?? false
                let lines = TemplatePrinter.display(value).split(separator: "\n", omittingEmptySubsequences: false)
                let indented = lines.enumerated().map { index, line in
                    (index == 0 && !indentsFirst) || (index > 0 && line.isEmpty && arguments[2]?.isTrue != true)
                        ? String(line) : pad + line
                }
                return .string(indented.joined(separator: "\n"))
            },
            "format": { interpreter, value, call in
                .string(
                    try interpreter.percentFormat(TemplatePrinter.display(value), call.positional, call.offset))
            },
            "wordcount": { _, value, _ in
                .int(TemplatePrinter.display(value).split { !$0.isLetter && !$0.isNumber && $0 != "_" }.count)
            },
            "string": { _, value, _ in .string(TemplatePrinter.display(value)) },
            "as_text": { _, value, _ in .string(TemplatePrinter.display(value)) },
            "safe": { _, value, _ in value },
        ]

    private static let listFilters:
        [String: @Sendable (Interpreter, TemplateValue, TemplateCall) throws -> TemplateValue] = [
            "join": { interpreter, value, call in
                let arguments = try call.bind("d", "attribute")
                var items = try interpreter.elements(of: value, call.offset)
                if let path = arguments[1] { items = try items.map { try interpreter.read(path, of: $0, call) } }
                for item in items { try interpreter.requireDefined(item, call.offset) }
                let text = items.map(TemplatePrinter.display)
                    .joined(separator: arguments[0].map(TemplatePrinter.display) ?? "")
                try interpreter.checkSize(text.utf8.count, call.offset)
                return .string(text)
            },
            "length": { interpreter, value, call in
                if case .string(let text) = value { return .int(text.unicodeScalars.count) }
                return .int(try interpreter.elements(of: value, call.offset).count)
            },
            "count": { interpreter, value, call in
                if case .string(let text) = value { return .int(text.unicodeScalars.count) }
                return .int(try interpreter.elements(of: value, call.offset).count)
            },
            "list": { interpreter, value, call in .list(try interpreter.elements(of: value, call.offset)) },
            "first": { interpreter, value, call in
                try interpreter.elements(of: value, call.offset).first ?? .undefined(name: "first", isElement: true)
            },
            "last": { interpreter, value, call in
                try interpreter.elements(of: value, call.offset).last ?? .undefined(name: "last", isElement: true)
            },
            "reverse": { interpreter, value, call in
                if case .string(let text) = value {
                    return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
                }
                return .list(Array(try interpreter.elements(of: value, call.offset).reversed()))
            },
            "sort": { interpreter, value, call in
                let arguments = try call.bind("reverse", "case_sensitive", "attribute")
                return .list(
                    try interpreter.sorted(
                        try interpreter.elements(of: value, call.offset), by: arguments[2],
                        caseSensitive: arguments[1]?.isTrue ?? false, reversed: arguments[0]?.isTrue ?? false, call))
            },
            "unique": { interpreter, value, call in
                let arguments = try call.bind("case_sensitive", "attribute")
                let items = try interpreter.elements(of: value, call.offset)
                var seen: [TemplateValue] = []
                var kept: [TemplateValue] = []
                for item in items {
                    try interpreter.step(call.offset)
                    let key = try interpreter.sortKey(item, arguments[1], arguments[0]?.isTrue ?? false, call)
                    if seen.contains(where: { TemplateComparison.areEqual($0, key) }) { continue }
                    seen.append(key)
                    kept.append(item)
                }
                return .list(kept)
            },
            "sum": { interpreter, value, call in
                let arguments = try call.bind("attribute", "start")
                var total = arguments[1] ?? .int(0)
                for item in try interpreter.elements(of: value, call.offset) {
                    let item = try arguments[0].map { try interpreter.read($0, of: item, call) } ?? item
                    total = try interpreter.arithmetic(.add, total, item, call.offset)
                }
                return total
            },
            "min": { interpreter, value, call in try interpreter.extreme(value, call, wantsLess: true) },
            "max": { interpreter, value, call in try interpreter.extreme(value, call, wantsLess: false) },
            "map": { interpreter, value, call in try interpreter.mapFilter(value, call) },
            "select": { interpreter, value, call in
                try interpreter.selection(value, call, keeps: true, attribute: false)
            },
            "reject": { interpreter, value, call in
                try interpreter.selection(value, call, keeps: false, attribute: false)
            },
            "selectattr": { interpreter, value, call in
                try interpreter.selection(value, call, keeps: true, attribute: true)
            },
            "rejectattr": { interpreter, value, call in
                try interpreter.selection(value, call, keeps: false, attribute: true)
            },
            "items": { interpreter, value, call in try interpreter.dictItems(value, call) },
            "dictsort": { interpreter, value, call in
                guard case .list(let items) = try interpreter.dictItems(value, call) else { return value }
                return .list(
                    try interpreter.sorted(items.items, by: .int(0), caseSensitive: false, reversed: false, call))
            },
            "batch": { interpreter, value, call in
                let arguments = try call.bind("linecount", "fill_with", required: 1)
                let size = max(1, try call.int(arguments[0], "linecount"))
                let items = try interpreter.elements(of: value, call.offset)
                var batches: [TemplateValue] = []
                for start in stride(from: 0, to: items.count, by: size) {
                    var batch = Array(items[start..<min(start + size, items.count)])
                    if let fill = arguments[1] {
                        try interpreter.checkCount(size, call.offset)
                        while batch.count < size { batch.append(fill) }
                    }
                    batches.append(.list(batch))
                }
                return .list(batches)
            },
        ]

    private static let valueFilters:
        [String: @Sendable (Interpreter, TemplateValue, TemplateCall) throws -> TemplateValue] = [
            "default": { _, value, call in try defaultFilter(value, call) },
            "d": { _, value, call in try defaultFilter(value, call) },
            "int": { _, value, call in
                let fallback = try call.bind("default", "base")[0] ?? .int(0)
                return TextMethods.int(value).map { .int($0) } ?? fallback
            },
            "float": { _, value, call in
                let fallback = try call.bind("default")[0] ?? .double(0)
                return TextMethods.double(value).map { .double($0) } ?? fallback
            },
            "abs": { interpreter, value, call in
                if case .double(let number) = value { return .double(abs(number)) }
                guard let number = value.integer else {
                    throw call.failure("`abs` needs a number", found: value.kind, hint: "Convert it with `| float`.")
                }
                return number < 0 ? try interpreter.arithmetic(.subtract, .int(0), value, call.offset) : .int(number)
            },
            "round": { _, value, call in try roundFilter(value, call) },
            "tojson": { _, value, call in try jsonFilter(value, call) },
            "as_bool": { _, value, _ in
                if case .string(let text) = value, ["true", "false"].contains(text.lowercased()) {
                    return .bool(text.lowercased() == "true")
                }
                return value
            },
            "as_number": { _, value, _ in
                if let number = TextMethods.int(value), case .string(let text) = value, !text.contains(".") {
                    return .int(number)
                }
                return TextMethods.double(value).map { .double($0) } ?? value
            },
            "as_native": { _, value, _ in value },
        ]

    private static func defaultFilter(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        let arguments = try call.bind("default_value", "boolean")
        let fallback = arguments[0] ?? .string("")
        if case .undefined = value { return fallback }
        return arguments[1]?.isTrue == true && !value.isTrue ? fallback : value
    }

    private static func roundFilter(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        let arguments = try call.bind("precision", "method")
        if case .int = value, arguments[0] == nil, arguments[1] == nil { return value }
        let precision = try arguments[0].map { try call.int($0, "precision") } ?? 0
        let method = try arguments[1].map { try call.string($0, "method") } ?? "common"
        guard let number = value.number, (-15...15).contains(precision) else {
            throw call.failure(
                "`round` needs a number and at most 15 digits", found: value.kind, hint: "Convert it with `| float`.")
        }
        var scale = 1.0
        for _ in 0..<abs(precision) { scale *= 10 }
        switch method {
        case "common":
            if precision < 0 { return .double((number / scale).rounded(.toNearestOrEven) * scale) }
            return .double(Double(DecimalText.fixed(number, digits: precision)) ?? number)
        case "ceil": return .double((number * scale).rounded(.up) / scale)
        case "floor": return .double((number * scale).rounded(.down) / scale)
        default:
            throw call.failure(
                "unknown method of rounding", expected: "common, ceil or floor", found: method,
                hint: "Use one of these.")
        }
    }

    private static func jsonFilter(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        let sorts = try call.bind("sort_keys")[0]?.isTrue ?? true
        guard let text = TemplatePrinter.json(value, sortKeys: sorts) else {
            throw call.failure("this cannot be written as JSON", found: value.kind, hint: "Use plain values.")
        }
        // Jinja escapes what would be dangerous inside of HTML.
        var escaped = ""
        for character in text {
            switch character {
            case "<": escaped += "\\u003c"
            case ">": escaped += "\\u003e"
            case "&": escaped += "\\u0026"
            case "'": escaped += "\\u0027"
            default: escaped.append(character)
            }
        }
        return .string(escaped)
    }

    // MARK: What several filters share

    /// An attribute path (`'config.tags'`) or an index of an element.
    func read(_ path: TemplateValue, of item: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        switch path {
        case .int(let index):
            if case .list(let list) = item, list.items.indices.contains(index) { return list.items[index] }
            return .undefined(name: "element \(index)", isElement: true)
        case .string(let names):
            var value = item
            for name in names.split(separator: ".") {
                if let index = Int(name) {
                    value = try read(.int(index), of: value, call)
                } else if case .dict(let dict) = value {
                    value = dict[.string(String(name))] ?? .undefined(name: String(name), isElement: true)
                } else {
                    value = .undefined(name: String(name), isElement: true)
                }
            }
            return value
        default:
            throw call.failure(
                "an attribute is named by text", expected: "text", found: path.kind, hint: "Quote the attribute's name."
            )
        }
    }

    private func sortKey(
        _ item: TemplateValue, _ attribute: TemplateValue?, _ caseSensitive: Bool, _ call: TemplateCall
    ) throws -> TemplateValue {
        let key = try attribute.map { try read($0, of: item, call) } ?? item
        if case .string(let text) = key, !caseSensitive { return .string(text.lowercased()) }
        return key
    }

    func sorted(
        _ items: [TemplateValue], by attribute: TemplateValue?, caseSensitive: Bool, reversed: Bool,
        _ call: TemplateCall
    ) throws -> [TemplateValue] {
        let keyed = try items.map { (key: try sortKey($0, attribute, caseSensitive, call), item: $0) }
        // Swift's sort is stable, as Python's is; a reversed one keeps equals in order too.
        return try keyed.sorted { left, right in
            try compare(.less, reversed ? right.key : left.key, reversed ? left.key : right.key, call.offset)
        }.map(\.item)
    }

    private func extreme(_ value: TemplateValue, _ call: TemplateCall, wantsLess: Bool) throws -> TemplateValue {
        let attribute = try call.bind("case_sensitive", "attribute")[1]
        var best: (key: TemplateValue, item: TemplateValue)?
        for item in try elements(of: value, call.offset) {
            let key = try sortKey(item, attribute, false, call)
            guard let current = best else {
                best = (key, item)
                continue
            }
            if try compare(wantsLess ? .less : .greater, key, current.key, call.offset) { best = (key, item) }
        }
        return best?.item ?? .undefined(name: call.name, isElement: true)
    }

    private func mapFilter(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        let items = try elements(of: value, call.offset)
        if let attribute = call.named.first(where: { $0.name == "attribute" })?.value {
            let fallback = call.named.first { $0.name == "default" }?.value
            return .list(
                try items.map { item in
                    let found = try read(attribute, of: item, call)
                    if case .undefined = found, let fallback { return fallback }
                    return found
                })
        }
        guard let name = call.positional.first else {
            throw call.failure(
                "`map` needs a filter or an attribute", hint: "Write `map('upper')` or `map(attribute='x')`.")
        }
        let filter = try call.string(name, "filter")
        guard let body = Self.filters[filter] else {
            throw call.failure(
                "there is no filter of this name", found: filter,
                hint: Suggestion.hint(for: filter, among: Self.filterNames, otherwise: "Use a filter of Jinja."))
        }
        let inner = TemplateCall(
            name: filter, positional: Array(call.positional.dropFirst()), named: call.named, source: call.source,
            offset: call.offset)
        return .list(
            try items.map { item in
                try step(call.offset)
                return try body(self, item, inner)
            })
    }

    private func selection(
        _ value: TemplateValue, _ call: TemplateCall, keeps: Bool, attribute: Bool
    ) throws -> TemplateValue {
        var arguments = call.positional[...]
        let path = attribute ? arguments.popFirst() : nil
        if attribute, path == nil {
            throw call.failure("`\(call.name)` needs an attribute", hint: "Write `\(call.name)('name')`.")
        }
        let test = try arguments.popFirst().map { try call.string($0, "test") }
        return .list(
            try elements(of: value, call.offset).filter { item in
                try step(call.offset)
                let subject = try path.map { try read($0, of: item, call) } ?? item
                let holds = try test.map { try check($0, subject, Array(arguments), call.offset) } ?? subject.isTrue
                return holds == keeps
            })
    }

    private func dictItems(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
        guard case .dict(let dict) = value else {
            throw call.failure(
                "`\(call.name)` needs a dict", expected: "a dict", found: value.kind, hint: "Give a dict.")
        }
        return .list(dict.entries.map { .tuple([$0.key.value, $0.value]) })
    }
}
