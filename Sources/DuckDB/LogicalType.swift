internal import CDuckDB
internal import Columnar

/// The owner of one of DuckDB's type handles, and the translation of types both ways.
@safe
final class LogicalType {
    let handle: duckdb_logical_type

    init(adopting handle: duckdb_logical_type) { unsafe self.handle = handle }

    deinit {
        var closing: duckdb_logical_type? = unsafe handle
        unsafe duckdb_destroy_logical_type(&closing)
    }

    var id: duckdb_type { unsafe duckdb_get_type_id(handle) }

    // MARK: From DuckDB

    /// - Parameter column: the column's name, for errors.
    func dataType(column: String) throws(DuckDBError) -> DataType {
        switch id {
        case DUCKDB_TYPE_SQLNULL: return .null
        case DUCKDB_TYPE_BOOLEAN: return .bool
        case DUCKDB_TYPE_TINYINT: return .int8
        case DUCKDB_TYPE_SMALLINT: return .int16
        case DUCKDB_TYPE_INTEGER: return .int32
        case DUCKDB_TYPE_BIGINT: return .int64
        case DUCKDB_TYPE_UTINYINT: return .uint8
        case DUCKDB_TYPE_USMALLINT: return .uint16
        case DUCKDB_TYPE_UINTEGER: return .uint32
        case DUCKDB_TYPE_UBIGINT: return .uint64
        case DUCKDB_TYPE_HUGEINT, DUCKDB_TYPE_UHUGEINT: return .decimal128(precision: 38, scale: 0)
        case DUCKDB_TYPE_FLOAT: return .float32
        case DUCKDB_TYPE_DOUBLE: return .float64
        case DUCKDB_TYPE_DECIMAL:
            return .decimal128(
                precision: Int(unsafe duckdb_decimal_width(handle)), scale: Int(unsafe duckdb_decimal_scale(handle)))
        case DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_UUID: return .utf8
        case DUCKDB_TYPE_BLOB: return .binary
        case DUCKDB_TYPE_DATE: return .date32
        case DUCKDB_TYPE_TIME: return .time64(.microsecond)
        case DUCKDB_TYPE_TIME_NS: return .time64(.nanosecond)
        case DUCKDB_TYPE_TIMESTAMP_S: return .timestamp(.second, zone: nil)
        case DUCKDB_TYPE_TIMESTAMP_MS: return .timestamp(.millisecond, zone: nil)
        case DUCKDB_TYPE_TIMESTAMP: return .timestamp(.microsecond, zone: nil)
        case DUCKDB_TYPE_TIMESTAMP_NS: return .timestamp(.nanosecond, zone: nil)
        case DUCKDB_TYPE_TIMESTAMP_TZ: return .timestamp(.microsecond, zone: "UTC")
        case DUCKDB_TYPE_TIMESTAMP_TZ_NS: return .timestamp(.nanosecond, zone: "UTC")
        case DUCKDB_TYPE_INTERVAL: return .intervalMonthDayNano
        case DUCKDB_TYPE_ENUM: return .dictionary(index: enumIndexType, value: .utf8, ordered: true)
        case DUCKDB_TYPE_LIST, DUCKDB_TYPE_ARRAY:
            return .list(Field("item", try itemType.dataType(column: column)))
        case DUCKDB_TYPE_STRUCT:
            var fields: [Field] = []
            for (name, type) in structureFields {
                fields.append(Field(name, try type.dataType(column: "\(column).\(name)")))
            }
            return .structure(fields)
        case DUCKDB_TYPE_MAP:
            let (key, value) = mapTypes
            return .map(
                key: Field("key", try key.dataType(column: column), nullable: false),
                value: Field("value", try value.dataType(column: column)), keysSorted: false)
        default: throw .unsupportedType(column: column, type: LogicalType.name(of: id))
        }
    }

    var enumIndexType: DataType {
        switch unsafe duckdb_enum_internal_type(handle) {
        case DUCKDB_TYPE_UTINYINT: .uint8
        case DUCKDB_TYPE_USMALLINT: .uint16
        default: .uint32
        }
    }

    /// The names of an enumeration's values, in their order.
    var enumNames: [String] {
        (0..<UInt64(unsafe duckdb_enum_dictionary_size(handle))).map { index in
            let name = unsafe duckdb_enum_dictionary_value(handle, index)
            defer { unsafe duckdb_free(name) }
            return unsafe name.map { unsafe String(cString: $0) } ?? ""
        }
    }

    var itemType: LogicalType {
        id == DUCKDB_TYPE_ARRAY
            ? unsafe LogicalType(adopting: duckdb_array_type_child_type(handle))
            : unsafe LogicalType(adopting: duckdb_list_type_child_type(handle))
    }

