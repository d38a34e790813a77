internal import Columnar

/// Values that schemas give as defaults, in JSON. Source: Apache Avro 1.12 Specification, "Complex Types", "Records".
enum AvroDefault {
    /// A record's defaults may hold records with defaults in turn; deeper ones are refused.
    private static let depthMax = 64
    /// A default may have so many values, those that records in it fill in counted: a short schema can ask for any
    /// number of them.
    private static let valuesMax = 10_000

    static func fits(_ json: SchemaJSON, _ type: AvroType, in schema: AvroSchema) -> Bool {
        var budget = valuesMax
        return fits(json, type, in: schema, depth: 0, &budget)
    }

    private static func fits(
        _ json: SchemaJSON, _ type: AvroType, in schema: AvroSchema, depth: Int, _ budget: inout Int
    ) -> Bool {
        budget -= 1
        guard depth < depthMax, budget > 0 else { return false }
        switch schema.resolve(type) {
        case .null: return json.value == .null
        case .boolean: return json.bool != nil
        case .int: return json.integer.flatMap { Int32(exactly: $0) } != nil
        case .long: return json.integer != nil
        case .float, .double: return number(json) != nil
        case .bytes: return bytes(json) != nil
        case .string: return json.string != nil
        case .fixed(let fixed): return bytes(json)?.count == fixed.size
        case .enumeration(let enumeration): return json.string.map(enumeration.symbols.contains) ?? false
        case .array(let items):
            return json.array?.allSatisfy { fits($0, items, in: schema, depth: depth + 1, &budget) } ?? false
        case .map(let values):
            return json.members?.allSatisfy { fits($0.value, values, in: schema, depth: depth + 1, &budget) } ?? false
        case .record(let record):
            guard json.members != nil else { return false }
            return record.fields.allSatisfy { field in
                guard let value = json[field.name] ?? field.defaultValue else { return false }
                return fits(value, field.type, in: schema, depth: depth + 1, &budget)
            }
        // 1.12 allows any branch; before, the first one.
        case .union(let branches): return branches.contains { fits(json, $0, in: schema, depth: depth + 1, &budget) }
        case .reference, .annotated: return false
        }
    }

    /// The default as a value for a column of `AvroMapping`'s type.
    ///
    /// - Precondition: it fits its type, which the parser checks.
    static func scalar(_ json: SchemaJSON, _ type: AvroType, in schema: AvroSchema) -> Scalar {
        switch schema.resolve(type) {
        case .null, .reference, .annotated: return .null
        case .boolean: return .bool(json.bool ?? false)
        case .int, .long: return .int(json.integer ?? 0)
        case .float, .double: return .double(number(json) ?? 0)
        case .string, .enumeration: return .string(json.string ?? "")
        case .bytes, .fixed: return special(bytes(json) ?? [], schema.logical(type))
        case .array(let items): return .list((json.array ?? []).map { scalar($0, items, in: schema) })
        case .map(let values):
            return .map(
                (json.members ?? []).map { Scalar.MapEntry(.string($0.name), scalar($0.value, values, in: schema)) })
        case .record(let record):
            return .structure(
                record.fields.map { scalar(json[$0.name] ?? $0.defaultValue ?? .null, $0.type, in: schema) })
        case .union(let branches):
            guard let chosen = branches.firstIndex(where: { fits(json, $0, in: schema) }) else { return .null }
            if case .null = schema.resolve(branches[chosen]) { return .null }
            let value = scalar(json, branches[chosen], in: schema)
            if AvroMapping.nullable(branches, in: schema) != nil { return value }
            let members = branches.indices.filter { schema.resolve(branches[$0]) != .null }
            return .structure(members.map { $0 == chosen ? value : .null })
        }
    }

    private static func special(_ bytes: [UInt8], _ logical: AvroLogicalType?) -> Scalar {
        switch logical {
        case .decimal where bytes.count <= 16:
            return .decimal(unsafe bytes.withUnsafeBytes { unsafe AvroDecimal.number($0) } ?? 0)
        case .duration:
            var words: [UInt32] = [0, 0, 0]
            for (index, byte) in bytes.prefix(12).enumerated() {
                words[index / 4] |= UInt32(byte) << UInt32(index % 4 * 8)
            }
            return .interval(
                months: Int32(clamping: words[0]), days: Int32(clamping: words[1]), nanos: Int64(words[2]) * 1_000_000)
        default: return .bytes(bytes)
        }
    }

    private static func number(_ json: SchemaJSON) -> Double? {
        if let number = json.double { return number }
        switch json.string {
        case "NaN": return .nan
        case "Infinity", "INF": return .infinity
        case "-Infinity", "-INF": return -.infinity
        default: return nil
        }
    }

    /// Code points 0 to 255 stand for the bytes.
    private static func bytes(_ json: SchemaJSON) -> [UInt8]? {
        guard let text = json.string else { return nil }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
