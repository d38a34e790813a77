internal import Base

/// Makes up schemas and rows from a seed, for property tests and benchmarks.
///
/// Values reach the ends of their types: empty and long strings, zero bytes, extreme numbers, NaN, nulls at every depth.
public struct BatchGenerator: Sendable {
    private var random: SplitMix64
    /// Of how many values one is null, roughly; 0 for none.
    public var nullEvery = 5

    public init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Every type without children, once, with each unit and with and without a zone.
    public static let leafTypes: [DataType] =
        [
            .null, .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float16, .float32,
            .float64,
            .decimal128(precision: 9, scale: 2), .decimal128(precision: 18, scale: 0),
            .decimal128(precision: 38, scale: 10), .utf8, .binary, .fixedSizeBinary(byteWidth: 7), .date32, .date64,
            .time32(.second), .time32(.millisecond), .time64(.microsecond), .time64(.nanosecond),
        ]
        + units.flatMap { unit -> [DataType] in
            [
                .timestamp(unit, zone: nil), .timestamp(unit, zone: "UTC"),
                .timestamp(unit, zone: "Africa/Johannesburg"), .duration(unit),
            ]
        } + [.intervalMonthDayNano]

    private static let units: [TimeUnit] = [.second, .millisecond, .microsecond, .nanosecond]

    public mutating func int(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    /// Any type, nested at most `depth` deep, made of `leaves`.
    public mutating func type(depth: Int, leaves: [DataType] = leafTypes) -> DataType {
        switch depth == 0 ? 9 : int(0..<8) {
        case 0: return .list(Field("item", type(depth: depth - 1, leaves: leaves)))
        case 1:
            let count = int(1..<4)
            return .structure((0..<count).map { Field("f\($0)", type(depth: depth - 1, leaves: leaves)) })
        case 2:
            return .map(
                key: Field("key", .utf8, nullable: false),
                value: Field("value", type(depth: depth - 1, leaves: leaves)),
                keysSorted: false)
        case 3:
            let index: DataType = [.int8, .int16, .int32, .uint8, .int64][int(0..<5)]
            return .dictionary(index: index, value: .utf8, ordered: false)
        default: return leaves[int(0..<leaves.count)]
        }
    }

    public mutating func schema(columns: Int, depth: Int, leaves: [DataType] = leafTypes) -> Schema {
        Schema((0..<columns).map { Field("c\($0)", type(depth: depth, leaves: leaves)) })
    }

    /// `rows` rows, cut out of a longer batch so that the columns begin anywhere in their memory.
    public mutating func batch(_ schema: Schema, rows: Int) -> RecordBatch {
        let before = int(0..<19)
        let after = int(0..<3)
        let columns = schema.fields.map { field -> Column in
            let builder = ColumnBuilder.make(field.type)
            for _ in 0..<(before + rows + after) { append(field, to: builder) }
            return builder.finish()
        }
        return RecordBatch(schema: schema, columns: columns, count: before + rows + after).slice(
            before..<(before + rows))
    }

    private mutating func append(_ field: Field, to builder: ColumnBuilder) {
        let value = scalar(field.type, nullable: field.nullable)
        do throws(ColumnarError) { try builder.append(value) } catch {
            preconditionFailure("the generator made \(value) for \(field.type)")
        }
    }

    /// A value of `type`.
    public mutating func scalar(_ type: DataType, nullable: Bool = true) -> Scalar {
        if type == .null || (nullable && nullEvery > 0 && int(0..<nullEvery) == 0) { return .null }
        switch type {
        case .null: return .null
        case .bool: return .bool(int(0..<2) == 1)
        case .int8: return .int(Int64(Int8(truncatingIfNeeded: bits())))
        case .int16: return .int(Int64(Int16(truncatingIfNeeded: bits())))
        case .int32: return .int(Int64(Int32(truncatingIfNeeded: bits())))
        case .int64, .duration(.nanosecond): return .int(bits())
        case .uint8: return .uint(UInt64(UInt8(truncatingIfNeeded: bits())))
        case .uint16: return .uint(UInt64(UInt16(truncatingIfNeeded: bits())))
        case .uint32: return .uint(UInt64(UInt32(truncatingIfNeeded: bits())))
        case .uint64: return .uint(UInt64(bitPattern: bits()))
        case .float16: return .double(Double(int(-2000..<2000)) / 8)
        case .float32: return .double(Double(Float(floating())))
        case .float64: return .double(floating())
        case .decimal128(let precision, _):
            var limit = Int128(1)
            for _ in 0..<min(precision, int(1..<(precision + 1))) { limit *= 10 }
            return .decimal(Int128.random(in: (1 - limit)...(limit - 1), using: &random))
        case .utf8: return .string(string())
        case .binary: return .bytes((0..<int(0..<20)).map { _ in UInt8(int(0..<4) * 85) })
        case .fixedSizeBinary(let width): return .bytes((0..<width).map { _ in UInt8(int(0..<256)) })
        // Years 1 to 9999, which other languages can print.
        case .date32: return .int(Int64(int(-719_162..<2_932_896)))
        case .date64: return .int(Int64(int(-719_162..<2_932_896)) * 86_400_000)
        case .time32(let unit), .time64(let unit): return .int(Int64(int(0..<86_400)) * unit.perSecond)
        case .timestamp(.nanosecond, _): return .int(bits() / 2)
        case .timestamp(let unit, _):
            return .int(Int64(int(-60_000_000_000..<250_000_000_000)) * unit.perSecond + bits() % unit.perSecond)
        case .duration(let unit): return .int(bits() / (4_000_000_000 / unit.perSecond))
        case .intervalMonthDayNano:
            return .interval(months: Int32(int(-99..<99)), days: Int32(int(-99..<99)), nanos: bits() / 4)
        case .list(let item): return .list((0..<int(0..<4)).map { _ in scalar(item.type, nullable: item.nullable) })
        case .structure(let fields): return .structure(fields.map { scalar($0.type, nullable: $0.nullable) })
        case .map(let key, let value, _):
            return .map(
                (0..<int(0..<4)).map { number in
                    let name = key.type == .utf8 ? Scalar.string("k\(number)") : scalar(key.type, nullable: false)
                    return Scalar.MapEntry(name, scalar(value.type, nullable: value.nullable))
                })
        case .dictionary(_, let value, _):
            return value == .utf8 ? .string("word \(int(0..<30))") : scalar(value, nullable: false)
        }
    }

    /// 64 bits, often few of them set and sometimes the extremes.
    private mutating func bits() -> Int64 {
        switch int(0..<8) {
        case 0: [0, 1, -1, .max, .min][int(0..<5)]
        case 1...3: Int64(int(-1000..<1000))
        default: Int64(bitPattern: random.next())
        }
    }

    private mutating func floating() -> Double {
        switch int(0..<10) {
        case 0: [0, -0.0, .infinity, -.infinity, .nan, 1e300, 2.5e-308][int(0..<7)]
        case 1...5: Double(int(-100_000..<100_000)) / 64
        default: Double.random(in: -1e9...1e9, using: &random)
        }
    }

    private mutating func string() -> String {
        let alphabet: [Character] = [
            "a", "b", "Z", "0", " ", ",", "\"", "\n", "\\", "é", "ß", "河", "🌍", "\u{0}", "\u{1}",
        ]
        return String((0..<(int(0..<20) == 0 ? 200 : int(0..<12))).map { _ in alphabet[int(0..<alphabet.count)] })
    }
}
