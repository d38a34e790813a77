/// An error that a user of the platform may see.
///
/// Each room throws one enum of its own that conforms to this; its cases carry the values that explain the failure.
public protocol PlatformError: Error, Sendable, CustomStringConvertible {
    /// The error in the form that every surface (terminal, HTTP, log) prints.
    var report: ErrorReport { get }
}

extension PlatformError {
    public var description: String { report.description }
}

/// Who can do something about an error, so that callers decide without reading text.
public enum Recovery: String, Sendable, Hashable {
    /// Trying again later may work: a busy disk, a peer that is away.
    case retry
    /// The caller asked for something that cannot be had as asked.
    case changeRequest
    /// The project's files (YAML, SQL, templates) have a mistake.
    case changeProject
    /// Stored data is damaged or has an unexpected form.
    case repairData
    /// The machine or its set-up lacks something: a port, space, a library, a permission.
    case changeMachine
    /// A defect in Gariep.
    case reportDefect
}

/// An error in full: what was expected, what was found, where, and what to do next.
public struct ErrorReport: Sendable, Hashable, CustomStringConvertible {
    /// Stable and searchable, like `LOG-002`; docs/errors.md lists all of them.
    public let code: String
    public let recovery: Recovery
    /// What happened, in one sentence without a full stop.
    public let message: String
    /// Where in the project or the data it happened.
    public let location: SourceLocation?
    /// What would have been right, if that can be said.
    public let expected: String?
    /// What stood there instead.
    public let found: String?
    /// The next step, a full sentence.
    public let hint: String

    public init(
        code: String, recovery: Recovery, message: String, location: SourceLocation? = nil, expected: String? = nil,
        found: String? = nil, hint: String
    ) {
        self.code = code
        self.recovery = recovery
        self.message = message
        self.location = location
        self.expected = expected
        self.found = found
        self.hint = hint
    }

    /// `file:line:column: error CODE: message`, then what was expected, what was found and what to do, a line each.
    public var description: String {
        var text = location.map { "\($0): " } ?? ""
        text += "error \(code): \(message)"
        if let expected { text += "\n  expected: \(expected)" }
        if let found { text += "\n  found:    \(found)" }
        return text + "\n  to do:    \(hint)"
    }
}

/// Several errors found in one pass, such as all mistakes of a project.
public struct ErrorReports: Error, Sendable, CustomStringConvertible {
    public let reports: [ErrorReport]
    public init(_ reports: [ErrorReport]) { self.reports = reports }
    public var description: String { reports.map(\.description).joined(separator: "\n") }
}
