/// Parses the expressions of one tag: recursive descent with Jinja's precedence.
struct ExpressionParser {
    /// Deeper nesting than people write; it bounds the parser's own recursion.
    static let depthMax = 40

    let source: TemplateSource
    private var lexer: TemplateLexer
    private(set) var current: TemplateToken
    private var depth = 0
    /// Operators, calls and filters in a row; a bound on how high the tree gets beyond its brackets.
    private var links = 0
    static let linksMax = 250

    private mutating func link() throws {
        links += 1
        guard links <= Self.linksMax else {
            throw ProjectError.templateLimit(
                source.location(at: current.offset), what: "too many operators and calls in a row",
                limit: "\(Self.linksMax)")
        }
    }

    init(source: TemplateSource, offset: Int, terminator: StaticString) throws {
        self.source = source
        lexer = TemplateLexer(source: source, offset: offset, terminator: terminator)
        current = try lexer.next()
    }

    /// Where the text after the tag starts, once `current` is the tag's end.
    var endOffset: Int { lexer.offset }

    mutating func advance() throws {
        if case .end = current.kind { return }
        current = try lexer.next()
    }

    func isSymbol(_ text: String) -> Bool { current.kind == .symbol(text) }
    func isName(_ text: String) -> Bool { current.kind == .name(text) }

    mutating func accept(symbol: String) throws -> Bool {
        guard isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func accept(name: String) throws -> Bool {
        guard isName(name) else { return false }
        try advance()
        return true
    }

    func unexpected(_ expected: String, hint: String = "Mend the template here.") -> ProjectError {
        .templateSyntax(
            source.location(at: current.offset), message: "the template cannot be read", expected: expected,
            found: current.description, hint: hint)
    }

    mutating func expect(symbol: String) throws {
        guard try accept(symbol: symbol) else { throw unexpected("`\(symbol)`") }
    }

    mutating func expect(name: String) throws {
        guard try accept(name: name) else { throw unexpected("`\(name)`") }
    }

    mutating func takeName(_ meaning: String) throws -> String {
        guard case .name(let name) = current.kind else { throw unexpected(meaning) }
        try advance()
        return name
    }

    /// Checks that the tag is over, and says whether it trims the white space after it.
    func expectEnd() throws -> Bool {
        guard case .end(let trims) = current.kind else {
            throw unexpected("the end of the tag", hint: "Remove what is too much, or join it with an operator.")
        }
        return trims
    }

    // MARK: Precedence, loosest first

    /// An expression, or several with commas between them, which make a tuple.
    mutating func parseTuple() throws -> Expression {
        let first = try parseExpression()
        guard isSymbol(",") else { return first }
        var items = [first]
        while try accept(symbol: ",") {
            if case .end = current.kind { break }
            items.append(try parseExpression())
        }
        return Expression(kind: .tuple(items), offset: first.offset)
    }

    mutating func parseExpression() throws -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else {
            throw ProjectError.templateLimit(
                source.location(at: current.offset), what: "the expression is nested too deeply",
                limit: "\(Self.depthMax) levels")
        }
        var value = try parseOr()
        while isName("if") {
            try link()
            try advance()
            let condition = try parseOr()
            let otherwise = try accept(name: "else") ? try parseExpression() : nil
            value = Expression(
                kind: .ternary(value: value, condition: condition, otherwise: otherwise), offset: value.offset)
        }
        return value
    }

    /// An expression in which `if` is not part of it, as in `for x in xs if ...`.
    mutating func parseOr() throws -> Expression {
        var left = try parseAnd()
        while try accept(name: "or") {
            try link()
            left = Expression(kind: .or(left, try parseAnd()), offset: left.offset)
        }
        return left
    }

    private mutating func parseAnd() throws -> Expression {
        var left = try parseNot()
        while try accept(name: "and") {
            try link()
            left = Expression(kind: .and(left, try parseNot()), offset: left.offset)
        }
        return left
    }

    private mutating func parseNot() throws -> Expression {
        let offset = current.offset
        var negations = 0
        while try accept(name: "not") {
            negations += 1
            try link()
        }
        var value = try parseComparison()
        for _ in 0..<negations { value = Expression(kind: .not(value), offset: offset) }
        return value
    }

    private mutating func parseComparison() throws -> Expression {
        let left = try parseSum()
        var comparisons: [(operation: ComparisonOperator, right: Expression)] = []
        while let operation = try acceptComparison() {
            comparisons.append((operation, try parseSum()))
        }
        return comparisons.isEmpty ? left : Expression(kind: .comparison(left, comparisons), offset: left.offset)
    }

