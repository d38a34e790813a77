internal import Formats

/// What a route answers: JSON, as Confluent's clients expect it.
public struct RegistryResponse: Sendable, Hashable {
    public static let contentType = "application/vnd.schemaregistry.v1+json"
    public let status: Int
    public let body: [UInt8]

    init(status: Int = 200, _ json: SchemaJSON) { (self.status, body) = (status, Array(json.text.utf8)) }
}

/// The REST API of Confluent's Schema Registry as a function from a request to a response; a server mounts it.
///
/// Source: Confluent, "Schema Registry API Reference".
public struct RegistryRoutes: Sendable {
    private let registry: SubjectRegistry

    public init(_ registry: SubjectRegistry) { self.registry = registry }

    /// - Parameters:
    ///   - path: without the query, percent-encoded as it came.
    ///   - query: what stands behind the question mark, as it came.
    public func respond(method: String, path: String, query: String = "", body: [UInt8] = []) -> RegistryResponse {
        do throws(RegistryError) {
            let request = RegistryRequest(method: method, path: path, query: query, body: body)
            return RegistryResponse(try answer(request))
        } catch {
            return RegistryResponse(
                status: error.status,
                .object([("error_code", .number(error.number)), ("message", .string(error.message))]))
        }
    }

    private func answer(_ request: RegistryRequest) throws(RegistryError) -> SchemaJSON {
        switch (request.method, request.segments.first) {
        case ("GET", nil): return .object([])
        case (_, "subjects"): return try subjects(request)
        case (_, "schemas"): return try schemas(request)
        case (_, "config"): return try config(request)
        case (_, "mode"): return try mode(request)
        case ("POST", "compatibility"): return try compatibility(request)
        case ("GET", "contexts") where request.segments.count == 1: return .array([.string(".")])
        default: throw request.unknown
        }
    }

    // MARK: Subjects

    private func subjects(_ request: RegistryRequest) throws(RegistryError) -> SchemaJSON {
        let state = registry.state
        let deleted = request.flag("deleted")
        let path = request.segments
        switch (request.method, path.count) {
        case ("GET", 1):
            let prefix = request.parameter("subjectPrefix") ?? ""
            let names = state.subjects.filter { name, subject in
                !subject.numbers(deleted: deleted).isEmpty && name.hasPrefix(prefix)
            }
            return .array(names.keys.sorted().map { .string($0) })
        case ("POST", 2): return try lookUp(request, subject: path[1], state)
        case ("DELETE", 2):
            let versions = try registry.delete(subject: path[1], permanent: request.flag("permanent"))
            return .array(versions.map { .number($0) })
        case ("GET", 3) where path[2] == "versions":
            return .array(try state.versions(path[1], deleted: deleted).map { .number($0.version) })
        case ("POST", 3) where path[2] == "versions":
            let schema = try request.schema()
            let id = try registry.register(
                schema.text, references: schema.references, subject: path[1], normalize: request.flag("normalize"))
            return .object([("id", .number(id))])
        case ("GET", 4) where path[2] == "versions":
            return Self.json(try find(path[1], path[3], state, deleted: deleted))
        case ("DELETE", 4) where path[2] == "versions":
            let permanent = request.flag("permanent")
            let version = try find(path[1], path[3], state, deleted: true, latestAmongDeleted: permanent).version
            try registry.delete(subject: path[1], version: version, permanent: permanent)
            return .number(version)
        case ("GET", 5) where path[2] == "versions" && path[4] == "schema":
            let version = try find(path[1], path[3], state, deleted: deleted)
            // The text was parsed when it was registered.
            return (try? SchemaJSON(parsing: version.schema.text)) ?? .string(version.schema.text)
        case ("GET", 5) where path[2] == "versions" && path[4] == "referencedby":
            let version = try find(path[1], path[3], state, deleted: deleted)
            return .array(state.referrers(to: path[1], version: version.version).map { .number($0) })
        default: throw request.unknown
        }
    }

    private func lookUp(
        _ request: RegistryRequest, subject: String, _ state: RegistryState
    ) throws(RegistryError) -> SchemaJSON {
        let deleted = request.flag("deleted")
        _ = try state.versions(subject, deleted: deleted)
        let (text, references) = try request.schema()
        let schema = try state.parse(text, references, isNew: true)
        let identity = state.identity(of: schema, references, normalize: request.flag("normalize"))
        guard let found = state.find(identity, in: subject, deleted: deleted) else { throw .schemaNotFound("") }
        return Self.json(found)
    }

    private func find(
        _ subject: String, _ version: String, _ state: RegistryState, deleted: Bool, latestAmongDeleted: Bool = false
    ) throws(RegistryError) -> SubjectVersion {
        if version == "latest" || version == "-1" {
            guard let latest = try state.versions(subject, deleted: latestAmongDeleted).last else {
                throw .versionNotFound(version)
            }
            return latest
        }
        guard let number = Int32(version), number > 0 else { throw .invalidVersion(version) }
        _ = try state.versions(subject, deleted: deleted)
        guard let found = state.version(subject, Int(number)), deleted || !found.isDeleted else {
            throw .versionNotFound(version)
        }
        return found
    }

