internal import Columnar

/// Writes the values of one column as JSON, its type decided once.
class JSONValue {
    final let column: Column
    init(_ column: Column) { self.column = column }

    final func write(_ row: Int, into bytes: inout [UInt8]) {
        if column.nullCount > 0, column.isNull(row) {
            bytes.append(contentsOf: "null".utf8)
        } else {
            writeValue(row, into: &bytes)
        }
    }

    /// Appends row `row`, which is not null.
    func writeValue(_ row: Int, into bytes: inout [UInt8]) { preconditionFailure("a JSON value without writeValue") }

    static func make(_ column: Column, decimalsAsStrings: Bool) -> JSONValue {
        switch column.type {
        case .null: return JSONNull(column)
        case .utf8: return JSONString(column)
        case .binary, .fixedSizeBinary: return JSONBase64(column)
        case .list: return JSONList(column, decimalsAsStrings: decimalsAsStrings)
        case .structure: return JSONObject(column, decimalsAsStrings: decimalsAsStrings)
        case .map: return JSONMap(column, decimalsAsStrings: decimalsAsStrings)
        case .dictionary: return make(column.withoutDictionaries(), decimalsAsStrings: decimalsAsStrings)
        default:
            guard let text = ColumnText.make(column, decimalsAsStrings: decimalsAsStrings) else {
                return JSONNull(column)
            }
            return JSONScalar(column, text)
        }
    }

    /// `{"a":`, then `,"b":` and so on.
    static func keys(_ fields: [Field]) -> [[UInt8]] {
        fields.enumerated().map { index, field in
            var key = [UInt8(ascii: index == 0 ? "{" : ",")]
            quote(field.name, into: &key)
            key.append(UInt8(ascii: ":"))
            return key
        }
    }

    static func quote(_ text: String, into bytes: inout [UInt8]) {
        var copy = text
        copy.withUTF8 { unsafe quote(UnsafeRawBufferPointer($0), into: &bytes) }
    }

    /// Copies runs that need no escape at once.
    static func quote(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for index in 0..<text.count {
            let byte = unsafe text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            unsafe bytes.append(contentsOf: text[start..<index])
            start = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
            case 0x0a: bytes.append(UInt8(ascii: "n"))
            case 0x0d: bytes.append(UInt8(ascii: "r"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            default:
                let hex = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "u00".utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            }
        }
        unsafe bytes.append(contentsOf: text[start..<text.count])
        bytes.append(UInt8(ascii: "\""))
    }
}

private final class JSONNull: JSONValue {
    override func writeValue(_ row: Int, into bytes: inout [UInt8]) { bytes.append(contentsOf: "null".utf8) }
}

private final class JSONScalar: JSONValue {
    private let text: ColumnText
    init(_ column: Column, _ text: ColumnText) {
        self.text = text
        super.init(column)
    }

    override func writeValue(_ row: Int, into bytes: inout [UInt8]) {
        guard text.isFinite(row) else { return bytes.append(contentsOf: "null".utf8) }
        if text.quoted { bytes.append(UInt8(ascii: "\"")) }
        text.write(row, into: &bytes)
        if text.quoted { bytes.append(UInt8(ascii: "\"")) }
    }
}

private final class JSONString: JSONValue {
    private let view: BytesView
    override init(_ column: Column) {
        view = BytesView(column)
        super.init(column)
    }

    override func writeValue(_ row: Int, into bytes: inout [UInt8]) {
        let text = unsafe view[row]
        // Bytes from 0x80 on may be broken; checking only those keeps plain text fast.
        if unsafe text.contains(where: { $0 >= 0x80 }) {
            unsafe JSONValue.quote(String(decoding: text, as: UTF8.self), into: &bytes)
        } else {
            unsafe JSONValue.quote(text, into: &bytes)
        }
    }
}

private final class JSONBase64: JSONValue {
    override func writeValue(_ row: Int, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if column.type == .binary {
            unsafe TextValue.base64(BytesView(column)[row], into: &bytes)
        } else {
            unsafe TextValue.base64(column.fixedWidthBytes(row), into: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

private final class JSONList: JSONValue {
    private let items: JSONValue
    init(_ column: Column, decimalsAsStrings: Bool) {
        items = .make(column.children[0], decimalsAsStrings: decimalsAsStrings)
        super.init(column)
    }

    override func writeValue(_ row: Int, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        let range = column.itemRange(row)
        for item in range {
            if item > range.lowerBound { bytes.append(UInt8(ascii: ",")) }
            items.write(item, into: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

private final class JSONObject: JSONValue {
    private let keys: [[UInt8]]
    private let values: [JSONValue]
    init(_ column: Column, decimalsAsStrings: Bool) {
        keys = JSONValue.keys(column.type.childFields)
        values = column.children.map { .make($0, decimalsAsStrings: decimalsAsStrings) }
        super.init(column)
    }

    override func writeValue(_ row: Int, into bytes: inout [UInt8]) {
        if values.isEmpty { bytes.append(UInt8(ascii: "{")) }
        for index in values.indices {
            bytes.append(contentsOf: keys[index])
            values[index].write(column.offset + row, into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

private final class JSONMap: JSONValue {
    private let keys: JSONValue
    private let values: JSONValue
    private let keysAreStrings: Bool
    init(_ column: Column, decimalsAsStrings: Bool) {
        let entries = column.children[0]
        keys = .make(entries.children[0], decimalsAsStrings: decimalsAsStrings)
        values = .make(entries.children[1], decimalsAsStrings: decimalsAsStrings)
        keysAreStrings = entries.children[0].type.withoutDictionaries == .utf8
        super.init(column)
    }

    override func writeValue(_ row: Int, into bytes: inout [UInt8]) {
        let range = column.itemRange(row)
        let first = column.children[0].offset
        bytes.append(UInt8(ascii: keysAreStrings ? "{" : "["))
        for item in range {
            if item > range.lowerBound { bytes.append(UInt8(ascii: ",")) }
            if !keysAreStrings { bytes.append(contentsOf: "{\"key\":".utf8) }
            keys.write(first + item, into: &bytes)
            bytes.append(contentsOf: (keysAreStrings ? ":" : ",\"value\":").utf8)
            values.write(first + item, into: &bytes)
            if !keysAreStrings { bytes.append(UInt8(ascii: "}")) }
        }
        bytes.append(UInt8(ascii: keysAreStrings ? "}" : "]"))
    }
}
