public import Columnar

/// Writes rows for people, as DuckDB's own shell shows values: an array of JSON texts a row, with null for null.
///
/// Numbers have all of their digits, decimals their scale, NaN and infinities their names. Lists are `[1, 2]`, structures
/// `{'a': 1}`, maps `{key=1}`, bytes `\\x00`; dates and times are ISO 8601.
public struct ShownRowWriter {
    /// What has been written; a caller that sends it on may empty it.
    public var bytes: [UInt8] = []
    private var rows = 0

    public init() {}

    /// Adds text as it is, such as what stands around the rows.
    public mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Adds each row, with commas between them.
    public mutating func append(_ batch: RecordBatch) {
        let values = batch.columns.map { ShownValue($0) }
        var scratch: [UInt8] = []
        for row in 0..<batch.count {
            if rows > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "["))
            for index in values.indices {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                if values[index].isNull(row) {
                    bytes.append(contentsOf: "null".utf8)
                } else {
                    scratch.removeAll(keepingCapacity: true)
                    values[index].write(row, isNested: false, into: &scratch)
                    JSONValue.quote(String(decoding: scratch, as: UTF8.self), into: &bytes)
                }
            }
            bytes.append(UInt8(ascii: "]"))
            rows += 1
        }
    }
}

/// How the values of one column are shown, decided once a batch.
private struct ShownValue {
    private indirect enum Form {
        case nothing
        case plain(ColumnText)
        case text(BytesView)
        case bytes
        case list(ShownValue)
        case structure([(name: String, value: ShownValue)])
        case map(key: ShownValue, value: ShownValue)
    }

    private let column: Column
    private let form: Form

    init(_ original: Column) {
        let column = original.type == original.type.withoutDictionaries ? original : original.withoutDictionaries()
        self.column = column
        switch column.type {
        case .utf8: form = .text(BytesView(column))
        case .binary, .fixedSizeBinary: form = .bytes
        case .list: form = .list(ShownValue(column.children[0]))
        case .structure(let fields):
            form = .structure(zip(fields, column.children).map { ($0.name, ShownValue($1)) })
        case .map:
            let entries = column.children[0]
            form = .map(key: ShownValue(entries.children[0]), value: ShownValue(entries.children[1]))
        default: form = ColumnText.make(column, decimalsAsStrings: false).map { .plain($0) } ?? .nothing
        }
    }

    func isNull(_ row: Int) -> Bool {
        if case .nothing = form { return true }
        return column.isNull(row)
    }

    /// - Parameter isNested: whether the value stands within another, where texts need quotes to be told apart.
    func write(_ row: Int, isNested: Bool, into bytes: inout [UInt8]) {
        guard !isNull(row) else { return bytes.append(contentsOf: "NULL".utf8) }
        switch form {
        case .nothing: break
        case .plain(let text): text.write(row, into: &bytes)
        case .text(let view):
            if isNested { Self.quote(view.string(row), into: &bytes) } else { bytes += Array(view.string(row).utf8) }
        case .bytes:
            let value = unsafe column.type == .binary ? BytesView(column)[row] : column.fixedWidthBytes(row)
            unsafe Self.escape(value, into: &bytes)
        case .list(let items):
            bytes.append(UInt8(ascii: "["))
            let range = column.itemRange(row)
            for item in range {
                if item > range.lowerBound { bytes += Array(", ".utf8) }
                items.write(item, isNested: true, into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .structure(let fields):
            bytes.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { bytes += Array(", ".utf8) }
                bytes += Array("'\(field.name)': ".utf8)
                field.value.write(column.offset + row, isNested: true, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .map(let key, let value):
            bytes.append(UInt8(ascii: "{"))
            let range = column.itemRange(row)
            let first = column.children[0].offset
            for item in range {
                if item > range.lowerBound { bytes += Array(", ".utf8) }
                key.write(first + item, isNested: true, into: &bytes)
                bytes.append(UInt8(ascii: "="))
                value.write(first + item, isNested: true, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Quotes a text where it could be taken for something else.
    private static func quote(_ text: String, into bytes: inout [UInt8]) {
        let isPlain =
            !text.isEmpty && text.first != " " && text.last != " " && text.uppercased() != "NULL"
            && !text.utf8.contains { "'\"[]{}(),:=\\".utf8.contains($0) }
        guard !isPlain else { return bytes.append(contentsOf: text.utf8) }
        bytes.append(UInt8(ascii: "'"))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "'"))
    }

    private static func escape(_ value: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        let hex = Array("0123456789ABCDEF".utf8)
        for index in 0..<value.count {
            let byte = unsafe value[index]
            let isPlain = (0x20...0x7e).contains(byte) && !"\\'\"".utf8.contains(byte)
            bytes +=
                isPlain ? [byte] : [UInt8(ascii: "\\"), UInt8(ascii: "x"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
    }
}
