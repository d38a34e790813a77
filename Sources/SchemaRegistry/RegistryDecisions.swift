internal import Formats

/// What requests do: each gives the events that carry it out, or throws; none changes anything.
extension RegistryState {
    struct Registration {
        let id: Int32
        let version: Int
        /// None where the subject has the schema already.
        let events: [RegistryEvent]
    }

    func register(
        _ text: String, _ references: [SchemaReference], subject: String, normalize: Bool
    ) throws(RegistryError) -> Registration {
        guard effectiveMode(of: subject) == .readWrite else { throw .readOnly(subject) }
        let schema = try parse(text, references, isNew: true)
        let identity = identity(of: schema, references, normalize: normalize)
        if let known = find(identity, in: subject, deleted: false) {
            return Registration(id: known.schema.id, version: known.version, events: [])
        }
        let problems = try incompatibilities(
            of: schema, with: (try? versions(subject)) ?? [], level: effectiveLevel(of: subject))
        guard problems.isEmpty else { throw .incompatible(subject: subject, details: problems) }
        let version = (subjects[subject]?.lastVersion ?? 0) + 1
        if let id = ids[identity] {
            return Registration(
                id: id, version: version, events: [.version(subject: subject, version: version, id: id)])
        }
        guard lastID < Int32.max else { throw .invalidSchema("no ids left") }
        let registered = RegisteredSchema(id: lastID + 1, text: identity.text, references: references)
        return Registration(
            id: registered.id, version: version,
            events: [.schema(registered), .version(subject: subject, version: version, id: registered.id)])
    }

    func identity(of schema: AvroSchema, _ references: [SchemaReference], normalize: Bool) -> SchemaIdentity {
        SchemaIdentity(
            text: normalize ? schema.normalizedText : schema.text,
            references: normalize ? references.sorted { $0.name < $1.name } : references)
    }

    /// The newest version of the subject with that schema.
    func find(_ identity: SchemaIdentity, in subject: String, deleted: Bool) -> SubjectVersion? {
        guard let id = ids[identity], let known = subjects[subject] else { return nil }
        let number = known.numbers(deleted: deleted).last { known.versions[$0]?.id == id }
        return number.flatMap { version(subject, $0) }
    }

    /// Confluent's sentences on why `schema` may not follow `earlier` versions; none where it may.
    func incompatibilities(
        of schema: AvroSchema, with earlier: [SubjectVersion], level: CompatibilityLevel
    ) throws(RegistryError) -> [String] {
        let checked = level.isTransitive ? earlier.reversed() : Array(earlier.suffix(1))
        for old in checked {
            let oldSchema = try parse(old.schema.text, old.schema.references, isNew: false)
            var details: [String] = []
            if level.readsOld {
                details += AvroCompatibility.check(reader: schema, writer: oldSchema).map {
                    Self.sentence($0, reader: "new", writer: "old")
                }
            }
            if level.readByOld {
                details += AvroCompatibility.check(reader: oldSchema, writer: schema).map {
                    Self.sentence($0, reader: "old", writer: "new")
                }
            }
            if !details.isEmpty {
                return details + [
                    "{oldSchemaVersion: \(old.version)}", "{oldSchema: '\(old.schema.text)'}",
                    "{validateFields: 'false', compatibility: '\(level.rawValue)'}",
                ]
            }
        }
        return []
    }

    private static func sentence(
        _ problem: AvroCompatibility.Incompatibility, reader: String, writer: String
    ) -> String {
        let what =
            switch problem.kind {
            case .nameMismatch: "The name of the schema has changed (path '\(problem.path)')"
            case .fixedSizeMismatch:
                "The size of FIXED type field at path '\(problem.path)' in the \(reader) schema does not match with the"
                    + " \(writer) schema"
            case .missingEnumSymbols:
                "The \(reader) schema is missing enum symbols '\(problem.detail)' at path '\(problem.path)' in the"
                    + " \(writer) schema"
            case .readerFieldMissingDefaultValue:
                "The field '\(problem.detail)' at path '\(problem.path)' in the \(reader) schema has no default value and"
                    + " is missing in the \(writer) schema"
            case .typeMismatch:
                "The type (path '\(problem.path)') of a field in the \(reader) schema does not match with the \(writer)"
                    + " schema"
            case .missingUnionBranch:
                "The \(reader) schema is missing a type inside a union field at path '\(problem.path)' in the \(writer)"
                    + " schema"
            }
        return "{errorType:'\(problem.kind.rawValue)', description:'\(what)', additionalInfo:'\(problem.detail)'}"
    }

    func delete(subject: String, permanent: Bool) throws(RegistryError) -> (versions: [Int], events: [RegistryEvent]) {
        guard effectiveMode(of: subject) == .readWrite else { throw .readOnly(subject) }
        let all = subjects[subject]?.numbers(deleted: true) ?? []
        guard !all.isEmpty else { throw .subjectNotFound(subject) }
        let live = subjects[subject]?.numbers(deleted: false) ?? []
        for version in permanent ? all : live where !referrers(to: subject, version: version).isEmpty {
            throw .referenced(subject: subject, version: version)
        }
        if permanent {
            guard live.isEmpty else { throw .subjectNotSoftDeleted(subject) }
            return (all, all.map { .permanentDelete(subject: subject, version: $0) } + forget(subject))
        }
        guard !live.isEmpty else { throw .subjectSoftDeleted(subject) }
        return (live, live.map { .softDelete(subject: subject, version: $0) } + forget(subject))
    }

    /// A deleted subject's own level and mode go with it.
    private func forget(_ subject: String) -> [RegistryEvent] {
        (levels[subject] == nil ? [] : [.level(subject: subject, nil)])
            + (modes[subject] == nil ? [] : [.mode(subject: subject, nil)])
    }

    func delete(subject: String, version: Int, permanent: Bool) throws(RegistryError) -> [RegistryEvent] {
        guard effectiveMode(of: subject) == .readWrite else { throw .readOnly(subject) }
        guard let known = subjects[subject], !known.versions.isEmpty else { throw .subjectNotFound(subject) }
        guard let found = known.versions[version] else { throw .versionNotFound("\(version)") }
        guard referrers(to: subject, version: version).isEmpty else {
            throw .referenced(subject: subject, version: version)
        }
        if permanent {
            guard found.isDeleted else { throw .versionNotSoftDeleted(subject: subject, version: version) }
            return [.permanentDelete(subject: subject, version: version)]
        }
        guard !found.isDeleted else { throw .versionSoftDeleted(subject: subject, version: version) }
        return [.softDelete(subject: subject, version: version)]
    }
}
