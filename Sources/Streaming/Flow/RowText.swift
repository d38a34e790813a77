internal import Columnar

/// Rows as text.
enum RowText {
    /// A row as text, for people who look at a dead letter.
    static func describe(_ batch: RecordBatch, _ row: Int) -> String {
        let fields = zip(batch.schema.fields, batch.columns).map { field, column in
            "\(field.name)=\(text(column.scalar(at: row), field.type))"
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
