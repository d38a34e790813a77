internal import Formats

/// One change of the registry, as the journal keeps it.
enum RegistryEvent: Sendable, Hashable {
    case schema(RegisteredSchema)
    case version(subject: String, version: Int, id: Int32)
    case softDelete(subject: String, version: Int)
    case permanentDelete(subject: String, version: Int)
    /// For all subjects where `subject` is nil; the default again where `level` is nil.
    case level(subject: String?, CompatibilityLevel?)
    case mode(subject: String?, RegistryMode?)
    /// The highest version that a subject ever had and the highest id: what compaction must not forget.
    case lastVersion(subject: String, Int)
    case lastID(Int32)
}

extension RegistryEvent {
    var json: SchemaJSON {
        switch self {
        case .schema(let schema):
            .object([
                ("event", .string("schema")), ("id", .number(schema.id)), ("schema", .string(schema.text)),
                ("references", .array(schema.references.map(\.json))),
            ])
        case .version(let subject, let version, let id):
            .object([
                ("event", .string("version")), ("subject", .string(subject)), ("version", .number(version)),
                ("id", .number(id)),
            ])
        case .softDelete(let subject, let version): Self.json("softDelete", subject, version)
        case .permanentDelete(let subject, let version): Self.json("permanentDelete", subject, version)
        case .level(let subject, let level): Self.json("level", subject, level?.rawValue)
        case .mode(let subject, let mode): Self.json("mode", subject, mode?.rawValue)
        case .lastVersion(let subject, let version): Self.json("lastVersion", subject, version)
        case .lastID(let id): .object([("event", .string("lastID")), ("id", .number(id))])
        }
    }

    private static func json(_ event: String, _ subject: String, _ version: Int) -> SchemaJSON {
        .object([("event", .string(event)), ("subject", .string(subject)), ("version", .number(version))])
    }

    private static func json(_ event: String, _ subject: String?, _ value: String?) -> SchemaJSON {
        .object([
            ("event", .string(event)), ("subject", subject.map { .string($0) } ?? .null),
            ("value", value.map { .string($0) } ?? .null),
        ])
    }

    /// Nil for what no version of this program wrote.
    init?(_ json: SchemaJSON) {
        let subject = json["subject"]?.string
        let version = json["version"]?.integer.flatMap { Int(exactly: $0) }
        let id = json["id"]?.integer.flatMap { Int32(exactly: $0) }
        switch (json["event"]?.string, subject, version, id) {
        case ("schema", _, _, let id?):
            guard let text = json["schema"]?.string, let list = json["references"]?.array else { return nil }
            let references = list.compactMap(SchemaReference.init)
            guard references.count == list.count else { return nil }
            self = .schema(RegisteredSchema(id: id, text: text, references: references))
        case ("version", let subject?, let version?, let id?):
            self = .version(subject: subject, version: version, id: id)
        case ("softDelete", let subject?, let version?, _): self = .softDelete(subject: subject, version: version)
        case ("permanentDelete", let subject?, let version?, _):
            self = .permanentDelete(subject: subject, version: version)
        case ("level", _, _, _):
            self = .level(subject: subject, json["value"]?.string.flatMap(CompatibilityLevel.init))
        case ("mode", _, _, _): self = .mode(subject: subject, json["value"]?.string.flatMap(RegistryMode.init))
        case ("lastVersion", let subject?, let version?, _): self = .lastVersion(subject: subject, version)
        case ("lastID", _, _, let id?): self = .lastID(id)
        default: return nil
        }
    }
}

extension SchemaReference {
    var json: SchemaJSON {
        .object([("name", .string(name)), ("subject", .string(subject)), ("version", .number(version))])
    }

    init?(_ json: SchemaJSON) {
        guard let name = json["name"]?.string, let subject = json["subject"]?.string,
            let version = json["version"]?.integer.flatMap({ Int(exactly: $0) })
        else { return nil }
        self.init(name: name, subject: subject, version: version)
    }
}
