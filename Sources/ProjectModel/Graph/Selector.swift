internal import Base

/// A choice of datasets, in dbt's words: `name`, `+name`, `name+2`, `@name`, `tag:x`, `path:x`,
/// `config.materialized:x`, `source:x`, `*` in names; a space means or, a comma means and.
public struct Selector: Sendable, Hashable {
    struct Term: Sendable, Hashable {
        enum Method: String, Sendable, CaseIterable {
            case name = "fqn"
            case tag
            case path
            case file
            case source
            case materialized = "config.materialized"
            case configTags = "config.tags"
            case resourceType = "resource_type"
            /// `generic` (or `schema`) and `singular` (or `data`); chooses tests only, as does the next.
            case testType = "test_type"
            /// What a generic test tests: `unique`, `not_null`.
            case testName = "test_name"
        }
        let method: Method
        let value: String
        /// How many steps upstream and downstream come too.
        let ancestors: Int
        let descendants: Int
        /// `@`: all descendants, and everything that they need.
        let isBuildable: Bool
        /// As it was written.
        let text: String
    }
    /// Any of these, each all of its terms.
    let alternatives: [[Term]]
    let text: String

    /// - Throws: `ProjectError.badSelector`.
    public init(_ text: String) throws(ProjectError) {
        self.text = text
        var alternatives: [[Term]] = []
        for part in text.split(whereSeparator: \.isWhitespace) {
            var terms: [Term] = []
            for word in part.split(separator: ",", omittingEmptySubsequences: false) {
                terms.append(try Self.parse(String(word)))
            }
            alternatives.append(terms)
        }
        guard !alternatives.isEmpty else {
            throw .badSelector(text: text, problem: "it is empty", hint: "Name a model, or leave the selector out.")
        }
        self.alternatives = alternatives
    }

    private static func parse(_ word: String) throws(ProjectError) -> Term {
        var rest = word[...]
        let isBuildable = rest.hasPrefix("@")
        if isBuildable { rest = rest.dropFirst() }
        let leading = rest.prefix(while: \.isNumber)
        var ancestors = 0
        if rest.dropFirst(leading.count).hasPrefix("+") {
            ancestors = leading.isEmpty ? .max : Int(leading) ?? .max
            rest = rest.dropFirst(leading.count + 1)
        }
        var descendants = 0
        if let plus = rest.lastIndex(of: "+"), rest[rest.index(after: plus)...].allSatisfy(\.isNumber) {
            let count = rest[rest.index(after: plus)...]
            descendants = count.isEmpty ? .max : Int(count) ?? .max
            rest = rest[..<plus]
        }
        var method = rest.contains("/") ? Term.Method.path : .name
        if let colon = rest.firstIndex(of: ":") {
            let name = String(rest[..<colon])
            guard let known = Term.Method(rawValue: name) else {
                let names = Term.Method.allCases.map(\.rawValue)
                throw .badSelector(
                    text: word, problem: "there is no method `\(name)`",
                    hint: Suggestion.hint(
                        for: name, among: names, otherwise: "Use one of \(names.joined(separator: ", "))."))
            }
            method = known
            rest = rest[rest.index(after: colon)...]
        }
        guard !rest.isEmpty, !rest.contains("+") else {
            throw .badSelector(
                text: word, problem: rest.isEmpty ? "a name is missing" : "`+` stands inside of the name",
                hint: "Write it like `+name`, `name+` or `tag:nightly`.")
        }
        return Term(
            method: method, value: String(rest), ancestors: ancestors, descendants: descendants,
            isBuildable: isBuildable, text: word)
    }

    /// The chosen datasets, in the graph's order.
    ///
    /// - Throws: `ProjectError.badSelector` when a plain name is nowhere in the graph.
    public func select(in graph: Graph) throws(ProjectError) -> [DatasetName] {
        let chosen = try combined { term throws(ProjectError) in
            let found = Self.found(term, in: graph)
            if found.isEmpty, term.isPlainName { throw Self.unknown(term, among: graph.order.map(\.name)) }
            return found
        }
        return graph.order.filter(chosen.contains)
    }

    /// What `one` finds for each term: a comma keeps what both find, a space takes what either does.
    func combined<Found: Hashable>(_ one: (Term) throws(ProjectError) -> Set<Found>) throws(ProjectError)
        -> Set<Found>
    {
        var chosen: Set<Found> = []
        for terms in alternatives {
            var common: Set<Found>?
            for term in terms {
                let found = try one(term)
                common = common?.intersection(found) ?? found
            }
            chosen.formUnion(common ?? [])
        }
        return chosen
    }