    /// How many items each value of an ARRAY has.
    var arrayCount: Int { Int(unsafe duckdb_array_type_array_size(handle)) }

    var structureFields: [(name: String, type: LogicalType)] {
        unsafe (0..<duckdb_struct_type_child_count(handle)).map { index in
            let name = unsafe duckdb_struct_type_child_name(handle, index)
            defer { unsafe duckdb_free(name) }
            return (
                unsafe name.map { unsafe String(cString: $0) } ?? "",
                unsafe LogicalType(adopting: duckdb_struct_type_child_type(handle, index))
            )
        }
    }

    var mapTypes: (key: LogicalType, value: LogicalType) {
        unsafe (
            LogicalType(adopting: duckdb_map_type_key_type(handle)),
            LogicalType(adopting: duckdb_map_type_value_type(handle))
        )
    }

    private static func name(of id: duckdb_type) -> String {
        switch id {
        case DUCKDB_TYPE_TIME_TZ: "TIME WITH TIME ZONE"
        case DUCKDB_TYPE_BIT: "BIT"
        case DUCKDB_TYPE_UNION: "UNION"
        case DUCKDB_TYPE_BIGNUM: "BIGNUM"
        case DUCKDB_TYPE_GEOMETRY: "GEOMETRY"
        case DUCKDB_TYPE_VARIANT: "VARIANT"
        case DUCKDB_TYPE_INVALID: "that only its parameters decide"
        default: "number \(id.rawValue) of DuckDB"
        }
    }

    // MARK: To DuckDB

    init(_ type: DataType) throws(DuckDBError) {
        guard let made = unsafe try LogicalType.make(type) else { throw .internalFailure("no type for \(type)") }
        unsafe handle = made
    }

    private static func make(_ type: DataType) throws(DuckDBError) -> duckdb_logical_type? {
        switch type {
        case .null: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_SQLNULL)
        case .bool: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)
        case .int8: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_TINYINT)
        case .int16: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_SMALLINT)
        case .int32: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_INTEGER)
        case .int64: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_BIGINT)
        case .uint8: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_UTINYINT)
        case .uint16: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_USMALLINT)
        case .uint32: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_UINTEGER)
        case .uint64: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT)
        case .float16, .float32: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_FLOAT)
        case .float64: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE)
        case .decimal128(let precision, let scale):
            return unsafe duckdb_create_decimal_type(UInt8(precision), UInt8(scale))
        case .utf8: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR)
        case .binary, .fixedSizeBinary: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_BLOB)
        case .date32, .date64: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_DATE)
        case .time64(.nanosecond): return unsafe duckdb_create_logical_type(DUCKDB_TYPE_TIME_NS)
        case .time32, .time64: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_TIME)
        case .timestamp(let unit, nil):
            let id =
                switch unit {
                case .second: DUCKDB_TYPE_TIMESTAMP_S
                case .millisecond: DUCKDB_TYPE_TIMESTAMP_MS
                case .microsecond: DUCKDB_TYPE_TIMESTAMP
                case .nanosecond: DUCKDB_TYPE_TIMESTAMP_NS
                }
            return unsafe duckdb_create_logical_type(id)
        case .timestamp(.nanosecond, _): return unsafe duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ_NS)
        case .timestamp: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ)
        case .duration, .intervalMonthDayNano: return unsafe duckdb_create_logical_type(DUCKDB_TYPE_INTERVAL)
        case .list(let item):
            let itemType = try LogicalType(item.type)
            return unsafe withExtendedLifetime(itemType) { unsafe duckdb_create_list_type(itemType.handle) }
        case .map(let key, let value, _):
            let (keyType, valueType) = (try LogicalType(key.type), try LogicalType(value.type))
            return unsafe withExtendedLifetime((keyType, valueType)) {
                unsafe duckdb_create_map_type(keyType.handle, valueType.handle)
            }
        case .dictionary(_, let value, _): return unsafe try make(value)
        case .structure(let fields):
            var members: [LogicalType] = []
            for field in fields { members.append(try LogicalType(field.type)) }
            var handles: [duckdb_logical_type?] = unsafe members.map { unsafe $0.handle }
            let texts = fields.map { Array($0.name.utf8CString) }
            return unsafe withExtendedLifetime(members) {
                unsafe withPointers(texts[...], []) { names in
                    var names = unsafe names
                    return unsafe duckdb_create_struct_type(&handles, &names, UInt64(handles.count))
                }
            }
        }
    }

    /// Calls `body` with a pointer to each C string.
    private static func withPointers<Result>(
        _ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        guard let first = rest.first else { return unsafe body(pointers) }
        return unsafe first.withUnsafeBufferPointer {
            unsafe withPointers(rest.dropFirst(), pointers + [$0.baseAddress], body)
        }
    }
}
