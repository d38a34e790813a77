internal import Base
internal import Formats

/// All that the registry knows. Changes only by events, so that a journal of them is the whole truth.
struct RegistryState: Sendable, Hashable {
    struct Version: Sendable, Hashable {
        let id: Int32
        var isDeleted = false
    }

    struct Subject: Sendable, Hashable {
        var versions: [Int: Version] = [:]
        /// The highest number ever given: numbers are not used twice.
        var lastVersion = 0

        /// In order of their numbers.
        func numbers(deleted: Bool) -> [Int] {
            versions.filter { deleted || !$0.value.isDeleted }.keys.sorted()
        }
    }

    static let defaultLevel = CompatibilityLevel.backward
    static let defaultMode = RegistryMode.readWrite

    private(set) var subjects: [String: Subject] = [:]
    private(set) var schemas: [Int32: RegisteredSchema] = [:]
    private(set) var ids: [SchemaIdentity: Int32] = [:]
    private(set) var level: CompatibilityLevel?
    private(set) var levels: [String: CompatibilityLevel] = [:]
    private(set) var mode: RegistryMode?
    private(set) var modes: [String: RegistryMode] = [:]
    private(set) var lastID: Int32 = 0

    mutating func apply(_ event: RegistryEvent) {
        switch event {
        case .schema(let schema):
            schemas[schema.id] = schema
            ids[schema.identity] = schema.id
            lastID = max(lastID, schema.id)
        case .version(let subject, let version, let id):
            var known = subjects[subject, default: Subject()]
            known.versions[version] = Version(id: id)
            known.lastVersion = max(known.lastVersion, version)
            subjects[subject] = known
        case .softDelete(let subject, let version): subjects[subject]?.versions[version]?.isDeleted = true
        case .permanentDelete(let subject, let version): subjects[subject]?.versions[version] = nil
        case .level(nil, let level): self.level = level
        case .level(let subject?, let level): levels[subject] = level
        case .mode(nil, let mode): self.mode = mode
        case .mode(let subject?, let mode): modes[subject] = mode
        case .lastVersion(let subject, let version):
            let before = subjects[subject, default: Subject()].lastVersion
            subjects[subject, default: Subject()].lastVersion = max(before, version)
        case .lastID(let id): lastID = max(lastID, id)
        }
    }

    /// The fewest events that make this state again.
    var snapshot: [RegistryEvent] {
        var events: [RegistryEvent] = schemas.values.sorted { $0.id < $1.id }.map { .schema($0) }
        events.append(.lastID(lastID))
        for (name, subject) in subjects.sorted(by: { $0.key < $1.key }) {
            events.append(.lastVersion(subject: name, subject.lastVersion))
            for (number, version) in subject.versions.sorted(by: { $0.key < $1.key }) {
                events.append(.version(subject: name, version: number, id: version.id))
                if version.isDeleted { events.append(.softDelete(subject: name, version: number)) }
            }
        }
        if let level { events.append(.level(subject: nil, level)) }
        if let mode { events.append(.mode(subject: nil, mode)) }
        events += levels.sorted { $0.key < $1.key }.map { .level(subject: $0.key, $0.value) }
        events += modes.sorted { $0.key < $1.key }.map { .mode(subject: $0.key, $0.value) }
        return events
    }

    func effectiveLevel(of subject: String) -> CompatibilityLevel { levels[subject] ?? level ?? Self.defaultLevel }
    func effectiveMode(of subject: String) -> RegistryMode { modes[subject] ?? mode ?? Self.defaultMode }

    func version(_ subject: String, _ number: Int) -> SubjectVersion? {
        guard let version = subjects[subject]?.versions[number], let schema = schemas[version.id] else { return nil }
        return SubjectVersion(subject: subject, version: number, schema: schema, isDeleted: version.isDeleted)
    }

    /// The subject's versions in order; throws where it has none to show.
    func versions(_ subject: String, deleted: Bool = false) throws(RegistryError) -> [SubjectVersion] {
        let numbers = subjects[subject]?.numbers(deleted: deleted) ?? []
        guard !numbers.isEmpty else { throw .subjectNotFound(subject) }
        return numbers.compactMap { version(subject, $0) }
    }

    /// Ids of the schemas that use this version and are not deleted themselves.
    func referrers(to subject: String, version: Int) -> [Int32] {
        let live = Set(subjects.values.flatMap { $0.versions.values.filter { !$0.isDeleted }.map(\.id) })
        return schemas.values.filter { schema in
            live.contains(schema.id) && schema.references.contains { $0.subject == subject && $0.version == version }
        }.map(\.id).sorted()
    }

    /// The parsed schema, with what it refers to.
    ///
    /// - Parameter isNew: it may not refer to deleted versions; what was registered before may.
    func parse(_ text: String, _ references: [SchemaReference], isNew: Bool) throws(RegistryError) -> AvroSchema {
        var known: [Int32: AvroSchema] = [:]
        return try parse(text, references, isNew: isNew, depth: 0, &known)
    }

    private func parse(
        _ text: String, _ references: [SchemaReference], isNew: Bool, depth: Int, _ known: inout [Int32: AvroSchema]
    ) throws(RegistryError) -> AvroSchema {
        guard depth < 32 else { throw .invalidSchema("references nest too deeply") }
        var parsed: [AvroSchema] = []
        for reference in references {
            guard let used = version(reference.subject, reference.version), !(isNew && used.isDeleted) else {
                throw .invalidSchema(
                    "no schema reference found for subject \"\(reference.subject)\" and version \(reference.version)")
            }
            if let before = known[used.schema.id] {
                parsed.append(before)
                continue
            }
            let schema = try parse(
                used.schema.text, used.schema.references, isNew: false, depth: depth + 1, &known)
            known[used.schema.id] = schema
            parsed.append(schema)
        }
        do { return try AvroSchema(parsing: text, references: parsed) } catch {
            let report = error.report
            let expected = report.expected.map { ", expected \($0)" } ?? ""
            throw .invalidSchema(report.message + expected + (report.found.map { ", found \($0)" } ?? ""))
        }
    }
}
