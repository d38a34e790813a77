internal import Columnar

extension Column {
    /// One value, for small results.
    func scalar(at row: Int) -> Scalar {
        if isNull(row) { return .null }
        switch type {
        case .null: return .null
        case .bool: return .bool(BoolView(self)[row])
        case .int8: return .int(Int64(PrimitiveView<Int8>(self)[row]))
        case .int16: return .int(Int64(PrimitiveView<Int16>(self)[row]))
        case .int32, .date32, .time32: return .int(Int64(PrimitiveView<Int32>(self)[row]))
        case .int64, .date64, .time64, .timestamp, .duration: return .int(PrimitiveView<Int64>(self)[row])
        case .uint8: return .uint(UInt64(PrimitiveView<UInt8>(self)[row]))
        case .uint16: return .uint(UInt64(PrimitiveView<UInt16>(self)[row]))
        case .uint32: return .uint(UInt64(PrimitiveView<UInt32>(self)[row]))
        case .uint64: return .uint(PrimitiveView<UInt64>(self)[row])
        case .float16: return .double(Double(HalfFloats.float(PrimitiveView<UInt16>(self)[row])))
        case .float32: return .double(Double(PrimitiveView<Float>(self)[row]))
        case .float64: return .double(PrimitiveView<Double>(self)[row])
        case .decimal128: return .decimal(PrimitiveView<Int128>(self)[row])
        case .intervalMonthDayNano:
            let value = PrimitiveView<MonthDayNano>(self)[row]
            return .interval(months: value.months, days: value.days, nanos: value.nanos)
        case .utf8: return .string(BytesView(self).string(row))
        case .binary: return .bytes(unsafe Array(BytesView(self)[row]))
        case .fixedSizeBinary(let width):
            guard let values else { return .null }
            return .bytes(unsafe Array(values.bytes[(offset + row) * width..<(offset + row + 1) * width]))
        case .structure: return .structure(children.map { $0.scalar(at: offset + row) })
        case .list: return .list(itemRange(row).map { children[0].scalar(at: $0) })
        case .map:
            let entries = children[0]
            return .map(
                itemRange(row).map {
                    Scalar.MapEntry(
                        entries.children[0].scalar(at: entries.offset + $0),
                        entries.children[1].scalar(at: entries.offset + $0))
                })
        case .dictionary:
            guard let index = dictionaryIndex(row), let dictionary else { return .null }
            return dictionary.scalar(at: index)
        }
    }

    /// Which items of the child are a list's or map's value.
    func itemRange(_ row: Int) -> Range<Int> {
        guard let offsets else { return 0..<0 }
        let base = unsafe offsets.base.assumingMemoryBound(to: Int32.self) + offset + row
        return Int(unsafe base[0])..<Int(unsafe base[1])
    }

    /// Which entry of the dictionary a row has.
    func dictionaryIndex(_ row: Int) -> Int? {
        guard case .dictionary(let index, _, _) = type else { return nil }
        return switch index {
        case .int8: Int(PrimitiveView<Int8>(self)[row])
        case .uint8: Int(PrimitiveView<UInt8>(self)[row])
        case .int16: Int(PrimitiveView<Int16>(self)[row])
        case .uint16: Int(PrimitiveView<UInt16>(self)[row])
        case .int32: Int(PrimitiveView<Int32>(self)[row])
        case .uint32: Int(PrimitiveView<UInt32>(self)[row])
        case .int64: Int(PrimitiveView<Int64>(self)[row])
        default: Int(exactly: PrimitiveView<UInt64>(self)[row])
        }
    }
}

/// IEEE 754 half precision, which Swift has not on every processor.
enum HalfFloats {
    static func float(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10) & 31
        let fraction = Float(bits & 0x3ff)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
        }
    }
}
