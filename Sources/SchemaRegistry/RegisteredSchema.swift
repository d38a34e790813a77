/// A schema that another one uses by the names which it defines.
public struct SchemaReference: Sendable, Hashable {
    public let name: String
    public let subject: String
    public let version: Int

    public init(name: String, subject: String, version: Int) {
        (self.name, self.subject, self.version) = (name, subject, version)
    }
}

/// What makes a schema the same as another: then it has the same id in every subject.
struct SchemaIdentity: Sendable, Hashable {
    let text: String
    let references: [SchemaReference]
}

/// A schema with its id.
public struct RegisteredSchema: Sendable, Hashable {
    public let id: Int32
    /// JSON without white space.
    public let text: String
    public let references: [SchemaReference]

    var identity: SchemaIdentity { SchemaIdentity(text: text, references: references) }
}

/// A schema as one version of a subject.
public struct SubjectVersion: Sendable, Hashable {
    public let subject: String
    public let version: Int
    public let schema: RegisteredSchema
    public let isDeleted: Bool
}

/// What a new version must be able to do with the earlier ones.
/// Source: Confluent, "Schema Evolution and Compatibility".
public enum CompatibilityLevel: String, Sendable, Hashable, CaseIterable {
    case none = "NONE"
    case backward = "BACKWARD"
    case backwardTransitive = "BACKWARD_TRANSITIVE"
    case forward = "FORWARD"
    case forwardTransitive = "FORWARD_TRANSITIVE"
    case full = "FULL"
    case fullTransitive = "FULL_TRANSITIVE"

    /// The new schema reads what the old ones wrote.
    var readsOld: Bool { self == .backward || self == .backwardTransitive || self == .full || self == .fullTransitive }
    /// The old schemas read what the new one writes.
    var readByOld: Bool { self == .forward || self == .forwardTransitive || self == .full || self == .fullTransitive }
    /// Against all earlier versions, not only the newest.
    var isTransitive: Bool {
        self == .backwardTransitive || self == .forwardTransitive || self == .fullTransitive
    }
}

/// Whether schemas may be registered and deleted.
public enum RegistryMode: String, Sendable, Hashable, CaseIterable {
    case readWrite = "READWRITE"
    case readOnly = "READONLY"
}
