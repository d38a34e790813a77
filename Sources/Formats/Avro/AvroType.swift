/// A type of Avro's. Source: Apache Avro 1.12 Specification, "Schema Declaration", with its names.
public indirect enum AvroType: Sendable, Hashable {
    case null, boolean, int, long, float, double, bytes, string
    case record(AvroRecord)
    case enumeration(AvroEnumeration)
    case fixed(AvroFixed)
    case array(AvroType)
    case map(AvroType)
    case union([AvroType])
    /// A named type that stands in full elsewhere; the full name.
    case reference(String)
    /// A type with more written on it: what its values mean, and attributes that Avro itself ignores.
    case annotated(AvroType, logical: AvroLogicalType?, properties: [SchemaJSON.Member])
}

/// What the values of a type mean. Source: Apache Avro 1.12 Specification, "Logical Types".
public enum AvroLogicalType: Sendable, Hashable {
    /// A big-endian two's complement integer, of which `scale` digits stand behind the point.
    case decimal(precision: Int, scale: Int)
    case uuid
    case date
    case timeMillis, timeMicros
    case timestampMillis, timestampMicros, timestampNanos
    case localTimestampMillis, localTimestampMicros, localTimestampNanos
    /// Months, days and milliseconds.
    case duration

    var name: String {
        switch self {
        case .decimal: "decimal"
        case .uuid: "uuid"
        case .date: "date"
        case .timeMillis: "time-millis"
        case .timeMicros: "time-micros"
        case .timestampMillis: "timestamp-millis"
        case .timestampMicros: "timestamp-micros"
        case .timestampNanos: "timestamp-nanos"
        case .localTimestampMillis: "local-timestamp-millis"
        case .localTimestampMicros: "local-timestamp-micros"
        case .localTimestampNanos: "local-timestamp-nanos"
        case .duration: "duration"
        }
    }

    /// The logical type of that name on `base`; nil where the specification says to ignore the attribute.
    init?(_ name: String, on base: AvroType, precision: Int64?, scale: Int64?) {
        switch (name, base) {
        case ("decimal", .bytes), ("decimal", .fixed):
            guard let precision, precision > 0, precision <= 1_000_000 else { return nil }
            let scale = scale ?? 0
            guard scale >= 0, scale <= precision else { return nil }
            if case .fixed(let fixed) = base, precision > AvroFixed.digitsMax(bytes: fixed.size) { return nil }
            self = .decimal(precision: Int(precision), scale: Int(scale))
        case ("uuid", .string): self = .uuid
        case ("uuid", .fixed(let fixed)) where fixed.size == 16: self = .uuid
        case ("date", .int): self = .date
        case ("time-millis", .int): self = .timeMillis
        case ("time-micros", .long): self = .timeMicros
        case ("timestamp-millis", .long): self = .timestampMillis
        case ("timestamp-micros", .long): self = .timestampMicros
        case ("timestamp-nanos", .long): self = .timestampNanos
        case ("local-timestamp-millis", .long): self = .localTimestampMillis
        case ("local-timestamp-micros", .long): self = .localTimestampMicros
        case ("local-timestamp-nanos", .long): self = .localTimestampNanos
        case ("duration", .fixed(let fixed)) where fixed.size == 12: self = .duration
        default: return nil
        }
    }
}

public struct AvroRecord: Sendable, Hashable {
    /// The full name: namespace, point, name.
    public let name: String
    public let aliases: [String]
    public let doc: String?
    public let isError: Bool
    public internal(set) var fields: [AvroField]
    public let properties: [SchemaJSON.Member]
}

public struct AvroField: Sendable, Hashable {
    public let name: String
    public let aliases: [String]
    public let doc: String?
    public let type: AvroType
    public let defaultValue: SchemaJSON?
    public let order: String?
    public let properties: [SchemaJSON.Member]
}

public struct AvroEnumeration: Sendable, Hashable {
    public let name: String
    public let aliases: [String]
    public let doc: String?
    public let symbols: [String]
    /// The symbol that stands for symbols which the reader does not know.
    public let defaultSymbol: String?
    public let properties: [SchemaJSON.Member]
}

public struct AvroFixed: Sendable, Hashable {
    public let name: String
    public let aliases: [String]
    public let doc: String?
    /// Bytes a value.
    public let size: Int
    public let properties: [SchemaJSON.Member]

    /// How many decimal digits a signed integer of so many bytes holds.
    static func digitsMax(bytes: Int) -> Int64 {
        Int64((Double(max(bytes, 1) * 8 - 1) * 0.301029995663981).rounded(.down))
    }
}

extension AvroType {
    /// The type without what is annotated on it.
    public var bare: AvroType {
        if case .annotated(let type, _, _) = self { return type.bare }
        return self
    }

    public var logical: AvroLogicalType? {
        if case .annotated(_, let logical, _) = self { return logical }
        return nil
    }

    /// The full name of a record, enum or fixed, or of the one referred to.
    public var namedType: String? {
        switch bare {
        case .record(let record): record.name
        case .enumeration(let enumeration): enumeration.name
        case .fixed(let fixed): fixed.name
        case .reference(let name): name
        default: nil
        }
    }

    /// As messages name the type.
    public var label: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .int: "int"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .bytes: "bytes"
        case .string: "string"
        case .record(let record): "record \(record.name)"
        case .enumeration(let enumeration): "enum \(enumeration.name)"
        case .fixed(let fixed): "fixed \(fixed.name) of \(fixed.size) bytes"
        case .array: "array"
        case .map: "map"
        case .union(let branches): "union of " + branches.map(\.label).joined(separator: ", ")
        case .reference(let name): name
        case .annotated(let type, let logical, _): logical.map { "\(type.label) (\($0.name))" } ?? type.label
        }
    }
}
