internal import Columnar

/// Gives columns back the types that their file format does not have: seconds kept as milliseconds, `date64`
/// as days, and the names of list items.
enum TypeRestoring {
    /// What a column stored as `stored` becomes, if it was `original` when written.
    static func type(stored: DataType, original: DataType) -> DataType {
        switch (stored, original) {
        case (.timestamp(.millisecond, let zone), .timestamp(.second, _)): .timestamp(.second, zone: zone)
        case (.time32(.millisecond), .time32(.second)): original
        case (.date32, .date64): original
        case (.list(let item), .list(let before)): .list(field(item, before))
        case (.structure(let fields), .structure(let before)) where fields.count == before.count:
            .structure(zip(fields, before).map(field))
        case (.map(let key, let value, let sorted), .map(let keyBefore, let valueBefore, _)):
            .map(key: field(key, keyBefore), value: field(value, valueBefore), keysSorted: sorted)
        default: stored
        }
    }

    private static func field(_ stored: Field, _ original: Field) -> Field {
        Field(
            original.name, type(stored: stored.type, original: original.type), nullable: stored.nullable,
            metadata: stored.metadata)
    }

    /// `column` as `type`, which `type(stored:original:)` made of its own type.
    static func column(_ column: Column, as type: DataType) -> Column {
        if column.type == type { return column }
        switch (column.type, type) {
        case (.timestamp(.millisecond, _), .timestamp(.second, _)):
            return rebuilt(column, type, map(column, from: Int64.self) { $0 / 1000 })
        case (.time32(.millisecond), .time32(.second)):
            return rebuilt(column, type, map(column, from: Int32.self) { $0 / 1000 })
        case (.date32, .date64):
            return rebuilt(column, type, map(column, from: Int32.self) { Int64($0) * 86_400_000 })
        default:
            let children = zip(column.children, type.childFields).map { TypeRestoring.column($0, as: $1.type) }
            return Column(
                type: type, count: column.count, offset: column.offset, nullCount: column.nullCount,
                validity: column.validity, values: column.values, offsets: column.offsets, children: children,
                dictionary: column.dictionary)
        }
    }

    private static func rebuilt(_ column: Column, _ type: DataType, _ values: Buffer) -> Column {
        Column(
            type: type, count: column.count, offset: column.offset, nullCount: column.nullCount,
            validity: column.validity, values: values)
    }

    /// Also maps the values before the column's own, so that the bitmap still fits.
    private static func map<From: BitwiseCopyable, To: BitwiseCopyable>(
        _ column: Column, from: From.Type, _ convert: (From) -> To
    ) -> Buffer {
        let end = column.offset + column.count
        var mapped = MutableBuffer(byteCapacity: end * MemoryLayout<To>.stride)
        guard let values = column.values else { return mapped.finish() }
        for row in 0..<end {
            unsafe mapped.append(
                convert(values.base.load(fromByteOffset: row * MemoryLayout<From>.stride, as: From.self)))
        }
        return mapped.finish()
    }
}