    private static func json(_ version: SubjectVersion) -> SchemaJSON {
        var members: [(String, SchemaJSON)] = [
            ("subject", .string(version.subject)), ("version", .number(version.version)),
            ("id", .number(version.schema.id)),
        ]
        if !version.schema.references.isEmpty {
            members.append(("references", .array(version.schema.references.map(\.json))))
        }
        return .object(members + [("schema", .string(version.schema.text))])
    }

    // MARK: Schemas by id

    private func schemas(_ request: RegistryRequest) throws(RegistryError) -> SchemaJSON {
        let path = request.segments
        guard request.method == "GET", path.count >= 2 else { throw request.unknown }
        if path[1] == "types", path.count == 2 { return .array([.string("AVRO")]) }
        guard path[1] == "ids", (3...4).contains(path.count) else { throw request.unknown }
        guard let id = Int32(path[2]) else { throw .schemaNotFound(path[2]) }
        let schema = try registry.schema(id: id)
        let state = registry.state
        let uses = state.subjects.sorted { $0.key < $1.key }.flatMap { name, subject in
            subject.numbers(deleted: request.flag("deleted")).filter { subject.versions[$0]?.id == id }
                .map { (subject: name, version: $0) }
        }
        switch path.count == 4 ? path[3] : "" {
        case "":
            var members: [(String, SchemaJSON)] = []
            if !schema.references.isEmpty { members.append(("references", .array(schema.references.map(\.json)))) }
            return .object(members + [("schema", .string(schema.text))])
        case "schema": return (try? SchemaJSON(parsing: schema.text)) ?? .string(schema.text)
        case "subjects":
            var names: [String] = []
            for use in uses where names.last != use.subject { names.append(use.subject) }
            return .array(names.map { .string($0) })
        case "versions":
            return .array(
                uses.map { .object([("subject", .string($0.subject)), ("version", .number($0.version))]) })
        default: throw request.unknown
        }
    }

    // MARK: Compatibility, configuration, mode

    private func compatibility(_ request: RegistryRequest) throws(RegistryError) -> SchemaJSON {
        let path = request.segments
        guard path.count >= 4, path.count <= 5, path[1] == "subjects", path[3] == "versions" else {
            throw request.unknown
        }
        let state = registry.state
        let (text, references) = try request.schema()
        let schema = try state.parse(text, references, isNew: true)
        let level = state.effectiveLevel(of: path[2])
        // One version is compared with that one only; all versions as a registration would be.
        let earlier =
            path.count == 5
            ? [try find(path[2], path[4], state, deleted: false)] : (try? state.versions(path[2])) ?? []
        let problems = try state.incompatibilities(of: schema, with: earlier, level: level)
        var members: [(String, SchemaJSON)] = [("is_compatible", .bool(problems.isEmpty))]
        if request.flag("verbose") { members.append(("messages", .array(problems.map { .string($0) }))) }
        return .object(members)
    }

    private func config(_ request: RegistryRequest) throws(RegistryError) -> SchemaJSON {
        guard request.segments.count <= 2 else { throw request.unknown }
        let subject = request.segments.count == 2 ? request.segments[1] : nil
        let state = registry.state
        let own = subject.map { state.levels[$0] } ?? state.level
        switch request.method {
        case "GET":
            if let subject, own == nil, !request.flag("defaultToGlobal") { throw .levelNotConfigured(subject: subject) }
            let level = subject.map(state.effectiveLevel) ?? own ?? RegistryState.defaultLevel
            return .object([("compatibilityLevel", .string(level.rawValue))])
        case "PUT":
            let text = try request.member("compatibility")
            guard let level = CompatibilityLevel(rawValue: text.uppercased()) else { throw .invalidLevel(text) }
            try registry.setLevel(level, subject: subject)
            return .object([("compatibility", .string(level.rawValue))])
        case "DELETE":
            if let subject, own == nil { throw .levelNotConfigured(subject: subject) }
            try registry.setLevel(nil, subject: subject)
            let before = own ?? RegistryState.defaultLevel
            return .object([("compatibilityLevel", .string(before.rawValue))])
        default: throw request.unknown
        }
    }

    private func mode(_ request: RegistryRequest) throws(RegistryError) -> SchemaJSON {
        guard request.segments.count <= 2 else { throw request.unknown }
        let subject = request.segments.count == 2 ? request.segments[1] : nil
        let state = registry.state
        let own = subject.map { state.modes[$0] } ?? state.mode
        switch request.method {
        case "GET":
            if let subject, own == nil, !request.flag("defaultToGlobal") { throw .modeNotConfigured(subject: subject) }
            let mode = subject.map(state.effectiveMode) ?? own ?? RegistryState.defaultMode
            return .object([("mode", .string(mode.rawValue))])
        case "PUT":
            let text = try request.member("mode")
            guard let mode = RegistryMode(rawValue: text.uppercased()) else { throw .invalidMode(text) }
            try registry.setMode(mode, subject: subject)
            return .object([("mode", .string(mode.rawValue))])
        case "DELETE":
            guard let subject else { throw request.unknown }
            guard let own else { throw .modeNotConfigured(subject: subject) }
            try registry.setMode(nil, subject: subject)
            return .object([("mode", .string(own.rawValue))])
        default: throw request.unknown
        }
    }
}
