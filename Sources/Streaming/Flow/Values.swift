internal import Columnar

/// One value of a column at a time: for dead letters, table tests and other slow paths.
enum Values {
    static func scalar(_ column: Column, _ row: Int) -> Scalar {
        if column.isNull(row) { return .null }
        switch column.type {
        case .null: return .null
        case .bool: return .bool(BoolView(column)[row])
        case .int8: return .int(Int64(PrimitiveView<Int8>(column)[row]))
        case .int16: return .int(Int64(PrimitiveView<Int16>(column)[row]))
        case .int32, .date32, .time32: return .int(Int64(PrimitiveView<Int32>(column)[row]))
        case .int64, .date64, .time64, .timestamp, .duration: return .int(PrimitiveView<Int64>(column)[row])
        case .uint8: return .uint(UInt64(PrimitiveView<UInt8>(column)[row]))
        case .uint16: return .uint(UInt64(PrimitiveView<UInt16>(column)[row]))
        case .uint32: return .uint(UInt64(PrimitiveView<UInt32>(column)[row]))
        case .uint64: return .uint(PrimitiveView<UInt64>(column)[row])
        case .float16: return .int(Int64(PrimitiveView<UInt16>(column)[row]))
        case .float32: return .double(Double(PrimitiveView<Float>(column)[row]))
        case .float64: return .double(PrimitiveView<Double>(column)[row])
        case .decimal128: return .decimal(PrimitiveView<Int128>(column)[row])
        case .utf8: return .string(BytesView(column).string(row))
        case .binary: return .bytes(unsafe Array(BytesView(column)[row]))
        case .fixedSizeBinary(let width):
            guard let values = column.values else { return .null }
            let start = (column.offset + row) * width
            return .bytes(unsafe Array(UnsafeRawBufferPointer(start: values.base + start, count: width)))
        case .intervalMonthDayNano:
            let value = PrimitiveView<MonthDayNano>(column)[row]
            return .interval(months: value.months, days: value.days, nanos: value.nanos)
        case .list: return .list((Gather.listBounds(column, row) ?? 0..<0).map { scalar(column.children[0], Int($0)) })
        case .map:
            return .map(
                (Gather.listBounds(column, row) ?? 0..<0).map { item in
                    let entry = column.children[0]
                    return .init(
                        scalar(entry.children[0], entry.offset + Int(item)),
                        scalar(entry.children[1], entry.offset + Int(item)))
                })
        case .structure: return .structure(column.children.map { scalar($0, column.offset + row) })
        case .dictionary(let index, _, _):
            guard let dictionary = column.dictionary else { return .null }
            let indices = Column(
                type: index, count: column.count, offset: column.offset, validity: column.validity,
                values: column.values)
            switch scalar(indices, row) {
            case .int(let number): return scalar(dictionary, Int(number))
            case .uint(let number): return scalar(dictionary, Int(number))
            default: return .null
            }
        }
    }

    /// A row as text, for people who look at a dead letter.
    static func describe(_ batch: RecordBatch, _ row: Int) -> String {
        let fields = zip(batch.schema.fields, batch.columns).map { field, column in
            "\(field.name)=\(text(scalar(column, row), field.type))"
        }
        return "{" + fields.joined(separator: ", ") + "}"
    }

    private static func text(_ scalar: Scalar, _ type: DataType) -> String {
        switch (scalar, type) {
        case (.null, _): return "null"
        case (.string(let value), _): return value
        case (.int(let value), .timestamp(let unit, _)):
            return Calendar.micros(value, unit).map { TimestampText.format(micros: $0) } ?? String(value)
        case (.int(let value), .date32): return TimestampText.formatDate(days: Int32(truncatingIfNeeded: value))
        case (.int(let value), _): return String(value)
        case (.uint(let value), _): return String(value)
        case (.double(let value), _): return String(value)
        case (.bool(let value), _): return String(value)
        case (.decimal(let value), .decimal128(_, let scale)): return DecimalText.format(value, scale: scale)
        default: return "\(scalar)"
        }
    }
}
