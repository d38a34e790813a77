import Foundation

/// One place of the sources that gives an error its code.
struct ErrorDefinition: Sendable {
    let code: String
    let file: String
    let line: Int
    let message: String
    /// The name of the case of `Recovery`; nil where the place does not say.
    let recovery: String?
    let hint: String
}

/// Finds the codes of errors in Swift text. It knows the ways in which this repository writes them down:
///
///     ErrorReport(code: "LOG-001", recovery: .retry, message: "...", hint: "...")
///     Problem(status: 404, title: "...", detail: "...", code: "HTTP-007")
///     made("PRJ-001", "...", hint: "...")          a function that ends in an ErrorReport
///     case .syntax: ("DDB-003", .changeProject, "...")
///     case syntax = "SQL-001"
///     case .overflow: "STR-060"
struct ErrorCodes {
    private let text: SwiftText
    private let file: String
    /// The report that the file's shorter forms end in: its `code:` is a variable.
    private let general: SwiftCall?

    static func definitions(in text: SwiftText, file: String) -> [ErrorDefinition] {
        let scan = ErrorCodes(text, file)
        return text.literals.compactMap { scan.definition($0) }
    }

    static func isCode(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && (2...8).contains(parts[0].count) && parts[1].utf8.count == 3
            && parts[0].utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            && parts[1].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private init(_ text: SwiftText, _ file: String) {
        self.text = text
        self.file = file
        var general: SwiftCall?
        let code = text.code(0..<text.code.count)
        var search = code.startIndex
        while let found = code.range(of: "ErrorReport(", range: search..<code.endIndex) {
            search = found.upperBound
            let position = code.utf8.distance(from: code.startIndex, to: found.upperBound)
            guard let call = text.call(around: position), let value = call.value("code"),
                !text.code(value).contains("\"")
            else { continue }
            general = call
        }
        self.general = general
    }

    private func definition(_ literal: SwiftText.Literal) -> ErrorDefinition? {
        let code = text.text(literal.content)
        guard literal.depth == 0, Self.isCode(code) else { return nil }
        let before = text.trimmed(max(0, literal.range.lowerBound - 40)..<literal.range.lowerBound)
        let lead = text.code(before)
        // A comparison uses a code; it does not give it to an error.
        if lead.hasSuffix("==") || lead.hasSuffix("!=") { return nil }
        let line = text.line(of: literal.range.lowerBound)

        guard let call = text.call(around: literal.range.lowerBound) else {
            guard lead.hasSuffix("=") || lead.hasSuffix(":") else { return nil }
            // A raw value or the answer of a switch: the case's name is all that is said here.
            return ErrorDefinition(
                code: code, file: file, line: line, message: named(nil, at: literal),
                recovery: general.flatMap(recovery) ?? "repairData", hint: generalHint)
        }
        if ["contains", "hasPrefix", "hasSuffix"].contains(call.callee) { return nil }
        let texts = call.arguments.filter { $0.label == nil && $0.value != literal.range }.map(\.value)
        let isTuple = call.callee.isEmpty
        let message =
            call.value("message") ?? call.value("title")
            ?? (isTuple ? nil : texts.first { text.code($0).first != "." })
        let hint = call.value("hint") ?? (isTuple ? texts.last : nil)
        return ErrorDefinition(
            code: code, file: file, line: line,
            message: named(message.map(detailed(call)), at: literal),
            recovery: recovery(call) ?? statusRecovery(call) ?? general.flatMap(recovery),
            hint: hint.map(text.message) ?? "")
    }

    /// A problem of HTTP has a short title, and says the rest in its detail.
    private func detailed(_ call: SwiftCall) -> (Range<Int>) -> String {
        { range in
            let message = self.text.message(range)
            guard let detail = call.value("detail"), call.value("message") == nil else { return message }
            return "\(message): \(self.text.message(detail))"
        }
    }

    /// A code that is no report's is a dead letter's.
    private var generalHint: String {
        general.map { $0.value("hint").map(text.message) ?? "" }
            ?? "The record is in the dead-letter topic; mend where it comes from."
    }

    private func recovery(_ call: SwiftCall) -> String? {
        let names = ["retry", "changeRequest", "changeProject", "repairData", "changeMachine", "reportDefect"]
        let said =
            call.value("recovery").map { text.code($0) }
            ?? call.arguments.filter { $0.label == nil }.map { text.code($0.value) }.first { $0.first == "." }
        return said.flatMap { said in names.first { said.contains(".\($0)") } }
    }

    private func statusRecovery(_ call: SwiftCall) -> String? {
        call.value("status").flatMap { Int(text.code($0)) }.map { $0 < 500 ? "changeRequest" : "reportDefect" }
    }

    /// A message that is nothing but a value is told from others by the name of its case.
    private func named(_ message: String?, at literal: SwiftText.Literal) -> String {
        if let message, message.wholeMatch(of: /\{[^}]*\}/) == nil { return message }
        let words = caseWords(before: literal.range.lowerBound)
        guard let message = message ?? (general == nil && !words.isEmpty ? nil : "{message}") else { return words }
        return words.isEmpty ? message : "\(words): \(message)"
    }

    /// `a case` for `.aCase` and `case aCase`: the words of the nearest case before a position.
    private func caseWords(before position: Int) -> String {
        let code = text.code(0..<position)
        guard let found = code.range(of: "case ", options: .backwards) else { return "" }
        if code[found.upperBound...].contains("default:") { return "other" }
        let names = code[found.upperBound...].prefix { $0 != ":" && $0 != "=" && $0 != "(" }
        return names.split(separator: ",").map { name in
            var words = ""
            for letter in name.drop(while: { $0 == "." || $0.isWhitespace }) where !letter.isWhitespace {
                if letter.isUppercase, words.last?.isLowercase == true { words += " " }
                words += letter.isUppercase && words.isEmpty == false ? letter.lowercased() : String(letter)
            }
            return words
        }.joined(separator: ", ")
    }
}
