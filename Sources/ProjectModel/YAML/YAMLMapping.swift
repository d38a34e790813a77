internal import Base

/// Reads the keys of one mapping, and reports what is missing, mistyped or unknown.
///
/// Ask for every key that may be there, then call `finish()`: what nobody asked for is an unknown key.
final class YAMLMapping {
    let location: SourceLocation
    let within: String
    let diagnostics: Diagnostics
    private let pairs: [YAMLNode.Pair]
    private var known: [String] = []

    /// - Parameter within: what this mapping is, for messages: "the source `shop`".
    init?(_ node: YAMLNode, within: String, diagnostics: Diagnostics) {
        guard case .mapping(let pairs) = node.kind else {
            diagnostics.add(
                .wrongType(node.location, key: within, expected: "a mapping of keys", found: node.description))
            return nil
        }
        self.pairs = pairs
        self.within = within
        self.diagnostics = diagnostics
        location = node.location
    }

    var keys: [String] { pairs.map(\.key) }

    func ignore(_ keys: String...) { known += keys }

    func pair(_ key: String) -> YAMLNode.Pair? {
        known.append(key)
        return pairs.last { $0.key == key }
    }

    /// The value of a key; one without a value counts as not there.
    func node(_ key: String) -> YAMLNode? {
        guard let value = pair(key)?.value, !value.isNull else { return nil }
        return value
    }

    func require(_ key: String, hint: String) -> YAMLNode? {
        if let node = node(key) { return node }
        diagnostics.add(.missingKey(pair(key)?.keyLocation ?? location, key: key, within: within, hint: hint))
        return nil
    }

    private func wrong(_ key: String, _ node: YAMLNode, _ expected: String) {
        diagnostics.add(.wrongType(node.location, key: key, expected: expected, found: node.description))
    }

    func text(_ key: String, _ node: YAMLNode?) -> Located<String>? {
        guard let node else { return nil }
        guard case .scalar(let text, _) = node.kind else {
            wrong(key, node, "text")
            return nil
        }
        return Located(text, node.location)
    }

    func string(_ key: String) -> Located<String>? { text(key, node(key)) }
    func requiredString(_ key: String, hint: String) -> Located<String>? { text(key, require(key, hint: hint)) }

    func int(_ key: String, in range: ClosedRange<Int>) -> Located<Int>? {
        guard let node = node(key) else { return nil }
        guard case .int(let value) = node.configValue, range.contains(value) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            wrong(key, node, "a whole number \(bounds)")
            return nil
        }
        return Located(value, node.location)
    }

    func bool(_ key: String) -> Located<Bool>? {
        guard let node = node(key) else { return nil }
        guard case .bool(let value) = node.configValue else {
            wrong(key, node, "true or false")
            return nil
        }
        return Located(value, node.location)
    }

    func number(_ key: String) -> Located<Double>? {
        guard let node = node(key) else { return nil }
        switch node.configValue {
        case .int(let value): return Located(Double(value), node.location)
        case .double(let value): return Located(value, node.location)
        default:
            wrong(key, node, "a number")
            return nil
        }
    }

    /// One text, or a list of texts.
    func strings(_ key: String) -> [Located<String>]? {
        guard let node = node(key) else { return nil }
        if case .sequence(let items) = node.kind { return items.compactMap { text(key, $0) } }
        return text(key, node).map { [$0] }
    }

    /// The items of a list; a value that is not one is reported.
    func sequence(_ key: String) -> [YAMLNode] {
        guard let node = node(key) else { return [] }
        guard case .sequence(let items) = node.kind else {
            wrong(key, node, "a list")
            return []
        }
        return items
    }

    func mapping(_ key: String, within: String) -> YAMLMapping? {
        node(key).flatMap { YAMLMapping($0, within: within, diagnostics: diagnostics) }
    }

    func timeSpan(_ key: String) -> Located<TimeSpan>? {
        guard let node = node(key), let text = text(key, node) else { return nil }
        guard let span = TimeSpan(text.value) else {
            diagnostics.add(TimeSpan.error(text, what: "`\(key)` is not a length of time"))
            return nil
        }
        return Located(span, node.location)
    }

    func byteSize(_ key: String) -> Located<Int>? {
        guard let node = node(key), let text = text(key, node) else { return nil }
        guard let bytes = ByteSize.parse(text.value) else {
            diagnostics.add(
                .badValue(
                    text.location, what: "`\(key)` is not a size", expected: "a number and a unit: B, KB, MB, GB, TB",
                    found: text.value, hint: "Write it like `512MB` or `2 GB`."))
            return nil
        }
        return Located(bytes, node.location)
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) -> Located<Choice>?
    where Choice.RawValue == String {
        guard let text = string(key) else { return nil }
        let names = Choice.allCases.map(\.rawValue)
        guard let choice = Choice(rawValue: text.value) else {
            diagnostics.add(
                .badValue(
                    text.location, what: "`\(key)` has an unknown value", expected: names.joined(separator: ", "),
                    found: text.value,
                    hint: Suggestion.hint(for: text.value, among: names, otherwise: "Use one of these.")))
            return nil
        }
        return Located(choice, text.location)
    }

    /// Free entries, each with its place.
    var entries: [YAMLNode.Pair] { pairs }

    func finish() {
        let names = Set(known)
        for pair in pairs where !names.contains(pair.key) {
            let nearest = Suggestion.nearest(to: pair.key, among: known)
            if nearest == nil, pair.value.isNull {
                diagnostics.add(.strayKey(pair.keyLocation, key: pair.key, within: within))
            } else {
                diagnostics.add(
                    .unknownKey(pair.keyLocation, key: pair.key, within: within, known: names.sorted()))
            }
        }
    }
}
