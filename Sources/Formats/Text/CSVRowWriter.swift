public import Columnar

/// Writes rows as CSV. Source: RFC 4180, with LF or CRLF line ends.
///
/// A null is an empty field and an empty string is `""`, so that they differ. Lists, structures and maps are JSON, bytes
/// Base64, timestamps ISO 8601. NaN and infinities are `nan`, `inf` and `-inf`.
public struct CSVRowWriter {
    /// What has been written; a caller that sends it on may empty it.
    public var bytes: [UInt8] = []
    private let separator: UInt8
    private let lineEnd: [UInt8]

    /// - Parameter separator: one ASCII character.
    public init(separator: Unicode.Scalar = ",", crlf: Bool = true) {
        precondition(separator.isASCII && separator != "\"" && separator != "\n" && separator != "\r")
        self.separator = UInt8(ascii: separator)
        lineEnd = Array((crlf ? "\r\n" : "\n").utf8)
    }

    /// Adds the line of names.
    public mutating func header(_ names: [String]) {
        for (index, name) in names.enumerated() {
            if index > 0 { bytes.append(separator) }
            var copy = name
            copy.withUTF8 { unsafe field(UnsafeRawBufferPointer($0)) }
        }
        bytes.append(contentsOf: lineEnd)
    }

    /// Adds a line a row.
    public mutating func append(_ batch: RecordBatch) {
        let cells = batch.columns.map { CSVCell($0) }
        var scratch: [UInt8] = []
        for row in 0..<batch.count {
            for index in cells.indices {
                if index > 0 { bytes.append(separator) }
                let cell = cells[index]
                guard !cell.column.isNull(row) else { continue }
                if let text = cell.text {
                    // Numbers, dates and times have nothing to escape, unless the separator is one of their characters.
                    if separator == UInt8(ascii: ",") || separator == UInt8(ascii: "\t") {
                        text.write(row, into: &bytes)
                        continue
                    }
                    scratch.removeAll(keepingCapacity: true)
                    text.write(row, into: &scratch)
                } else if let view = cell.strings {
                    unsafe field(view[row])
                    continue
                } else {
                    scratch.removeAll(keepingCapacity: true)
                    cell.json.writeValue(row, into: &scratch)
                    if cell.isBase64 { scratch = Array(scratch.dropFirst().dropLast()) }
                }
                unsafe scratch.withUnsafeBytes { unsafe field($0) }
            }
            bytes.append(contentsOf: lineEnd)
        }
    }

    private mutating func field(_ text: UnsafeRawBufferPointer) {
        let escaped = unsafe text.contains { $0 == separator || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }
        if !escaped, text.count > 0 { return unsafe bytes.append(contentsOf: text) }
        bytes.append(0x22)
        for index in 0..<text.count {
            let byte = unsafe text[index]
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }
}

/// How the values of one column are written, decided once a batch.
private struct CSVCell {
    let column: Column
    let text: ColumnText?
    let strings: BytesView?
    let json: JSONValue
    let isBase64: Bool

    init(_ original: Column) {
        column = original.type == original.type.withoutDictionaries ? original : original.withoutDictionaries()
        text = ColumnText.make(column, decimalsAsStrings: false)
        strings = column.type == .utf8 ? BytesView(column) : nil
        json = .make(column, decimalsAsStrings: false)
        isBase64 =
            column.type == .binary || column.type.layout != .list && column.type.layout != .structure && text == nil
    }
}