    /// A choice, and the parts of its selectors that match nothing at all.
    public struct Selection: Sendable, Hashable {
        /// In the graph's order.
        public let names: [DatasetName]
        public let unmatched: [String]
    }

    /// What `--select` and `--exclude` leave, and which of their parts match nothing.
    public static func selection(
        _ include: String?, exclude: String? = nil, in graph: Graph
    ) throws(ProjectError) -> Selection {
        var unmatched: [String] = []
        for text in [include, exclude] {
            guard let text else { continue }
            for term in try Selector(text).alternatives.flatMap(\.self) where found(term, in: graph).isEmpty {
                unmatched.append(term.text)
            }
        }
        return Selection(names: try select(include, exclude: exclude, in: graph), unmatched: unmatched)
    }

    /// What `--select` and `--exclude` leave, in the graph's order; all datasets when neither is given.
    public static func select(
        _ include: String?, exclude: String? = nil, in graph: Graph
    ) throws(ProjectError) -> [DatasetName] {
        let included = if let include { try Selector(include).select(in: graph) } else { graph.order }
        guard let exclude else { return included }
        let excluded = Set(try Selector(exclude).select(in: graph))
        return included.filter { !excluded.contains($0) }
    }

    static func unknown(_ term: Term, among names: [String]) -> ProjectError {
        .badSelector(
            text: term.value, problem: "no dataset has this name",
            hint: Suggestion.hint(for: term.value, among: names, otherwise: "`gariep plan` lists all datasets."))
    }

    /// The datasets that a term means.
    static func found(_ term: Term, in graph: Graph) -> Set<DatasetName> {
        let matches = graph.order.filter { name in graph.nodes[name].map { Self.matches(term, $0, graph) } ?? false }
        var chosen = Set(matches)
        for name in matches {
            if term.isBuildable {
                let downstream = graph.descendants(of: name)
                chosen.formUnion(downstream)
                for need in downstream.union([name]) { chosen.formUnion(graph.ancestors(of: need)) }
            }
            if term.ancestors > 0 { chosen.formUnion(graph.ancestors(of: name, depth: term.ancestors)) }
            if term.descendants > 0 { chosen.formUnion(graph.descendants(of: name, depth: term.descendants)) }
        }
        return chosen
    }

    private static func matches(_ term: Term, _ node: GraphNode, _ graph: Graph) -> Bool {
        switch term.method {
        case .name: return matchesName(term.value, node, graph)
        case .tag, .configTags: return node.tags.contains { Glob.matches(term.value, $0) }
        case .file:
            return Glob.matches(term.value, node.location.file.split(separator: "/").last.map { String($0) } ?? "")
        case .path:
            let path = term.value.hasSuffix("/") ? String(term.value.dropLast()) : term.value
            return Glob.matches(path, node.location.file) || Glob.matches("\(path)/*", node.location.file)
        case .source:
            guard node.kind.resourceType == "source" else { return false }
            let parts = term.value.split(separator: ".", maxSplits: 1).map { String($0) }
            return Glob.matches(parts[0], node.name.namespace ?? "")
                && (parts.count == 1 || Glob.matches(parts[1], node.name.name))
        case .materialized:
            guard case .model(let materialization) = node.kind else { return false }
            return Glob.matches(term.value, materialization.rawValue)
        case .resourceType: return node.kind.resourceType == term.value
        case .testType, .testName: return false
        }
    }

    /// A name, `source.table`, or folders down from the project or its model path: `staging`, `shop.staging.orders`.
    private static func matchesName(_ pattern: String, _ node: GraphNode, _ graph: Graph) -> Bool {
        if Glob.matches(pattern, node.name.description) { return true }
        guard node.name.namespace == nil else { return false }
        let wanted = pattern.split(separator: ".").map { String($0) }
        for path in [node.qualifiedName, [graph.projectName] + node.qualifiedName] where wanted.count <= path.count {
            if zip(wanted, path).allSatisfy({ Glob.matches($0, $1) }) { return true }
        }
        return false
    }
}

extension Selector.Term {
    /// Whether it names one thing, which then has to be there.
    var isPlainName: Bool { method == .name && !value.contains { "*?".contains($0) } }
}

/// `*` for any text, `?` for one character.
enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern), Array(text))
        var (position, index) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while index < text.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, index)
                position += 1
            } else if position < pattern.count, pattern[position] == "?" || pattern[position] == text[index] {
                position += 1
                index += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                position = last.pattern + 1
                index = last.text + 1
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