    private mutating func acceptComparison() throws -> ComparisonOperator? {
        switch current.kind {
        case .symbol(let text):
            guard let operation = ComparisonOperator(rawValue: text) else { return nil }
            try advance()
            return operation
        case .name("in"):
            try advance()
            return .isIn
        case .name("not"):
            try advance()
            try expect(name: "in")
            return .notIn
        default: return nil
        }
    }

    private mutating func parseSum() throws -> Expression {
        var left = try parseConcatenation()
        while case .symbol(let text) = current.kind, text == "+" || text == "-",
            let operation = BinaryOperator(rawValue: text)
        {
            try link()
            try advance()
            left = Expression(kind: .binary(operation, left, try parseConcatenation()), offset: left.offset)
        }
        return left
    }

    private mutating func parseConcatenation() throws -> Expression {
        let first = try parseProduct()
        guard isSymbol("~") else { return first }
        var parts = [first]
        while try accept(symbol: "~") { parts.append(try parseProduct()) }
        return Expression(kind: .concatenation(parts), offset: first.offset)
    }

    private mutating func parseProduct() throws -> Expression {
        var left = try parsePower()
        while case .symbol(let text) = current.kind, ["*", "/", "//", "%"].contains(text),
            let operation = BinaryOperator(rawValue: text)
        {
            try link()
            try advance()
            left = Expression(kind: .binary(operation, left, try parsePower()), offset: left.offset)
        }
        return left
    }

    private mutating func parsePower() throws -> Expression {
        var left = try parseUnary(withFilters: true)
        while try accept(symbol: "**") {
            try link()
            left = Expression(kind: .binary(.power, left, try parseUnary(withFilters: true)), offset: left.offset)
        }
        return left
    }

    private mutating func parseUnary(withFilters: Bool) throws -> Expression {
        let offset = current.offset
        var value: Expression
        if isSymbol("-") || isSymbol("+") {
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.depthMax else {
                throw ProjectError.templateLimit(
                    source.location(at: offset), what: "the expression is nested too deeply",
                    limit: "\(Self.depthMax) levels")
            }
            let isNegative = isSymbol("-")
            try advance()
            let operand = try parseUnary(withFilters: false)
            value = Expression(kind: isNegative ? .negative(operand) : .positive(operand), offset: offset)
        } else {
            value = try parsePostfix(try parsePrimary())
        }
        return withFilters ? try parseFilters(value) : value
    }

    private mutating func parsePrimary() throws -> Expression {
        let token = current
        func made(_ kind: Expression.Kind) -> Expression { Expression(kind: kind, offset: token.offset) }
        switch token.kind {
        case .name(let name):
            try advance()
            switch name {
            case "true", "True": return made(.bool(true))
            case "false", "False": return made(.bool(false))
            case "none", "None": return made(.none)
            case "and", "or", "in", "is", "if", "else":
                throw ProjectError.templateSyntax(
                    source.location(at: token.offset), message: "the template cannot be read", expected: "a value",
                    found: token.description, hint: "Write the value that belongs here.")
            default: return made(.name(name))
            }
        case .string(var text):
            try advance()
            // As in Python, strings side by side are one string.
            while case .string(let more) = current.kind {
                text += more
                try advance()
            }
            return made(.string(text))
        case .int(let value):
            try advance()
            return made(.int(value))
        case .double(let value):
            try advance()
            return made(.double(value))
        case .symbol("("): return try parseParentheses()
        case .symbol("["):
            try advance()
            return made(.list(try parseItems(until: "]")))
        case .symbol("{"): return try parseDict()
        default: throw unexpected("a value", hint: "Write a name, a literal or a call here.")
        }
    }

    private mutating func parseParentheses() throws -> Expression {
        let offset = current.offset
        try advance()
        if try accept(symbol: ")") { return Expression(kind: .tuple([]), offset: offset) }
        let first = try parseExpression()
        guard isSymbol(",") else {
            try expect(symbol: ")")
            return first
        }
        try advance()
        return Expression(kind: .tuple([first] + (try parseItems(until: ")"))), offset: offset)
    }

    private mutating func parseItems(until closing: String) throws -> [Expression] {
        var items: [Expression] = []
        // Items lie side by side, so the highest of them counts, and not their sum.
        let before = links
        var peak = links
        defer { links = peak }
        while !isSymbol(closing) {
            links = before
            items.append(try parseExpression())
            peak = max(peak, links)
            if isSymbol(closing) { break }
            guard try accept(symbol: ",") else { throw unexpected("`,` or `\(closing)`") }
        }
        try expect(symbol: closing)
        return items
    }

