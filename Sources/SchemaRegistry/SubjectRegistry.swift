public import Formats
internal import Synchronization

/// Schemas by id, and subjects with versions of them, kept in one file. Any thread may call.
///
/// The rules and numbers are those of Confluent's Schema Registry. Every change is on disk before its call returns.
public final class SubjectRegistry: Sendable {
    private struct Guarded {
        var state: RegistryState
        let journal: any RegistryJournal
        /// Schemas by id as producers and consumers use them; they never change.
        var parsed: [Int32: AvroSchema] = [:]
    }

    private let guarded: Mutex<Guarded>

    /// Opens the registry of a file, which is made if there is none and compacted if there is.
    ///
    /// - Throws: `corrupted` where a record in the middle is broken; `storage`.
    public convenience init(path: String) throws(RegistryError) {
        var state = RegistryState()
        for record in try FileJournal.load(path) {
            guard let events = Self.events(of: record.payload) else {
                throw .corrupted(path: path, position: record.position)
            }
            for event in events { state.apply(event) }
        }
        let journal = try FileJournal.rewrite(path, with: Self.payload(state.snapshot))
        self.init(state: state, journal: journal)
    }

    /// An empty registry on any journal.
    public convenience init(journal: some RegistryJournal = VolatileJournal()) {
        self.init(state: RegistryState(), journal: journal)
    }

    private init(state: RegistryState, journal: some RegistryJournal) {
        guarded = Mutex(Guarded(state: state, journal: journal))
    }

    private static func payload(_ events: [RegistryEvent]) -> [UInt8] {
        Array(SchemaJSON.array(events.map(\.json)).text.utf8)
    }

    private static func events(of payload: [UInt8]) -> [RegistryEvent]? {
        guard let list = (try? SchemaJSON(parsing: payload))?.array else { return nil }
        let events = list.compactMap(RegistryEvent.init)
        return events.count == list.count ? events : nil
    }

    // MARK: Changes

    /// Registers a schema under a subject.
    ///
    /// - Returns: its id, which the same schema has in every subject.
    /// - Throws: `invalidSchema`, `incompatible`, `readOnly`; nothing has changed then.
    @discardableResult
    public func register(
        _ text: String, references: [SchemaReference] = [], subject: String, normalize: Bool = false
    ) throws(RegistryError) -> Int32 {
        try change { state throws(RegistryError) in
            let registration = try state.register(text, references, subject: subject, normalize: normalize)
            return (registration.id, registration.events)
        }
    }

    /// Deletes all versions of a subject, and tells which; permanently only what is deleted softly before.
    public func delete(subject: String, permanent: Bool = false) throws(RegistryError) -> [Int] {
        try change { state throws(RegistryError) in try state.delete(subject: subject, permanent: permanent) }
    }

    public func delete(subject: String, version: Int, permanent: Bool = false) throws(RegistryError) {
        try change { state throws(RegistryError) in
            ((), try state.delete(subject: subject, version: version, permanent: permanent))
        }
    }

    /// Sets the level of a subject, or of all that have none of their own. Nil goes back to the default.
    public func setLevel(_ level: CompatibilityLevel?, subject: String? = nil) throws(RegistryError) {
        try change { _ throws(RegistryError) in ((), [.level(subject: subject, level)]) }
    }

    public func setMode(_ mode: RegistryMode?, subject: String? = nil) throws(RegistryError) {
        try change { _ throws(RegistryError) in ((), [.mode(subject: subject, mode)]) }
    }

    /// Decides, writes what was decided to the journal, and only then lets it be seen.
    private func change<Answer: Sendable>(
        _ decide: (RegistryState) throws(RegistryError) -> (Answer, [RegistryEvent])
    ) throws(RegistryError) -> Answer {
        try guarded.withLock { guarded throws(RegistryError) in
            let (answer, events) = try decide(guarded.state)
            guard !events.isEmpty else { return answer }
            try guarded.journal.append(Self.payload(events))
            for event in events { guarded.state.apply(event) }
            return answer
        }
    }

    // MARK: Questions

    /// The state as it is now; a value, so that an answer made of several parts fits together.
    var state: RegistryState { guarded.withLock { $0.state } }

    public var subjects: [String] {
        state.subjects.filter { !$0.value.numbers(deleted: false).isEmpty }.keys.sorted()
    }

    public func schema(id: Int32) throws(RegistryError) -> RegisteredSchema {
        guard let schema = guarded.withLock({ $0.state.schemas[id] }) else { throw .schemaNotFound("\(id)") }
        return schema
    }

    /// The schema of that id, parsed, with what it refers to; parsed once.
    public func avroSchema(id: Int32) throws(RegistryError) -> AvroSchema {
        try guarded.withLock { guarded throws(RegistryError) in
            if let parsed = guarded.parsed[id] { return parsed }
            guard let schema = guarded.state.schemas[id] else { throw .schemaNotFound("\(id)") }
            let parsed = try guarded.state.parse(schema.text, schema.references, isNew: false)
            guarded.parsed[id] = parsed
            return parsed
        }
    }

    /// The versions of a subject, oldest first.
    public func versions(of subject: String) throws(RegistryError) -> [SubjectVersion] {
        try state.versions(subject)
    }

    public func latest(of subject: String) throws(RegistryError) -> SubjectVersion {
        guard let latest = try state.versions(subject).last else { throw .subjectNotFound(subject) }
        return latest
    }
}
