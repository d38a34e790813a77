/// The strings by which the C data interface names types. Source: Apache Arrow, "The Arrow C data interface",
/// "Data type description -- format strings".
enum ArrowFormatString {
    /// The string for `type`; a dictionary's is that of its indices.
    static func of(_ type: DataType) -> String {
        switch type {
        case .null: "n"
        case .bool: "b"
        case .int8: "c"
        case .uint8: "C"
        case .int16: "s"
        case .uint16: "S"
        case .int32: "i"
        case .uint32: "I"
        case .int64: "l"
        case .uint64: "L"
        case .float16: "e"
        case .float32: "f"
        case .float64: "g"
        case .decimal128(let precision, let scale): "d:\(precision),\(scale)"
        case .utf8: "u"
        case .binary: "z"
        case .fixedSizeBinary(let byteWidth): "w:\(byteWidth)"
        case .date32: "tdD"
        case .date64: "tdm"
        case .time32(let unit), .time64(let unit): "tt\(letter(unit))"
        case .timestamp(let unit, let zone): "ts\(letter(unit)):\(zone ?? "")"
        case .duration(let unit): "tD\(letter(unit))"
        case .intervalMonthDayNano: "tin"
        case .list: "+l"
        case .structure: "+s"
        case .map: "+m"
        case .dictionary(let index, _, _): of(index)
        }
    }

    /// The type of a string that needs no children, and how its memory must change to be a column's; nil for others.
    static func leaf(_ format: String) -> (type: DataType, shape: ForeignShape)? {
        switch format {
        case "n": return (.null, .same)
        case "b": return (.bool, .same)
        case "c": return (.int8, .same)
        case "C": return (.uint8, .same)
        case "s": return (.int16, .same)
        case "S": return (.uint16, .same)
        case "i": return (.int32, .same)
        case "I": return (.uint32, .same)
        case "l": return (.int64, .same)
        case "L": return (.uint64, .same)
        case "e": return (.float16, .same)
        case "f": return (.float32, .same)
        case "g": return (.float64, .same)
        case "u": return (.utf8, .same)
        case "z": return (.binary, .same)
        case "U": return (.utf8, .wideOffsets)
        case "Z": return (.binary, .wideOffsets)
        case "vu": return (.utf8, .views)
        case "vz": return (.binary, .views)
        case "tdD": return (.date32, .same)
        case "tdm": return (.date64, .same)
        case "tts": return (.time32(.second), .same)
        case "ttm": return (.time32(.millisecond), .same)
        case "ttu": return (.time64(.microsecond), .same)
        case "ttn": return (.time64(.nanosecond), .same)
        case "tDs": return (.duration(.second), .same)
        case "tDm": return (.duration(.millisecond), .same)
        case "tDu": return (.duration(.microsecond), .same)
        case "tDn": return (.duration(.nanosecond), .same)
        case "tin": return (.intervalMonthDayNano, .same)
        default: return parameterised(format)
        }
    }

    /// The item count of a fixed-size list's string (`+w:4`), or nil where `format` is not one.
    static func fixedSizeListWidth(_ format: String) -> Int? {
        guard format.hasPrefix("+w:"), let width = Int(format.dropFirst(3)), width >= 0 else { return nil }
        return width
    }

    private static func parameterised(_ format: String) -> (type: DataType, shape: ForeignShape)? {
        if format.hasPrefix("w:") {
            guard let width = Int(format.dropFirst(2)), (0...Int(Int32.max)).contains(width) else { return nil }
            return (.fixedSizeBinary(byteWidth: width), .same)
        }
        if format.hasPrefix("ts"), let colon = format.firstIndex(of: ":") {
            guard let unit = unit(format[..<colon].dropFirst(2)) else { return nil }
            let zone = String(format[format.index(after: colon)...])
            return (.timestamp(unit, zone: zone.isEmpty ? nil : zone), .same)
        }
        guard format.hasPrefix("d:") else { return nil }
        let numbers = format.dropFirst(2).split(separator: ",").map { Int($0) }
        guard numbers.count == 2 || numbers.count == 3, let precision = numbers[0], let scale = numbers[1],
            (1...38).contains(precision)
        else { return nil }
        let type = DataType.decimal128(precision: precision, scale: scale)
        switch numbers.count == 3 ? numbers[2] : 128 {
        case 128: return (type, .same)
        case 64: return (type, .narrowDecimal(byteWidth: 8))
        case 32: return (type, .narrowDecimal(byteWidth: 4))
        default: return nil
        }
    }

    private static func letter(_ unit: TimeUnit) -> String { ["s", "m", "u", "n"][unit.rawValue] }

    private static func unit(_ letter: Substring) -> TimeUnit? {
        ["s", "m", "u", "n"].firstIndex(of: String(letter)).flatMap { TimeUnit(rawValue: $0) }
    }
}

/// How a foreign array's memory differs from a column's of the same values.
enum ForeignShape: Sendable, Hashable {
    /// Not at all: its buffers are used where they lie.
    case same
    /// 64-bit offsets: `large_utf8`, `large_binary`, `large_list`.
    case wideOffsets
    /// 16-byte views into several buffers: `utf8_view`, `binary_view`.
    case views
    /// Lists of one length, without offsets.
    case fixedSizeList(itemCount: Int)
    /// Decimals of 4 or 8 bytes.
    case narrowDecimal(byteWidth: Int)
}