    private mutating func parseDict() throws -> Expression {
        let offset = current.offset
        try advance()
        var items: [(key: Expression, value: Expression)] = []
        let before = links
        var peak = links
        defer { links = peak }
        while !isSymbol("}") {
            links = before
            defer { peak = max(peak, links) }
            let key = try parseExpression()
            try expect(symbol: ":")
            items.append((key, try parseExpression()))
            if isSymbol("}") { break }
            guard try accept(symbol: ",") else { throw unexpected("`,` or `}`") }
        }
        try expect(symbol: "}")
        return Expression(kind: .dict(items), offset: offset)
    }

    private mutating func parsePostfix(_ base: Expression) throws -> Expression {
        var value = base
        while true {
            if isSymbol(".") || isSymbol("[") || isSymbol("(") { try link() }
            if try accept(symbol: ".") {
                if case .int(let index) = current.kind {
                    let key = Expression(kind: .int(index), offset: current.offset)
                    try advance()
                    value = Expression(kind: .index(value, key), offset: value.offset)
                } else {
                    value = Expression(
                        kind: .attribute(value, try takeName("the name of an attribute")), offset: value.offset)
                }
            } else if isSymbol("[") {
                value = try parseSubscript(of: value)
            } else if isSymbol("(") {
                value = Expression(kind: .call(value, try parseArguments()), offset: value.offset)
            } else {
                return value
            }
        }
    }

    private mutating func parseSubscript(of value: Expression) throws -> Expression {
        try expect(symbol: "[")
        var parts: [Expression?] = [nil]
        while !isSymbol("]") {
            if try accept(symbol: ":") {
                parts.append(nil)
            } else {
                parts[parts.count - 1] = try parseExpression()
                guard isSymbol(":") || isSymbol("]") else { throw unexpected("`]` or `:`") }
            }
        }
        guard parts.count <= 3 else { throw unexpected("at most two `:` in a slice") }
        guard parts.count > 1 || parts[0] != nil else { throw unexpected("an index") }
        try expect(symbol: "]")
        if parts.count == 1, let index = parts[0] {
            return Expression(kind: .index(value, index), offset: value.offset)
        }
        return Expression(
            kind: .slice(value, from: parts[0], to: parts[1], step: parts.count > 2 ? parts[2] : nil),
            offset: value.offset)
    }

    /// `(a, b, name=c, *list, **mapping)`.
    mutating func parseArguments() throws -> Arguments {
        try expect(symbol: "(")
        var arguments = Arguments()
        while !isSymbol(")") {
            if try accept(symbol: "*") {
                arguments.spreadList = try parseExpression()
            } else if try accept(symbol: "**") {
                arguments.spreadMapping = try parseExpression()
            } else {
                let value = try parseExpression()
                if case .name(let name) = value.kind, isSymbol("=") {
                    try advance()
                    arguments.named.append((name, try parseExpression()))
                } else {
                    guard arguments.named.isEmpty else {
                        throw ProjectError.templateSyntax(
                            source.location(at: value.offset), message: "a positional argument after a named one",
                            expected: "name=value", found: "a value without a name",
                            hint: "Name the argument, or move it to the front.")
                    }
                    arguments.positional.append(value)
                }
            }
            if isSymbol(")") { break }
            guard try accept(symbol: ",") else { throw unexpected("`,` or `)`") }
        }
        try expect(symbol: ")")
        return arguments
    }

    private mutating func parseFilters(_ base: Expression) throws -> Expression {
        var value = base
        while true {
            if isSymbol("|") || isName("is") || isSymbol("(") { try link() }
            if isSymbol("|") {
                try advance()
                value = Expression(kind: .filter(value, try parseFilterCall()), offset: value.offset)
            } else if isName("is") {
                try advance()
                let negated = try accept(name: "not")
                value = Expression(kind: .test(value, try parseTestCall(), negated: negated), offset: value.offset)
            } else if isSymbol("(") {
                value = Expression(kind: .call(value, try parseArguments()), offset: value.offset)
            } else {
                return value
            }
        }
    }

    mutating func parseFilterCall() throws -> FilterCall {
        let offset = current.offset
        let name = try takeName("the name of a filter")
        let arguments = isSymbol("(") ? try parseArguments() : Arguments()
        return FilterCall(name: name, arguments: arguments, offset: offset)
    }

    private mutating func parseTestCall() throws -> FilterCall {
        let offset = current.offset
        let name = try takeName("the name of a test")
        if isSymbol("(") { return FilterCall(name: name, arguments: try parseArguments(), offset: offset) }
        var arguments = Arguments()
        switch current.kind {
        case .name(let word) where ["else", "or", "and", "if", "is", "in", "not"].contains(word): break
        case .name, .string, .int, .double, .symbol("["), .symbol("{"):
            arguments.positional = [try parsePostfix(try parsePrimary())]
        default: break
        }
        return FilterCall(name: name, arguments: arguments, offset: offset)
    }
}
