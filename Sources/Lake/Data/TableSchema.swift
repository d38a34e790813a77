internal import Columnar

/// Turns any Arrow schema into one that a Delta table can have.
enum TableSchema {
    /// The columns as the table will have them: widened where Delta lacks the type, with Delta's names inside lists.
    static func canonical(_ schema: Schema) throws(LakeError) -> Schema {
        var names: Set<String> = []
        var fields: [Field] = []
        for field in schema.fields {
            guard !field.name.isEmpty, names.insert(field.name.lowercased()).inserted else {
                throw .invalidSchema(
                    reason: field.name.isEmpty
                        ? "a column has no name" : "two columns are named \(field.name), if case does not count",
                    hint: "Give every column a name of its own.")
            }
            fields.append(try canonical(field, column: field.name))
        }
        guard !fields.isEmpty else {
            throw .invalidSchema(reason: "the table has no columns", hint: "Select at least one column.")
        }
        return Schema(fields)
    }

    private static func canonical(_ field: Field, column: String) throws(LakeError) -> Field {
        Field(field.name, try canonical(field.type, column: column), nullable: field.nullable)
    }

    static func canonical(_ type: DataType, column: String) throws(LakeError) -> DataType {
        switch type {
        case .bool, .int8, .int16, .int32, .int64, .float32, .float64, .utf8, .binary, .date32: return type
        case .decimal128(_, let scale) where scale >= 0: return type
        case .uint8: return .int16
        case .uint16: return .int32
        case .uint32: return .int64
        case .uint64: return .decimal128(precision: 20, scale: 0)
        case .float16: return .float32
        case .date64: return .date32
        case .fixedSizeBinary: return .binary
        case .timestamp(.nanosecond, _):
            throw .unsupportedType(
                column: column, type: type.description,
                hint: "Cast it to TIMESTAMP; Delta keeps microseconds, and nanoseconds would be lost.")
        case .timestamp(_, let zone): return .timestamp(.microsecond, zone: zone == nil ? nil : "UTC")
        case .dictionary(_, let value, _): return try canonical(value, column: column)
        case .list(let item):
            return .list(
                Field("element", try canonical(item.type, column: column + ".element"), nullable: item.nullable))
        case .structure(let fields):
            var inner: [Field] = []
            // Below a null structure even a field that must have values has none, which Parquet writers refuse.
            for field in fields {
                inner.append(Field(field.name, try canonical(field.type, column: "\(column).\(field.name)")))
            }
            return .structure(inner)
        case .map(let key, let value, _):
            return .map(
                key: Field("key", try canonical(key.type, column: column + ".key"), nullable: false),
                value: Field("value", try canonical(value.type, column: column + ".value"), nullable: value.nullable),
                keysSorted: false)
        default:
            let hint =
                switch type {
                case .time32, .time64: "Cast it to VARCHAR or BIGINT; Delta has no time of day."
                case .null: "Cast it to the type that it will have, such as VARCHAR."
                default: "Cast it to a type that Delta has, such as BIGINT or VARCHAR."
                }
            throw .unsupportedType(column: column, type: type.description, hint: hint)
        }
    }
}
