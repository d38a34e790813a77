extension Column {
    /// One value, read the slow way: for literals, single rows and tests.
    public func scalar(at row: Int) -> Scalar {
        precondition(row >= 0 && row < count, "row \(row) of \(count)")
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
        case .float16: return .double(HalfFloat.number(PrimitiveView<UInt16>(self)[row]))
        case .float32: return .double(Double(PrimitiveView<Float>(self)[row]))
        case .float64: return .double(PrimitiveView<Double>(self)[row])
        case .decimal128: return .decimal(PrimitiveView<Int128>(self)[row])
        case .intervalMonthDayNano:
            let value = PrimitiveView<MonthDayNano>(self)[row]
            return .interval(months: value.months, days: value.days, nanos: value.nanos)
        case .utf8: return .string(BytesView(self).string(row))
        case .binary: return unsafe .bytes(Array(BytesView(self)[row]))
        case .fixedSizeBinary: return unsafe .bytes(Array(fixedWidthBytes(row)))
        case .list: return .list(itemRange(row).map { children[0].scalar(at: $0) })
        case .structure: return .structure(children.map { $0.scalar(at: offset + row) })
        case .map:
            let entries = children[0]
            return .map(
                itemRange(row).map { item in
                    Scalar.MapEntry(
                        entries.children[0].scalar(at: entries.offset + item),
                        entries.children[1].scalar(at: entries.offset + item))
                })
        case .dictionary: return unsafe dictionary.unsafelyUnwrapped.scalar(at: dictionaryIndex(row))
        }
    }

    /// The items of a list or map, as rows of its child.
    public func itemRange(_ row: Int) -> Range<Int> {
        let start = unsafe offsets.unsafelyUnwrapped.base.assumingMemoryBound(to: Int32.self) + offset + row
        return Int(unsafe start[0])..<Int(unsafe start[1])
    }

    /// The dictionary's row that a value is; meaningless where the row is null.
    public func dictionaryIndex(_ row: Int) -> Int {
        guard case .dictionary(let index, _, _) = type else { preconditionFailure("not a dictionary column") }
        return switch index {
        case .int8: Int(PrimitiveView<Int8>(self)[row])
        case .uint8: Int(PrimitiveView<UInt8>(self)[row])
        case .int16: Int(PrimitiveView<Int16>(self)[row])
        case .uint16: Int(PrimitiveView<UInt16>(self)[row])
        case .int32: Int(PrimitiveView<Int32>(self)[row])
        case .uint32: Int(PrimitiveView<UInt32>(self)[row])
        case .int64: Int(truncatingIfNeeded: PrimitiveView<Int64>(self)[row])
        default: Int(truncatingIfNeeded: PrimitiveView<UInt64>(self)[row])
        }
    }

    /// The bytes of one fixed-width value as they lie in memory.
    public func fixedWidthBytes(_ row: Int) -> UnsafeRawBufferPointer {
        let width = fixedByteWidth
        guard let values else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeRawBufferPointer(start: values.base + (offset + row) * width, count: width)
    }

    /// Bytes a value of a fixed-width column, or of a dictionary's index.
    var fixedByteWidth: Int {
        switch type.layout {
        case .fixedWidth(let width), .dictionary(let width): width
        default: preconditionFailure("\(type) is not of fixed width")
        }
    }
}

extension RecordBatch {
    /// One row as scalars, the slow way.
    public func row(_ row: Int) -> [Scalar] { columns.map { $0.scalar(at: row) } }
}
