/// Parses a template file: text, `{{ output }}`, `{% statements %}` and `{# comments #}`.
///
/// White space as in Jinja's (and dbt's) defaults: a minus in a tag trims that side; one newline at the end of the
/// file is dropped; nothing else is.
struct TemplateParser {
    private static let depthMax = 30
    private let source: TemplateSource
    private var offset = 0
    /// The minus of the tag before: text after it loses its leading white space.
    private var trimsNext = false
    private var depth = 0
    private var macros: [String: MacroDefinition] = [:]
    private var snapshots: [(name: String, offset: Int)] = []
    private let end: Int

    private init(source: TemplateSource) {
        self.source = source
        var end = source.bytes.count
        if end > 0, source.bytes[end - 1] == 0x0a { end -= 1 }
        if end > 0, end < source.bytes.count, source.bytes[end - 1] == 0x0d { end -= 1 }
        self.end = end
    }

    /// - Throws: `ProjectError.templateSyntax` at the first mistake.
    static func parse(_ source: TemplateSource) throws -> Template {
        var parser = TemplateParser(source: source)
        let (nodes, _) = try parser.parseBody(until: [], openedAt: 0, opener: "")
        return Template(source: source, nodes: nodes, macros: parser.macros, snapshots: parser.snapshots)
    }

    private enum Tag {
        case output
        case statement
        case comment
    }

    private func tag(at position: Int) -> Tag? {
        guard position + 1 < source.bytes.count, source.bytes[position] == UInt8(ascii: "{") else { return nil }
        switch source.bytes[position + 1] {
        case UInt8(ascii: "{"): return .output
        case UInt8(ascii: "%"): return .statement
        case UInt8(ascii: "#"): return .comment
        default: return nil
        }
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }

