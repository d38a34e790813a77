public import Base

/// What can go wrong in the schema registry.
///
/// `status` and `number` are those of Confluent's REST API, which clients decide by.
public enum RegistryError: PlatformError, Equatable {
    case subjectNotFound(String)
    case versionNotFound(String)
    case schemaNotFound(String)
    case subjectSoftDeleted(String)
    case subjectNotSoftDeleted(String)
    case versionSoftDeleted(subject: String, version: Int)
    case versionNotSoftDeleted(subject: String, version: Int)
    case levelNotConfigured(subject: String)
    case modeNotConfigured(subject: String)
    case invalidSchema(String)
    case invalidVersion(String)
    case invalidLevel(String)
    case invalidMode(String)
    case readOnly(String)
    case referenced(subject: String, version: Int)
    case incompatible(subject: String, details: [String])
    case malformedRequest(String)
    case noSuchRoute(method: String, path: String)
    case storage(operation: String, path: String, reason: String)
    case corrupted(path: String, position: Int)

    /// HTTP's status.
    public var status: Int { number < 1_000 ? number : number / 100 }

    /// Confluent's `error_code`.
    public var number: Int {
        switch self {
        case .subjectNotFound: 40401
        case .versionNotFound: 40402
        case .schemaNotFound: 40403
        case .subjectSoftDeleted: 40404
        case .subjectNotSoftDeleted: 40405
        case .versionSoftDeleted: 40406
        case .versionNotSoftDeleted: 40407
        case .levelNotConfigured: 40408
        case .modeNotConfigured: 40409
        case .invalidSchema: 42201
        case .invalidVersion: 42202
        case .invalidLevel: 42203
        case .invalidMode: 42204
        case .readOnly: 42205
        case .referenced: 42206
        case .incompatible: 409
        case .malformedRequest: 400
        case .noSuchRoute: 404
        case .storage, .corrupted: 50001
        }
    }

    /// The sentence that clients see.
    public var message: String {
        switch self {
        case .subjectNotFound(let subject): "Subject '\(subject)' not found."
        case .versionNotFound(let version): "Version \(version) not found."
        case .schemaNotFound(let what): what.isEmpty ? "Schema not found" : "Schema \(what) not found"
        case .subjectSoftDeleted(let subject):
            "Subject '\(subject)' was soft deleted. Set permanent=true to delete permanently"
        case .subjectNotSoftDeleted(let subject):
            "Subject '\(subject)' was not deleted first before being permanently deleted"
        case .versionSoftDeleted(let subject, let version):
            "Subject '\(subject)' Version \(version) was soft deleted. Set permanent=true to delete permanently"
        case .versionNotSoftDeleted(let subject, let version):
            "Subject '\(subject)' Version \(version) was not deleted first before being permanently deleted"
        case .levelNotConfigured(let subject):
            "Subject '\(subject)' does not have subject-level compatibility configured"
        case .modeNotConfigured(let subject): "Subject '\(subject)' does not have subject-level mode configured"
        case .invalidSchema(let problem): "Invalid schema: \(problem)"
        case .invalidVersion(let version):
            "The specified version '\(version)' is not a valid version id. Allowed values are between [1, 2^31-1] and the"
                + " string \"latest\""
        case .invalidLevel(let level):
            "Invalid compatibility level '\(level)'. Valid values are none, backward, forward, full,"
                + " backward_transitive, forward_transitive, and full_transitive"
        case .invalidMode(let mode): "Invalid mode '\(mode)'. Valid values are READWRITE and READONLY"
        case .readOnly(let subject): "Subject \(subject) is in read-only mode"
        case .referenced(let subject, let version):
            "One or more references exist to the schema {subject=\(subject), version=\(version)}."
        case .incompatible(let subject, let details):
            "Schema being registered is incompatible with an earlier schema for subject \"\(subject)\", details: ["
                + details.joined(separator: ", ") + "]"
        case .malformedRequest(let problem): "Malformed request: \(problem)"
        case .noSuchRoute(let method, let path): "HTTP 404 Not Found: \(method) \(path)"
        case .storage(let operation, let path, let reason):
            "Error in the backend data store: \(operation) \(path): \(reason)"
        case .corrupted(let path, let position):
            "Error in the backend data store: damage at byte \(position) of \(path)"
        }
    }

    public var report: ErrorReport {
        switch self {
        case .incompatible:
            ErrorReport(
                code: "REG-010", recovery: .changeRequest, message: message,
                hint: "Give new fields defaults, or register under a new subject, or relax the subject's compatibility."
            )
        case .invalidSchema:
            ErrorReport(
                code: "REG-011", recovery: .changeRequest, message: message, expected: "an Avro schema",
                hint: "Correct the schema and register it again.")
        case .readOnly:
            ErrorReport(
                code: "REG-012", recovery: .changeRequest, message: message, hint: "Set the mode to READWRITE first.")
        case .referenced:
            ErrorReport(
                code: "REG-013", recovery: .changeRequest, message: message,
                hint: "Delete the schemas that refer to it first.")
        case .storage:
            ErrorReport(
                code: "REG-020", recovery: .changeMachine, message: message,
                hint: "Free space or mend the disk, then try again; nothing of the request was kept.")
        case .corrupted(let path, let position):
            ErrorReport(
                code: "REG-021", recovery: .repairData, message: message,
                expected: "an unbroken record at byte \(position)",
                found: "a broken one with good ones behind it", hint: "Restore \(path) from a copy.")
        default:
            ErrorReport(
                code: number >= 42_202 && number < 42_300 || number == 400 ? "REG-002" : "REG-001",
                recovery: .changeRequest, message: message, hint: "Correct the request.")
        }
    }
}
