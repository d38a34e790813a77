internal import Columnar

/// Partition values as text, and the folders named for them.
///
/// Source: Delta Transaction Log Protocol, "Partition Value Serialization". Text that is empty means null.
enum PartitionValue {
    static let nullFolder = "__HIVE_DEFAULT_PARTITION__"

    /// Whether a column of that type can partition a table.
    static func isSupported(_ type: DataType) -> Bool {
        switch type {
        case .bool, .int8, .int16, .int32, .int64, .float32, .float64, .decimal128, .utf8, .date32,
            .timestamp(.microsecond, _):
            true
        default: false
        }
    }

    /// - Returns: nil for null, and for empty text, which Delta cannot tell from it.
    static func text(_ value: Scalar, type: DataType) -> String? {
        switch (value, type) {
        case (.null, _): nil
        case (.string(let text), _): text.isEmpty ? nil : text
        case (.bool(let truth), _): truth ? "true" : "false"
        case (.int(let days), .date32): CivilTime.date(days: days)
        case (.int(let micros), .timestamp(_, let zone)): CivilTime.timestamp(micros: micros, isUTC: zone != nil)
        case (.int(let number), _): String(number)
        case (.uint(let number), _): String(number)
        case (.double(let number), .float32): floating(number, short: String(Float(number)))
        case (.double(let number), _): floating(number, short: String(number))
        case (.decimal(let unscaled), .decimal128(_, let scale)): DecimalText.format(unscaled, scale: scale)
        default: nil
        }
    }

    private static func floating(_ number: Double, short: String) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return short
    }

    static func scalar(_ text: String?, type: DataType, column: String) throws(LakeError) -> Scalar {
        guard let text, !text.isEmpty else { return .null }
        let value: Scalar? =
            switch type {
            case .utf8: .string(text)
            case .bool: ["true": .bool(true), "false": .bool(false)][text.lowercased()]
            case .int8: Int8(text).map { .int(Int64($0)) }
            case .int16: Int16(text).map { .int(Int64($0)) }
            case .int32: Int32(text).map { .int(Int64($0)) }
            case .int64: Int64(text).map { .int($0) }
            case .float32: Float(text).map { .double(Double($0)) }
            case .float64: Double(text).map { .double($0) }
            case .date32: CivilTime.days(text).map { .int($0) }
            case .timestamp: CivilTime.micros(text).map { .int($0.micros) }
            case .decimal128(_, let scale): DecimalText.parse(text, scale: scale).map { .decimal($0) }
            default: nil
            }
        guard let value else { throw .badPartitionValue(column: column, type: type.description, value: text) }
        return value
    }

    /// The folder of a partition, such as `month=2013-01-01/carrier=AA`; empty without partition columns.
    static func folder(_ columns: [String], _ values: [String?]) -> String {
        zip(columns, values).map { column, value in
            "\(escaped(column))=\(value.map { bounded(escaped($0)) } ?? nullFolder)"
        }.joined(separator: "/")
    }

    /// As Hive escapes names of folders, plus what no object's path may have.
    private static func escaped(_ text: String) -> String {
        if text == "." || text == ".." { return text.replacing(".", with: "%2E") }
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7f || "\"#%'*/:=?\\{[]^".utf8.contains(byte) {
                escaped.append(contentsOf: URIText.percent(byte))
            } else {
                escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// File systems take 255 bytes a name. The folder is for people only: the value stands in the log.
    private static func bounded(_ text: String) -> String {
        guard text.utf8.count > 120 else { return text }
        var kept = ""
        for character in text.unicodeScalars where kept.utf8.count < 112 { kept.unicodeScalars.append(character) }
        var mark: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { mark = (mark ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return kept + "-" + String(mark, radix: 16)
    }
}

/// Paths in the log are URIs; these go between them and the paths of objects. Source: RFC 2396.
enum URIText {
    static func encode(_ path: String) -> String {
        var encoded: [UInt8] = []
        for byte in path.utf8 {
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_.~/=!$&()+,;@".utf8.contains(byte)
                }
            if isPlain { encoded.append(byte) } else { encoded.append(contentsOf: percent(byte)) }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    static func decode(_ uri: String) -> String {
        guard uri.utf8.contains(UInt8(ascii: "%")) else { return uri }
        let bytes = Array(uri.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    static func percent(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
