public import Base

/// Every mistake that a project can have, with where it stands. Codes: PRJ-nnn.
public enum ProjectError: PlatformError, Hashable {
    case fileNotReadable(SourceLocation, reason: String)
    case noProject(directory: String)
    case brokenYAML(SourceLocation, problem: String, hint: String)
    case unknownKey(SourceLocation, key: String, within: String, known: [String])
    /// A key without a value between braces, where a comma was meant as part of a text.
    case strayKey(SourceLocation, key: String, within: String)
    case wrongType(SourceLocation, key: String, expected: String, found: String)
    case missingKey(SourceLocation, key: String, within: String, hint: String)
    case duplicateKey(SourceLocation, key: String, first: SourceLocation?)
    case duplicateName(SourceLocation, kind: String, name: String, first: SourceLocation)
    /// Two names that the warehouse, which does not look at case, takes for one.
    case sameButForCase(SourceLocation, kind: String, name: String, firstName: String, first: SourceLocation)
    case badValue(SourceLocation, what: String, expected: String?, found: String?, hint: String)
    case templateSyntax(SourceLocation, message: String, expected: String?, found: String?, hint: String)
    case templateEvaluation(SourceLocation, message: String, expected: String?, found: String?, hint: String)
    case templateLimit(SourceLocation, what: String, limit: String)
    case raisedByTemplate(SourceLocation, message: String)
    case unknownReference(SourceLocation, kind: String, name: String, suggestion: String?)
    case cycle(SourceLocation, path: [String])
    case unsupported(SourceLocation, what: String, hint: String)
    case badSelector(text: String, problem: String, hint: String)
    case wrongInput(SourceLocation, message: String, expected: String, found: String, hint: String)
    case sqlProblem(SourceLocation, message: String, expected: String?, found: String?, hint: String)
    case missingColumn(SourceLocation, column: String, dataset: String, usedBy: String, known: [String])
    case contractBroken(SourceLocation, column: String, dataset: String, expected: String, found: String)

    public var report: ErrorReport {
        switch self {
        case .fileNotReadable(let location, let reason):
            made(
                "PRJ-001", "the file cannot be read", at: location, found: reason,
                hint: "Check that the file is there, is UTF-8 text and may be read.")
        case .noProject(let directory):
            made(
                "PRJ-002", "there is no project in \(directory)", expected: "gariep.yaml (or dbt_project.yml)",
                hint: "Go to the project's folder, or start one with `gariep init NAME`.")
        case .brokenYAML(let location, let problem, let hint):
            made("PRJ-003", "the YAML cannot be read: \(problem)", at: location, hint: hint)
        case .unknownKey(let location, let key, let within, let known):
            made(
                "PRJ-004", "unknown key in \(within)", at: location, expected: known.joined(separator: ", "),
                found: key, hint: Suggestion.hint(for: key, among: known, otherwise: "Remove the key."))
        case .strayKey(let location, let key, let within):
            made(
                "PRJ-004", "unknown key in \(within)", at: location, expected: "key: value", found: key,
                hint: "Between braces a comma begins a new key: put text with a comma in quotes.")
        case .wrongType(let location, let key, let expected, let found):
            made(
                "PRJ-005", "\(key.contains("`") || key.contains(" ") ? key : "`\(key)`") has the wrong type",
                at: location, expected: expected, found: found,
                hint: "Write \(expected) here.")
        case .missingKey(let location, let key, let within, let hint):
            made("PRJ-006", "`\(key)` is missing in \(within)", at: location, expected: "\(key): ...", hint: hint)
        case .duplicateKey(let location, let key, let first):
            made(
                "PRJ-007", "the key stands here twice", at: location, found: key,
                hint: first.map { "It is at \($0) already; keep one of them." } ?? "Keep one of them.")
        case .duplicateName(let location, let kind, let name, let first):
            made(
                "PRJ-008", "two of one name: \(kind) \(name)", at: location, expected: "a name that is not taken",
                found: name, hint: "The first is at \(first); rename one of them.")
        case .sameButForCase(let location, let kind, let name, let firstName, let first):
            made(
                "PRJ-008", "two of one name, for case makes no difference: \(kind) \(name)", at: location,
                expected: "a name that is not taken", found: name,
                hint: "\(firstName) is at \(first); rename one of them.")
        case .badValue(let location, let what, let expected, let found, let hint):
            made("PRJ-009", what, at: location, expected: expected, found: found, hint: hint)
        default: laterReport
        }
    }

    private var laterReport: ErrorReport {
        switch self {
        case .templateSyntax(let location, let message, let expected, let found, let hint):
            made("PRJ-010", message, at: location, expected: expected, found: found, hint: hint)
        case .templateEvaluation(let location, let message, let expected, let found, let hint):
            made("PRJ-011", message, at: location, expected: expected, found: found, hint: hint)
        case .templateLimit(let location, let what, let limit):
            made(
                "PRJ-012", what, at: location, expected: "at most \(limit)",
                hint: "Make the template simpler, or split it.")
        case .raisedByTemplate(let location, let message):
            made(
                "PRJ-013", message, at: location,
                hint: "The project's own template raised this; follow what it says.")
        case .unknownReference(let location, let kind, let name, let suggestion):
            made(
                "PRJ-020", "there is no \(kind) of this name", at: location, expected: "a \(kind) of the project",
                found: name, hint: suggestion.map { "Did you mean `\($0)`?" } ?? "Add it, or mend the name.")
        case .cycle(let location, let path):
            made(
                "PRJ-021", "these datasets need each other in a circle", at: location,
                found: path.joined(separator: " -> "), hint: "Take one of these references out.")
        case .unsupported(let location, let what, let hint):
            made("PRJ-022", "\(what) is not supported yet", at: location, hint: hint)
        case .badSelector(let text, let problem, let hint):
            ErrorReport(
                code: "PRJ-023", recovery: .changeRequest, message: "the selector cannot be used: \(problem)",
                found: text, hint: hint)
        case .wrongInput(let location, let message, let expected, let found, let hint):
            made("PRJ-024", message, at: location, expected: expected, found: found, hint: hint)
        case .sqlProblem(let location, let message, let expected, let found, let hint):
            made("PRJ-030", message, at: location, expected: expected, found: found, hint: hint)
        case .missingColumn(let location, let column, let dataset, let usedBy, let known):
            made(
                "PRJ-031", "\(usedBy) names a column that \(dataset) does not have", at: location,
                expected: "one of \(known.joined(separator: ", "))", found: column,
                hint: Suggestion.hint(for: column, among: known, otherwise: "Add the column, or mend the name."))
        case .contractBroken(let location, let column, let dataset, let expected, let found):
            made(
                "PRJ-032", "column \(column) of \(dataset) breaks the contract", at: location, expected: expected,
                found: found, hint: "Change the column in the model, or what is said of it.")
        default: preconditionFailure("reported above")
        }
    }

    private func made(
        _ code: String, _ message: String, at location: SourceLocation? = nil, expected: String? = nil,
        found: String? = nil, hint: String
    ) -> ErrorReport {
        ErrorReport(
            code: code, recovery: .changeProject, message: message, location: location, expected: expected,
            found: found, hint: hint)
    }
}
