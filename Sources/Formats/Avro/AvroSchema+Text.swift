extension AvroSchema {
    /// The schema as JSON without white space, with everything that was written in it.
    public var text: String { json(root, canonical: false).text }

    /// The same with all attributes in order of their names, so that texts that differ only in order become equal.
    public var normalizedText: String { json(root, canonical: false).sortedText }

    /// Avro's "Parsing Canonical Form": what decides how data is read, and nothing else.
    public var canonicalText: String { json(root, canonical: true).text }

    /// CRC-64-AVRO of the canonical form. Source: Apache Avro 1.12 Specification, "Schema Fingerprints".
    public var fingerprint: UInt64 {
        var fingerprint = Self.emptyFingerprint
        for byte in canonicalText.utf8 {
            fingerprint = fingerprint >> 8 ^ Self.fingerprints[Int(UInt8(truncatingIfNeeded: fingerprint) ^ byte)]
        }
        return fingerprint
    }

    private static let emptyFingerprint: UInt64 = 0xc15d_213a_a4d7_a795
    private static let fingerprints: [UInt64] = (0..<256).map { start in
        (0..<8).reduce(UInt64(start)) { value, _ in value >> 1 ^ (emptyFingerprint & (0 &- (value & 1))) }
    }

    private func json(_ type: AvroType, canonical: Bool) -> SchemaJSON {
        switch type {
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string, .reference: return .string(type.label)
        case .array(let items):
            return .object([("type", .string("array")), ("items", json(items, canonical: canonical))])
        case .map(let values):
            return .object([("type", .string("map")), ("values", json(values, canonical: canonical))])
        case .union(let branches): return .array(branches.map { json($0, canonical: canonical) })
        case .record(let record):
            var members = [("name", SchemaJSON.string(record.name))]
            members.append(("type", .string(record.isError && !canonical ? "error" : "record")))
            if !canonical { members += notes(record.doc, record.aliases) }
            members.append(("fields", .array(record.fields.map { json($0, canonical: canonical) })))
            if !canonical { members += record.properties.map { ($0.name, $0.value) } }
            return .object(members)
        case .enumeration(let enumeration):
            var members = [("name", SchemaJSON.string(enumeration.name)), ("type", .string("enum"))]
            if !canonical { members += notes(enumeration.doc, enumeration.aliases) }
            members.append(("symbols", .array(enumeration.symbols.map { .string($0) })))
            if !canonical {
                if let symbol = enumeration.defaultSymbol { members.append(("default", .string(symbol))) }
                members += enumeration.properties.map { ($0.name, $0.value) }
            }
            return .object(members)
        case .fixed(let fixed):
            var members = [("name", SchemaJSON.string(fixed.name)), ("type", .string("fixed"))]
            if !canonical { members += notes(fixed.doc, fixed.aliases) }
            members.append(("size", .number(fixed.size)))
            return .object(members)
        case .annotated(let base, let logical, let properties):
            let inner = json(base, canonical: canonical)
            if canonical { return inner }
            var members = inner.members.map { $0.map { ($0.name, $0.value) } } ?? [("type", inner)]
            if let logical {
                members.append(("logicalType", .string(logical.name)))
                if case .decimal(let precision, let scale) = logical {
                    members.append(("precision", .number(precision)))
                    members.append(("scale", .number(scale)))
                }
            }
            return .object(members + properties.map { ($0.name, $0.value) })
        }
    }

    private func json(_ field: AvroField, canonical: Bool) -> SchemaJSON {
        var members = [("name", SchemaJSON.string(field.name)), ("type", json(field.type, canonical: canonical))]
        guard !canonical else { return .object(members) }
        members += notes(field.doc, field.aliases)
        if let value = field.defaultValue { members.append(("default", value)) }
        if let order = field.order { members.append(("order", .string(order))) }
        return .object(members + field.properties.map { ($0.name, $0.value) })
    }

    private func notes(_ doc: String?, _ aliases: [String]) -> [(String, SchemaJSON)] {
        var members: [(String, SchemaJSON)] = []
        if let doc { members.append(("doc", .string(doc))) }
        if !aliases.isEmpty { members.append(("aliases", .array(aliases.map { .string($0) }))) }
        return members
    }
}
