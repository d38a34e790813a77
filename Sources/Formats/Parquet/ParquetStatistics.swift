internal import Columnar

/// Statistics in Parquet's PLAIN encoding as scalars.
///
/// Source: Apache Parquet, "Logical Types" and "Encodings": integers are little-endian, decimals in fixed bytes big-endian.
enum ParquetStatistics {
    /// The value that `bytes` encode; nil where the type's extremes mean nothing to a reader.
    static func scalar(_ bytes: [UInt8], type: DataType) -> Scalar? {
        switch type {
        case .bool: return bytes.first.map { .bool($0 != 0) }
        case .int8, .int16, .int32, .date32: return integer(bytes).map { .int(Int64(Int32(truncatingIfNeeded: $0))) }
        case .date64: return integer(bytes).map { .int(Int64(Int32(truncatingIfNeeded: $0)) * 86_400_000) }
        case .time32(let unit):
            return integer(bytes).map { .int(Int64(Int32(truncatingIfNeeded: $0)) / (unit == .second ? 1000 : 1)) }
        case .int64, .time64: return integer(bytes).map { .int(Int64(bitPattern: $0)) }
        case .duration: return integer(bytes).map { .int(Int64(bitPattern: $0)) }
        case .timestamp(let unit, _):
            return integer(bytes).map { .int(Int64(bitPattern: $0) / (unit == .second ? 1000 : 1)) }
        case .uint8, .uint16, .uint32: return integer(bytes).map { .uint($0 & 0xffff_ffff) }
        case .uint64: return integer(bytes).map { .uint($0) }
        case .float32: return integer(bytes).map { .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0)))) }
        case .float64: return integer(bytes).map { .double(Double(bitPattern: $0)) }
        case .decimal128:
            guard !bytes.isEmpty, bytes.count <= 16 else { return nil }
            let start: Int128 = bytes[0] & 0x80 == 0 ? 0 : -1
            return .decimal(bytes.reduce(start) { $0 << 8 | Int128($1) })
        case .utf8: return .string(String(decoding: bytes, as: UTF8.self))
        case .binary, .fixedSizeBinary: return .bytes(bytes)
        default: return nil
        }
    }

    /// Order among scalars of one type that statistics have.
    static func isLess(_ left: Scalar, _ right: Scalar) -> Bool {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): !left && right
        case (.int(let left), .int(let right)): left < right
        case (.uint(let left), .uint(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.decimal(let left), .decimal(let right)): left < right
        // Parquet orders strings by their bytes.
        case (.string(let left), .string(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
        default: false
        }
    }

    private static func integer(_ bytes: [UInt8]) -> UInt64? {
        guard bytes.count == 4 || bytes.count == 8 else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
