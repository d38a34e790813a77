public import Base

/// Why a text is not a query that can run.
public enum SQLError: PlatformError, Hashable {
    /// Every mistake found in one pass over `text`, in the order of the text; never empty.
    case problems([SQLProblem], text: String)
    /// The parser's answer does not have the form that this version reads.
    case unreadableTree(detail: String)
    /// The parser itself failed.
    case parserFailed(detail: String)

    public var problems: [SQLProblem] {
        if case .problems(let problems, _) = self { problems } else { [] }
    }

    /// One report a mistake, placed in `file`, whose content is the query's text.
    public func reports(file: String) -> [ErrorReport] {
        guard case .problems(let problems, let text) = self else { return [report] }
        return problems.map { $0.report(file: file, text: text) }
    }

    /// The first mistake; the message says how many more there are.
    public var report: ErrorReport {
        switch self {
        case .problems(let problems, let text):
            guard let first = problems.first else {
                return ErrorReport(
                    code: "SQL-000", recovery: .reportDefect, message: "a query failed without a reason",
                    hint: "Report this together with the query.")
            }
            let rest = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
            let report = first.report(file: "query", text: text)
            return ErrorReport(
                code: report.code, recovery: report.recovery, message: report.message + rest,
                location: report.location, expected: report.expected, found: report.found, hint: report.hint)
        case .unreadableTree(let detail):
            return ErrorReport(
                code: "SQL-020", recovery: .reportDefect, message: "the parser's syntax tree cannot be read",
                found: detail, hint: "Report this together with the query and DuckDB's version.")
        case .parserFailed(let detail):
            return ErrorReport(
                code: "SQL-021", recovery: .retry, message: "DuckDB's parser failed", found: detail,
                hint: "Try again; if it stays, run `gariep doctor`.")
        }
    }
}
