internal import DuckDB

/// What turns text into a syntax tree.
public protocol SyntaxTreeSource {
    /// The answer of DuckDB's `json_serialize_sql`. Where the text does not parse, that answer says so, or a
    /// `DuckDBError` does.
    func serializedSyntaxTree(of text: String) throws -> String
}

extension SelectStatement {
    /// Parses one SELECT.
    ///
    /// - Throws: `problems` where the text is not one SELECT; `parserFailed` where the source throws.
    public init(parsing text: String, with source: some SyntaxTreeSource) throws(SQLError) {
        let document = try JSONValue(parsing: text, with: source)
        let statements = document["statements"].array
        guard statements.count == 1 else {
            let second = statements.dropFirst().first.flatMap { SyntaxTreeReader.firstPosition(in: $0) }
            throw .problems(
                [
                    SQLProblem(
                        .notASelect, "one SELECT must stand here", expected: "one statement",
                        found: "\(statements.count) statements", hint: "Keep one SELECT and remove the rest.",
                        position: second)
                ], text: text)
        }
        self.init(text: text, query: try SyntaxTreeReader().query(statements[0]["node"]))
    }
}

extension JSONValue {
    /// The parser's answer, once it is no error.
    init(parsing text: String, with source: some SyntaxTreeSource) throws(SQLError) {
        let answer: String
        do {
            answer = try source.serializedSyntaxTree(of: text)
        } catch let error as DuckDBError {
            guard let failure = error.failure, failure.kind == .syntax || failure.kind == .unsupported else {
                throw .parserFailed(detail: "\(error)")
            }
            let problem = JSONValue.problem(
                failure.message, isSyntax: failure.kind == .syntax, at: failure.position?.byteOffset, in: text)
            throw .problems([problem], text: text)
        } catch {
            throw .parserFailed(detail: "\(error)")
        }
        let document: JSONValue
        do {
            document = try JSONValue(parsing: answer)
        } catch .problems(let problems, _) {
            throw .problems(problems, text: text)
        }
        if document["error"].isTrue {
            let problem = JSONValue.problem(
                document["error_message"].string ?? "the text is not SQL",
                isSyntax: document["error_type"].string != "not implemented",
                at: document["position"].string.flatMap { Int($0) }, in: text)
            throw .problems([problem], text: text)
        }
        self = document
    }

    private static func problem(_ message: String, isSyntax: Bool, at position: Int?, in text: String) -> SQLProblem {
        if !isSyntax {
            let word = text.split(whereSeparator: \.isWhitespace).first.map(String.init)
            return SQLProblem(
                .notASelect, "only a SELECT can stand here", expected: "SELECT ...", found: word,
                hint: "A model is one SELECT; how it is stored is said in its config.", position: position)
        }
        return SQLProblem(
            .syntax, message, found: position.flatMap { nextWord(at: $0, in: text) },
            hint:
                "Look at the words just before this place: a comma, a parenthesis or a keyword is missing or too much.",
            position: position)
    }

    private static func nextWord(at position: Int, in text: String) -> String? {
        let rest = Array(text.utf8).dropFirst(position).prefix { $0 != 0x20 && $0 != 0x0a }
        return rest.isEmpty ? "the end of the query" : String(decoding: rest.prefix(40), as: UTF8.self)
    }
}
