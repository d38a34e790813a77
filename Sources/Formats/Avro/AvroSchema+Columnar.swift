public import Columnar

extension AvroSchema {
    /// The record's fields as columns; a schema that is not a record becomes one column called `value`.
    ///
    /// - Throws: `AvroError.unsupportedSchema` for recursive types, decimals of more than 38 digits, and more than
    ///   10,000 columns.
    public func columnarSchema() throws(AvroError) -> Schema {
        var mapping = AvroMapping()
        if case .record(let record) = resolve(root) {
            return Schema(try mapping.fields(of: record, in: self, path: "", open: [record.name]))
        }
        return Schema([try mapping.field("value", root, in: self, path: "value")])
    }

    /// A record schema for rows of `schema`; nullable fields become unions of null and their type, null by default.
    ///
    /// - Parameter name: the record's full name.
    /// - Throws: `AvroError.unsupportedSchema` for types without an Avro counterpart.
    public init(describing schema: Schema, name: String) throws(AvroError) {
        let writer = AvroSchemaWriter()
        let fields = try writer.fields(schema.fields, name: name, path: "")
        let json = SchemaJSON.object([
            ("type", .string("record")), ("name", .string(name)), ("fields", .array(fields)),
        ])
        try self.init(parsing: json.text)
    }
}

/// Writes Avro schemas for columns. Nested records are named after the way to them.
private struct AvroSchemaWriter {
    func fields(_ fields: [Field], name: String, path: String) throws(AvroError) -> [SchemaJSON] {
        var out: [SchemaJSON] = []
        for field in fields {
            let type = try nullable(field, name: "\(name)_\(field.name)", path: path + field.name)
            var members = [("name", SchemaJSON.string(field.name)), ("type", type)]
            if field.nullable { members.append(("default", .null)) }
            out.append(.object(members))
        }
        return out
    }

    private func nullable(_ field: Field, name: String, path: String) throws(AvroError) -> SchemaJSON {
        let inner = try type(field.type, name: name, path: path)
        return field.nullable && field.type != .null ? .array([.string("null"), inner]) : inner
    }

    private func type(_ type: DataType, name: String, path: String) throws(AvroError) -> SchemaJSON {
        switch type {
        case .null: return .string("null")
        case .bool: return .string("boolean")
        case .int8, .int16, .int32, .uint8, .uint16: return .string("int")
        case .int64, .uint32: return .string("long")
        case .float32: return .string("float")
        case .float64: return .string("double")
        case .utf8: return .string("string")
        case .binary: return .string("bytes")
        case .dictionary(_, let value, _): return try self.type(value, name: name, path: path)
        case .date32: return logical("int", "date")
        case .time32(.millisecond): return logical("int", "time-millis")
        case .time64(.microsecond): return logical("long", "time-micros")
        case .timestamp(.millisecond, let zone):
            return logical("long", (zone == nil ? "local-" : "") + "timestamp-millis")
        case .timestamp(.microsecond, let zone):
            return logical("long", (zone == nil ? "local-" : "") + "timestamp-micros")
        case .timestamp(.nanosecond, let zone):
            return logical("long", (zone == nil ? "local-" : "") + "timestamp-nanos")
        case .decimal128(let precision, let scale):
            return .object([
                ("type", .string("bytes")), ("logicalType", .string("decimal")), ("precision", .number(precision)),
                ("scale", .number(scale)),
            ])
        case .fixedSizeBinary(let byteWidth):
            return .object([("type", .string("fixed")), ("name", .string(name)), ("size", .number(byteWidth))])
        case .intervalMonthDayNano:
            return .object([
                ("type", .string("fixed")), ("name", .string(name)), ("size", .number(12)),
                ("logicalType", .string("duration")),
            ])
        case .list(let item):
            return .object([
                ("type", .string("array")), ("items", try nullable(item, name: name + "_item", path: path + "[]")),
            ])
        case .map(let key, let value, _) where key.type == .utf8:
            return .object([
                ("type", .string("map")), ("values", try nullable(value, name: name + "_value", path: path + "{}")),
            ])
        case .structure(let fields):
            return .object([
                ("type", .string("record")), ("name", .string(name)),
                ("fields", .array(try self.fields(fields, name: name, path: path + "."))),
            ])
        default: throw .unsupportedSchema(problem: "no Avro type holds \(type)", path: path)
        }
    }

    private func logical(_ base: String, _ logical: String) -> SchemaJSON {
        .object([("type", .string(base)), ("logicalType", .string(logical))])
    }
}