    /// Nodes up to one of the closing words, whose tag is left open in the parser that comes back.
    private mutating func parseBody(
        until closers: Set<String>, openedAt: Int, opener: String
    ) throws -> (nodes: [TemplateNode], closer: ExpressionParser?) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else {
            throw ProjectError.templateLimit(
                source.location(at: openedAt), what: "blocks are nested too deeply", limit: "\(Self.depthMax) levels")
        }
        var nodes: [TemplateNode] = []
        while offset < source.bytes.count {
            let start = offset
            while offset < source.bytes.count, tag(at: offset) == nil { offset += 1 }
            appendText(start..<offset, to: &nodes)
            guard let tag = tag(at: offset) else { break }
            let opening = offset
            let hasSign = opening + 2 < source.bytes.count && [0x2d, 0x2b].contains(source.bytes[opening + 2])
            offset += hasSign ? 3 : 2
            switch tag {
            case .comment: try skipComment(from: opening)
            case .output:
                var parser = try ExpressionParser(source: source, offset: offset, terminator: "}}")
                let value = try parser.parseTuple()
                try close(parser)
                nodes.append(.output(value))
            case .statement:
                var parser = try ExpressionParser(source: source, offset: offset, terminator: "%}")
                guard case .name(let word) = parser.current.kind else { throw parser.unexpected("a statement") }
                if closers.contains(word) {
                    try parser.advance()
                    return (nodes, parser)
                }
                try parser.advance()
                if let node = try parseStatement(word, &parser, at: opening) { nodes.append(node) }
            }
        }
        guard closers.isEmpty else {
            throw ProjectError.templateSyntax(
                source.location(at: openedAt), message: "`\(opener)` is never closed",
                expected: closers.sorted().map { "`{% \($0) %}`" }.joined(separator: " or "),
                found: "the end of the file", hint: "Close the block.")
        }
        return (nodes, nil)
    }

    /// Adds text, trimmed by the minus of the tags around it.
    private mutating func appendText(_ range: Range<Int>, to nodes: inout [TemplateNode]) {
        var (low, high) = (range.lowerBound, min(range.upperBound, max(end, range.lowerBound)))
        if trimsNext { while low < high, isSpace(source.bytes[low]) { low += 1 } }
        let next = range.upperBound
        if tag(at: next) != nil, next + 2 < source.bytes.count, source.bytes[next + 2] == UInt8(ascii: "-") {
            while high > low, isSpace(source.bytes[high - 1]) { high -= 1 }
        }
        trimsNext = false
        if low < high { nodes.append(.text(low..<high)) }
    }

    private mutating func close(_ parser: ExpressionParser) throws {
        trimsNext = try parser.expectEnd()
        offset = parser.endOffset
    }

    private mutating func skipComment(from opening: Int) throws {
        var position = opening + 2
        while position + 1 < source.bytes.count {
            if source.bytes[position] == UInt8(ascii: "#"), source.bytes[position + 1] == UInt8(ascii: "}") {
                trimsNext = source.bytes[position - 1] == UInt8(ascii: "-") && position - 1 > opening + 1
                offset = position + 2
                return
            }
            position += 1
        }
        throw ProjectError.templateSyntax(
            source.location(at: opening), message: "the comment is never closed", expected: "`#}`",
            found: "the end of the file", hint: "Close the comment.")
    }

    // MARK: Statements

    private mutating func parseStatement(
        _ word: String, _ parser: inout ExpressionParser, at opening: Int
    ) throws -> TemplateNode? {
        switch word {
        case "if": return try parseIf(&parser, at: opening)
        case "for": return try parseFor(&parser, at: opening)
        case "set": return try parseSet(&parser, at: opening)
        case "macro", "test", "data_test": return try parseMacro(word, &parser, at: opening)
        case "call": return try parseCall(&parser, at: opening)
        case "filter":
            let filters = try parseFilterChain(&parser)
            try close(parser)
            let body = try parseBlock(until: "endfilter", openedAt: opening, opener: "filter")
            return .filterBlock(filters: filters, body: body)
        case "do":
            let value = try parser.parseTuple()
            try close(parser)
            return .evaluate(value)
        case "raw":
            try close(parser)
            return try parseRaw(from: opening)
        case "snapshot": return try parseSnapshot(&parser, at: opening)
        case "docs":
            try skipTag(&parser)
            _ = try parseBlock(until: "enddocs", openedAt: opening, opener: "docs")
            return nil
        default: throw unknownStatement(word, at: opening)
        }
    }

    private func unknownStatement(_ word: String, at opening: Int) -> ProjectError {
        let known = ["if", "for", "set", "macro", "call", "filter", "do", "raw", "test"]
        let closers = ["else", "elif", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endraw"]
        if closers.contains(word) {
            return .templateSyntax(
                source.location(at: opening), message: "`\(word)` closes a block that is not open", expected: nil,
                found: "`\(word)`", hint: "Remove it, or open the block before it.")
        }
        if ["include", "import", "from", "extends", "block", "materialization"].contains(word) {
            return .unsupported(
                source.location(at: opening), what: "the template statement `\(word)`",
                hint: "Put shared pieces into a macro in macros/; those are known everywhere.")
        }
        return .templateSyntax(
            source.location(at: opening), message: "unknown statement",
            expected: known.map { "`\($0)`" }.joined(separator: ", "), found: "`\(word)`",
            hint: Suggestion.hint(for: word, among: known + closers, otherwise: "Use one of the statements above."))
    }

    /// Nodes up to one closing word, whose tag is closed too.
    private mutating func parseBlock(until closer: String, openedAt: Int, opener: String) throws -> [TemplateNode] {
        let (nodes, parser) = try parseBody(until: [closer], openedAt: openedAt, opener: opener)
        if var parser {
            // `endmacro name` may repeat the name.
            if case .name = parser.current.kind { try parser.advance() }
            try close(parser)
        }
        return nodes
    }

    private mutating func parseIf(_ first: inout ExpressionParser, at opening: Int) throws -> TemplateNode {
        var branches: [(condition: Expression, body: [TemplateNode])] = []
        var condition: Expression? = try first.parseTuple()
        var otherwise: [TemplateNode] = []
        try close(first)
        while true {
            let closers: Set<String> = condition == nil ? ["endif"] : ["elif", "else", "endif"]
            let (body, closing) = try parseBody(until: closers, openedAt: opening, opener: "if")
            if let condition { branches.append((condition, body)) } else { otherwise = body }
            guard var closing else { break }
            let word = closerWord(closing)
            condition = word == "elif" ? try closing.parseTuple() : nil
            try close(closing)
            if word == "endif" { break }
        }
        return .conditional(branches: branches, otherwise: otherwise)
    }

    /// The word that the closing tag began with; it stands just before the parser's position.
    private func closerWord(_ parser: ExpressionParser) -> String {
        var high = parser.current.offset
        while high > 0, isSpace(source.bytes[high - 1]) { high -= 1 }
        var low = high
        while low > 0, source.bytes[low - 1] | 0x20 >= UInt8(ascii: "a"),
            source.bytes[low - 1] | 0x20 <= UInt8(ascii: "z")
        { low -= 1 }
        return source.text(low..<high)
    }

    private mutating func parseFor(_ parser: inout ExpressionParser, at opening: Int) throws -> TemplateNode {
        let wrapped = try parser.accept(symbol: "(")
        var targets = [try parser.takeName("the name of the loop variable")]
        while try parser.accept(symbol: ",") { targets.append(try parser.takeName("the name of a loop variable")) }
        if wrapped { try parser.expect(symbol: ")") }
        try parser.expect(name: "in")
        let offset = parser.current.offset
        var sequence = try parser.parseOr()
        if parser.isSymbol(",") {
            var items = [sequence]
            while try parser.accept(symbol: ",") { items.append(try parser.parseOr()) }
            sequence = Expression(kind: .tuple(items), offset: offset)
        }
        let condition = try parser.accept(name: "if") ? try parser.parseExpression() : nil
        try close(parser)
        let (body, closing) = try parseBody(until: ["else", "endfor"], openedAt: opening, opener: "for")
        var otherwise: [TemplateNode] = []
        if let closing {
            let word = closerWord(closing)
            try close(closing)
            if word == "else" { otherwise = try parseBlock(until: "endfor", openedAt: opening, opener: "for") }
        }
        return .loop(
            ForLoop(
                targets: targets, sequence: sequence, condition: condition, body: body, otherwise: otherwise,
                offset: offset))
    }

    private mutating func parseTarget(_ parser: inout ExpressionParser) throws -> AssignmentTarget {
        let offset = parser.current.offset
        let name = try parser.takeName("the name of a variable")
        let attribute = try parser.accept(symbol: ".") ? try parser.takeName("the name of an attribute") : nil
        return AssignmentTarget(name: name, attribute: attribute, offset: offset)
    }

    private mutating func parseSet(_ parser: inout ExpressionParser, at opening: Int) throws -> TemplateNode {
        var targets = [try parseTarget(&parser)]
        while try parser.accept(symbol: ",") { targets.append(try parseTarget(&parser)) }
        if try parser.accept(symbol: "=") {
            let value = try parser.parseTuple()
            try close(parser)
            return .set(targets: targets, value: value)
        }
        let filters = try parser.accept(symbol: "|") ? try parseFilterChain(&parser) : []
        guard targets.count == 1 else { throw parser.unexpected("`=`") }
        try close(parser)
        let body = try parseBlock(until: "endset", openedAt: opening, opener: "set")
        return .setBlock(target: targets[0], filters: filters, body: body)
    }

    private mutating func parseFilterChain(_ parser: inout ExpressionParser) throws -> [FilterCall] {
        var filters = [try parser.parseFilterCall()]
        while try parser.accept(symbol: "|") { filters.append(try parser.parseFilterCall()) }
        return filters
    }

    private mutating func parseParameters(
        _ parser: inout ExpressionParser
    ) throws -> [(name: String, defaultValue: Expression?)] {
        try parser.expect(symbol: "(")
        var parameters: [(name: String, defaultValue: Expression?)] = []
        while !parser.isSymbol(")") {
            let name = try parser.takeName("the name of a parameter")
            parameters.append((name, try parser.accept(symbol: "=") ? try parser.parseExpression() : nil))
            if parser.isSymbol(")") { break }
            try parser.expect(symbol: ",")
        }
        try parser.expect(symbol: ")")
        return parameters
    }

    /// `macro`, and dbt's `test`, which is a macro by the name of `test_NAME`.
    private mutating func parseMacro(
        _ word: String, _ parser: inout ExpressionParser, at opening: Int
    ) throws -> TemplateNode {
        let name = try parser.takeName("the name of the \(word)")
        let parameters = try parseParameters(&parser)
        try close(parser)
        let body = try parseBlock(until: "end\(word)", openedAt: opening, opener: word)
        let definition = MacroDefinition(
            name: word == "macro" ? name : "test_\(name)", parameters: parameters, body: body, source: source,
            offset: opening)
        if depth == 1, let earlier = macros.updateValue(definition, forKey: definition.name) {
            throw ProjectError.duplicateName(
                source.location(at: opening), kind: "macro", name: name, first: source.location(at: earlier.offset))
        }
        return .macro(definition)
    }

    private mutating func parseCall(_ parser: inout ExpressionParser, at opening: Int) throws -> TemplateNode {
        let parameters = parser.isSymbol("(") ? try parseParameters(&parser) : []
        let call = try parser.parseExpression()
        guard case .call = call.kind else {
            throw ProjectError.templateSyntax(
                source.location(at: call.offset), message: "`call` needs a macro call", expected: "`name(...)`",
                found: "another expression", hint: "Call the macro, with its parentheses.")
        }
        try close(parser)
        let body = try parseBlock(until: "endcall", openedAt: opening, opener: "call")
        return .call(
            CallBlock(
                call: call,
                caller: MacroDefinition(
                    name: "caller", parameters: parameters, body: body, source: source, offset: opening)))
    }

    private mutating func parseRaw(from opening: Int) throws -> TemplateNode? {
        let start = offset
        var position = offset
        while position + 1 < source.bytes.count {
            defer { position += 1 }
            guard tag(at: position) == .statement else { continue }
            var cursor = position + 2
            let trimsBefore = cursor < source.bytes.count && source.bytes[cursor] == UInt8(ascii: "-")
            if trimsBefore { cursor += 1 }
            while cursor < source.bytes.count, isSpace(source.bytes[cursor]) { cursor += 1 }
            guard source.bytes[cursor...].starts(with: Array("endraw".utf8)) else { continue }
            var parser = try ExpressionParser(source: source, offset: cursor, terminator: "%}")
            try parser.advance()
            var (low, high) = (start, position)
            if trimsNext { while low < high, isSpace(source.bytes[low]) { low += 1 } }
            if trimsBefore { while high > low, isSpace(source.bytes[high - 1]) { high -= 1 } }
            try close(parser)
            return low < high ? .text(low..<high) : nil
        }
        throw ProjectError.templateSyntax(
            source.location(at: opening), message: "`raw` is never closed", expected: "`{% endraw %}`",
            found: "the end of the file", hint: "Close the block.")
    }

    private mutating func skipTag(_ parser: inout ExpressionParser) throws {
        while true {
            if case .end = parser.current.kind { break }
            try parser.advance()
        }
        try close(parser)
    }

    private mutating func parseSnapshot(_ parser: inout ExpressionParser, at opening: Int) throws -> TemplateNode? {
        snapshots.append((try parser.takeName("the name of the snapshot"), opening))
        try close(parser)
        _ = try parseBlock(until: "endsnapshot", openedAt: opening, opener: "snapshot")
        return nil
    }
}
