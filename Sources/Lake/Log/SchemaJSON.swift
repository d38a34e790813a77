internal import Columnar

/// A table's schema as Delta writes it. Source: Delta Transaction Log Protocol, "Schema Serialization Format".
enum SchemaJSON {
    static func encode(_ schema: Schema) throws(LakeError) -> String {
        try JSONValue.members(("type", .string("struct")), ("fields", fields(schema.fields, prefix: ""))).text
    }

    /// Adds columns to a schema's text, leaving everything else as it is.
    static func adding(_ added: [Field], to text: String) throws(LakeError) -> String {
        let value: JSONValue
        do throws(JSONParser.Failure) { value = try JSONParser.parse(text) } catch {
            throw .corruptLog(file: "schemaString", reason: error.reason)
        }
        guard let members = value.object, case .array(let more) = try fields(added, prefix: "") else {
            throw .corruptLog(file: "schemaString", reason: "the schema is not a struct")
        }
        return JSONValue.object(
            members.map { member in
                guard member.name == "fields", let old = member.value.array else { return member }
                return JSONValue.Member("fields", .array(old + more))
            }
        ).text
    }

    private static func fields(_ fields: [Field], prefix: String) throws(LakeError) -> JSONValue {
        var items: [JSONValue] = []
        for field in fields {
            items.append(
                .members(
                    ("name", .string(field.name)), ("type", try type(field.type, column: prefix + field.name)),
                    ("nullable", .bool(field.nullable)), ("metadata", .strings(field.metadata))))
        }
        return .array(items)
    }

    private static func type(_ type: DataType, column: String) throws(LakeError) -> JSONValue {
        switch type {
        case .bool: return .string("boolean")
        case .int8: return .string("byte")
        case .int16: return .string("short")
        case .int32: return .string("integer")
        case .int64: return .string("long")
        case .float32: return .string("float")
        case .float64: return .string("double")
        case .decimal128(let precision, let scale) where scale >= 0 && scale <= precision:
            return .string("decimal(\(precision),\(scale))")
        case .utf8: return .string("string")
        case .binary: return .string("binary")
        case .date32: return .string("date")
        case .timestamp(.microsecond, zone: nil): return .string("timestamp_ntz")
        case .timestamp(.microsecond, zone: .some): return .string("timestamp")
        case .structure(let inner):
            return .members(("type", .string("struct")), ("fields", try fields(inner, prefix: column + ".")))
        case .list(let item):
            return .members(
                ("type", .string("array")), ("elementType", try self.type(item.type, column: column + ".element")),
                ("containsNull", .bool(item.nullable)))
        case .map(let key, let value, _):
            return .members(
                ("type", .string("map")), ("keyType", try self.type(key.type, column: column + ".key")),
                ("valueType", try self.type(value.type, column: column + ".value")),
                ("valueContainsNull", .bool(value.nullable)))
        default:
            throw .unsupportedType(
                column: column, type: type.description,
                hint:
                    "Cast it in the query to a type that Delta has: BIGINT, DECIMAL, DOUBLE, VARCHAR, TIMESTAMP and so on."
            )
        }
    }

    static func decode(_ text: String, file: String) throws(LakeError) -> Schema {
        let value: JSONValue
        do throws(JSONParser.Failure) { value = try JSONParser.parse(text) } catch {
            throw .corruptLog(file: file, reason: "the schema is not JSON: \(error.reason)")
        }
        return Schema(try fields(value, file: file, prefix: ""))
    }

    private static func fields(_ value: JSONValue, file: String, prefix: String) throws(LakeError) -> [Field] {
        guard value["type"]?.string == "struct", let items = value["fields"]?.array else {
            throw .corruptLog(file: file, reason: "the schema is not a struct")
        }
        var fields: [Field] = []
        for item in items {
            guard let name = item["name"]?.string, let typeValue = item["type"] else {
                throw .corruptLog(file: file, reason: "a field without name or type")
            }
            fields.append(
                Field(
                    name, try type(typeValue, file: file, column: prefix + name),
                    nullable: item["nullable"]?.bool ?? true, metadata: item["metadata"]?.stringMap ?? [:]))
        }
        return fields
    }

    private static func type(_ value: JSONValue, file: String, column: String) throws(LakeError) -> DataType {
        if let name = value.string { return try primitive(name, column: column) }
        switch value["type"]?.string {
        case "struct": return .structure(try fields(value, file: file, prefix: column + "."))
        case "array":
            guard let item = value["elementType"] else { break }
            return .list(
                Field(
                    "element", try type(item, file: file, column: column + ".element"),
                    nullable: value["containsNull"]?.bool ?? true))
        case "map":
            guard let key = value["keyType"], let item = value["valueType"] else { break }
            return .map(
                key: Field("key", try type(key, file: file, column: column + ".key"), nullable: false),
                value: Field(
                    "value", try type(item, file: file, column: column + ".value"),
                    nullable: value["valueContainsNull"]?.bool ?? true), keysSorted: false)
        default: break
        }
        throw .corruptLog(file: file, reason: "the type of column \(column) is not known: \(value.text)")
    }

    private static func primitive(_ name: String, column: String) throws(LakeError) -> DataType {
        switch name {
        case "string": return .utf8
        case "long": return .int64
        case "integer": return .int32
        case "short": return .int16
        case "byte": return .int8
        case "float": return .float32
        case "double": return .float64
        case "boolean": return .bool
        case "binary": return .binary
        case "date": return .date32
        case "timestamp": return .timestamp(.microsecond, zone: "UTC")
        case "timestamp_ntz": return .timestamp(.microsecond, zone: nil)
        case "decimal": return .decimal128(precision: 10, scale: 0)
        default:
            if name.hasPrefix("decimal("), name.hasSuffix(")") {
                let numbers = name.dropFirst(8).dropLast().split(separator: ",")
                    .map { Int($0.filter { $0 != " " }) }
                if numbers.count == 2, let precision = numbers[0], let scale = numbers[1], (1...38).contains(precision),
                    (0...precision).contains(scale)
                {
                    return .decimal128(precision: precision, scale: scale)
                }
            }
            throw .unsupportedType(
                column: column, type: name, hint: "Rewrite the column with a type that every Delta reader knows.")
        }
    }
}
