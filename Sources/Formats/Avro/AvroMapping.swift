internal import Columnar

/// Which column type stands for which Avro type.
///
/// A union of null and one type is that type, nullable. Any other union is a structure with a nullable field
/// `member0`, `member1` ... a branch, of which one has the value, as Spark reads them. Enums are strings. Recursive
/// types are refused: no column type is infinitely deep.
struct AvroMapping {
    /// A short schema can nest records so that they unfold into any number of columns.
    private static let columnsMax = 10_000
    private var columns = 0

    /// The one branch beside null, where a union has just that; a union of one type alone counts, not nullable.
    static func nullable(_ branches: [AvroType], in schema: AvroSchema) -> (type: AvroType, nullable: Bool)? {
        let others = branches.filter { schema.resolve($0) != .null }
        guard others.count == 1, branches.count <= 2 else { return nil }
        return (others[0], branches.count == 2)
    }

    mutating func field(
        _ name: String, _ type: AvroType, in schema: AvroSchema, path: String, open: Set<String> = []
    ) throws(AvroError) -> Field {
        columns += 1
        guard columns <= Self.columnsMax else {
            throw .unsupportedSchema(problem: "more than \(Self.columnsMax) columns", path: path)
        }
        if case .union(let branches) = schema.resolve(type) {
            if let (inner, nullable) = Self.nullable(branches, in: schema) {
                return Field(
                    name, try dataType(inner, in: schema, path: path, open: open),
                    nullable: nullable || schema.resolve(inner) == .null)
            }
            let hasNull = branches.contains { schema.resolve($0) == .null }
            return Field(name, try dataType(type, in: schema, path: path, open: open), nullable: hasNull)
        }
        return Field(
            name, try dataType(type, in: schema, path: path, open: open), nullable: schema.resolve(type) == .null)
    }

    private mutating func dataType(
        _ type: AvroType, in schema: AvroSchema, path: String, open: Set<String>
    ) throws(AvroError) -> DataType {
        let logical = schema.logical(type)
        switch schema.resolve(type) {
        case .null: return .null
        case .boolean: return .bool
        case .int:
            switch logical {
            case .date: return .date32
            case .timeMillis: return .time32(.millisecond)
            default: return .int32
            }
        case .long: return Self.long(logical)
        case .float: return .float32
        case .double: return .float64
        case .string, .enumeration: return .utf8
        case .bytes: return try Self.decimal(logical, path) ?? .binary
        case .fixed(let fixed):
            if logical == .duration { return .intervalMonthDayNano }
            return try Self.decimal(logical, path) ?? .fixedSizeBinary(byteWidth: fixed.size)
        case .array(let items): return .list(try field("item", items, in: schema, path: path + "[]", open: open))
        case .map(let values):
            return .map(
                key: Field("key", .utf8, nullable: false),
                value: try field("value", values, in: schema, path: path + "{}", open: open), keysSorted: false)
        case .record(let record):
            guard !open.contains(record.name) else {
                throw .unsupportedSchema(problem: "record \(record.name) contains itself", path: path)
            }
            return .structure(
                try fields(of: record, in: schema, path: path + ".", open: open.union([record.name])))
        case .union(let branches):
            var members: [Field] = []
            for branch in branches where schema.resolve(branch) != .null {
                var member = try field("member\(members.count)", branch, in: schema, path: path, open: open)
                member.nullable = true
                members.append(member)
            }
            if members.isEmpty { return .null }
            return .structure(members)
        case .reference(let name): throw .unsupportedSchema(problem: "unknown type \(name)", path: path)
        case .annotated: return .null
        }
    }

    mutating func fields(
        of record: AvroRecord, in schema: AvroSchema, path: String, open: Set<String>
    ) throws(AvroError) -> [Field] {
        var fields: [Field] = []
        for item in record.fields {
            fields.append(try field(item.name, item.type, in: schema, path: path + item.name, open: open))
        }
        return fields
    }

    private static func long(_ logical: AvroLogicalType?) -> DataType {
        switch logical {
        case .timeMicros: .time64(.microsecond)
        case .timestampMillis: .timestamp(.millisecond, zone: "UTC")
        case .timestampMicros: .timestamp(.microsecond, zone: "UTC")
        case .timestampNanos: .timestamp(.nanosecond, zone: "UTC")
        case .localTimestampMillis: .timestamp(.millisecond, zone: nil)
        case .localTimestampMicros: .timestamp(.microsecond, zone: nil)
        case .localTimestampNanos: .timestamp(.nanosecond, zone: nil)
        default: .int64
        }
    }

    private static func decimal(_ logical: AvroLogicalType?, _ path: String) throws(AvroError) -> DataType? {
        guard case .decimal(let precision, let scale) = logical else { return nil }
        guard precision <= 38 else {
            throw .unsupportedSchema(problem: "a decimal of \(precision) digits, more than 38", path: path)
        }
        return .decimal128(precision: precision, scale: scale)
    }
}
