/// The unit of a time, timestamp or duration.
public enum TimeUnit: Int, Sendable, Hashable, Codable {
    case second, millisecond, microsecond, nanosecond

    /// How many of this unit make a second.
    @inlinable public var perSecond: Int64 {
        switch self {
        case .second: 1
        case .millisecond: 1_000
        case .microsecond: 1_000_000
        case .nanosecond: 1_000_000_000
        }
    }
}

/// What the values of a column are. Source: Apache Arrow, "Columnar Format", with its names.
public indirect enum DataType: Sendable, Hashable {
    case null
    case bool
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    /// `Float16` where the processor's Swift has it; two bytes a value everywhere.
    case float16
    case float32, float64
    /// An integer of `precision` digits, at most 38, of which `scale` stand behind the point. 16 bytes a value.
    case decimal128(precision: Int, scale: Int)
    case utf8
    case binary
    case fixedSizeBinary(byteWidth: Int)
    /// Days since 1970-01-01, in 32 bits.
    case date32
    /// Milliseconds since 1970-01-01, in 64 bits; whole days.
    case date64
    /// Seconds or milliseconds since midnight.
    case time32(TimeUnit)
    /// Microseconds or nanoseconds since midnight.
    case time64(TimeUnit)
    /// Since 1970-01-01 00:00: UTC where there is a zone, local wall time where there is none.
    case timestamp(TimeUnit, zone: String?)
    case duration(TimeUnit)
    /// Months (Int32), days (Int32) and nanoseconds (Int64), each kept apart. 16 bytes a value.
    case intervalMonthDayNano
    case list(Field)
    case structure([Field])
    /// Entries are a structure of a key, never null, and a value.
    case map(key: Field, value: Field, keysSorted: Bool)
    /// Indices of an integer type into a dictionary of values.
    case dictionary(index: DataType, value: DataType, ordered: Bool)
}

extension DataType {
    /// How the values lie in memory, which is all that most kernels need to know.
    public enum Layout: Sendable, Hashable {
        /// No buffers: every value is null.
        case empty
        /// One bit a value, lowest bit first.
        case bits
        /// `byteWidth` bytes a value, one after another.
        case fixedWidth(byteWidth: Int)
        /// 32-bit offsets, one more than values, into a buffer of bytes.
        case variableBytes
        /// 32-bit offsets, one more than values, into the only child.
        case list
        /// A child a field, each as long as the column.
        case structure
        /// Indices as `fixedWidth`, and a dictionary beside them.
        case dictionary(byteWidth: Int)
    }

    public var layout: Layout {
        switch self {
        case .null: .empty
        case .bool: .bits
        case .int8, .uint8: .fixedWidth(byteWidth: 1)
        case .int16, .uint16, .float16: .fixedWidth(byteWidth: 2)
        case .int32, .uint32, .float32, .date32, .time32: .fixedWidth(byteWidth: 4)
        case .int64, .uint64, .float64, .date64, .time64, .timestamp, .duration: .fixedWidth(byteWidth: 8)
        case .decimal128, .intervalMonthDayNano: .fixedWidth(byteWidth: 16)
        case .fixedSizeBinary(let byteWidth): .fixedWidth(byteWidth: byteWidth)
        case .utf8, .binary: .variableBytes
        case .list, .map: .list
        case .structure: .structure
        case .dictionary(let index, _, _):
            if case .fixedWidth(let byteWidth) = index.layout {
                .dictionary(byteWidth: byteWidth)
            } else {
                .dictionary(byteWidth: 4)
            }
        }
    }

    /// The fields of the children, in their order.
    public var childFields: [Field] {
        switch self {
        case .list(let item): [item]
        case .structure(let fields): fields
        case .map(let key, let value, _): [Field("entries", .structure([key, value]), nullable: false)]
        default: []
        }
    }

    public var isInteger: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
        default: false
        }
    }

    public var isFloating: Bool { self == .float16 || self == .float32 || self == .float64 }

    public var isNumeric: Bool {
        if case .decimal128 = self { return true }
        return isInteger || isFloating
    }
}

extension DataType: CustomStringConvertible {
    /// As SQL writes the type, where SQL has it.
    public var description: String {
        switch self {
        case .null: "NULL"
        case .bool: "BOOLEAN"
        case .int8: "TINYINT"
        case .int16: "SMALLINT"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .uint8: "UTINYINT"
        case .uint16: "USMALLINT"
        case .uint32: "UINTEGER"
        case .uint64: "UBIGINT"
        case .float16: "HALF"
        case .float32: "FLOAT"
        case .float64: "DOUBLE"
        case .decimal128(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .utf8: "VARCHAR"
        case .binary: "BLOB"
        case .fixedSizeBinary(let byteWidth): "BINARY(\(byteWidth))"
        case .date32, .date64: "DATE"
        case .time32, .time64: "TIME"
        case .timestamp(let unit, let zone):
            zone != nil
                ? "TIMESTAMP WITH TIME ZONE"
                : ["TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS"][unit.rawValue]
        case .duration(let unit): "DURATION(\(unit))"
        case .intervalMonthDayNano: "INTERVAL"
        case .list(let item): "\(item.type)[]"
        case .structure(let fields): "STRUCT(" + fields.map { "\($0.name) \($0.type)" }.joined(separator: ", ") + ")"
        case .map(let key, let value, _): "MAP(\(key.type), \(value.type))"
        case .dictionary(_, let value, _): "\(value)"
        }
    }
}
