/// Prints values as Python does (`str` and `repr`), which is what Jinja writes into its output.
enum TemplatePrinter {
    /// Deeper than any value of a real project; a list that holds itself ends here.
    private static let depthMax = 20

    static func display(_ value: TemplateValue) -> String {
        if case .string(let text) = value { return text }
        return repr(value)
    }

    static func repr(_ value: TemplateValue, depth: Int = 0) -> String {
        guard depth < depthMax else { return "..." }
        switch value {
        case .none: return "None"
        case .undefined: return ""
        case .bool(let value): return value ? "True" : "False"
        case .int(let value): return String(value)
        case .double(let value): return double(value)
        case .string(let text): return quoted(text)
        case .list(let list):
            let items = list.items.map { repr($0, depth: depth + 1) }
            if list.isTuple { return items.count == 1 ? "(\(items[0]),)" : "(\(items.joined(separator: ", ")))" }
            return "[\(items.joined(separator: ", "))]"
        case .dict(let dict):
            let items = dict.entries.map { "\(repr($0.key.value)): \(repr($0.value, depth: depth + 1))" }
            return "{\(items.joined(separator: ", "))}"
        case .callable(let callable): return "<function \(callable.name)>"
        }
    }

    static func double(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return value.description
    }

    private static func quoted(_ text: String) -> String {
        let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var result = quote
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\\": result += "\\\\"
            case "'" where quote == "'": result += "\\'"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + quote
    }

    /// JSON as Python's `json.dumps` writes it: a space after commas and colons, other than ASCII escaped.
    static func json(_ value: TemplateValue, sortKeys: Bool, depth: Int = 0) -> String? {
        guard depth < depthMax else { return nil }
        switch value {
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .double(let value): return double(value)
        case .string(let text): return jsonString(text)
        case .list(let list):
            var items: [String] = []
            for item in list.items {
                guard let text = json(item, sortKeys: sortKeys, depth: depth + 1) else { return nil }
                items.append(text)
            }
            return "[\(items.joined(separator: ", "))]"
        case .dict(let dict):
            var items: [(key: String, text: String)] = []
            for (key, value) in dict.entries {
                guard let text = json(value, sortKeys: sortKeys, depth: depth + 1) else { return nil }
                let name = if case .string(let name) = key { name } else { json(key.value, sortKeys: false) ?? "" }
                items.append((name, text))
            }
            if sortKeys { items.sort { $0.key < $1.key } }
            return "{\(items.map { "\(jsonString($0.key)): \($0.text)" }.joined(separator: ", "))}"
        case .undefined, .callable: return nil
        }
    }

    private static func jsonString(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value >= 0x20 && scalar.value < 0x7f: result.unicodeScalars.append(scalar)
            default:
                for unit in Character(scalar).utf16 {
                    let hex = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            }
        }
        return result + "\""
    }
}
