public import Columnar

/// Writes rows as JSON objects. Source: RFC 8259.
///
/// Timestamps with a zone are in UTC with a Z, those without have none (ISO 8601); bytes are Base64 (RFC 4648); maps with
/// string keys are objects, other maps arrays of `{"key":..,"value":..}`; NaN and infinities are null, which is all JSON
/// has. Strings that are not UTF-8 get U+FFFD for what is broken.
public struct JSONRowWriter {
    public enum Separator: Sendable {
        /// A comma between rows, as inside an array.
        case comma
        /// A line feed behind each row: JSON Lines.
        case newline
    }

    /// What has been written; a caller that sends it on may empty it.
    public var bytes: [UInt8] = []
    private let separator: Separator
    private let decimalsAsStrings: Bool
    private var rows = 0

    /// - Parameter decimalsAsStrings: whether decimals are in quotes, for readers that make every number a double.
    public init(separator: Separator = .comma, decimalsAsStrings: Bool = false) {
        self.separator = separator
        self.decimalsAsStrings = decimalsAsStrings
    }

    /// Adds text as it is, such as what stands around the rows.
    public mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Adds each row as an object.
    public mutating func append(_ batch: RecordBatch) {
        let values = batch.columns.map { JSONValue.make($0, decimalsAsStrings: decimalsAsStrings) }
        let keys = JSONValue.keys(batch.schema.fields)
        bytes.reserveCapacity(bytes.count + batch.count * keys.reduce(2) { $0 + $1.count + 8 })
        for row in 0..<batch.count {
            if separator == .comma, rows > 0 { bytes.append(UInt8(ascii: ",")) }
            if values.isEmpty { bytes.append(UInt8(ascii: "{")) }
            for index in values.indices {
                bytes.append(contentsOf: keys[index])
                values[index].write(row, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
            if separator == .newline { bytes.append(UInt8(ascii: "\n")) }
            rows += 1
        }
    }
}
