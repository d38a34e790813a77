public import Base

/// The text of one template file, with its line starts, so that any byte can be named as file:line:column.
public final class TemplateSource: Sendable, Hashable {
    /// The file's path, relative to the project.
    public let file: String
    /// The text in UTF-8; every offset of this room counts these bytes.
    public let bytes: [UInt8]
    private let lineStarts: [Int]

    public init(file: String, text: String) {
        self.file = file
        bytes = Array(text.utf8)
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        lineStarts = starts
    }

    /// The place of a byte; an offset past the end names the end.
    public func location(at offset: Int) -> SourceLocation {
        let offset = min(max(0, offset), bytes.count)
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let scalars = bytes[lineStarts[low]..<offset].count { $0 & 0xc0 != 0x80 }
        return SourceLocation(file: file, line: low + 1, column: scalars + 1)
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    public static func == (left: TemplateSource, right: TemplateSource) -> Bool {
        left === right || (left.file == right.file && left.bytes == right.bytes)
    }
    public func hash(into hasher: inout Hasher) { hasher.combine(file) }
}
