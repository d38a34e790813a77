internal import Base

/// Writes the fields of a response.
public struct WireWriter {
    private var writer = ByteWriter()
    public let isFlexible: Bool

    public init(isFlexible: Bool, reserving count: Int = 256) {
        self.isFlexible = isFlexible
        writer = ByteWriter(reserving: count)
    }

    public var bytes: [UInt8] { writer.bytes }

    public mutating func int8(_ value: Int8) { writer.bigEndian(value) }
    public mutating func int16(_ value: Int16) { writer.bigEndian(value) }
    public mutating func int32(_ value: Int32) { writer.bigEndian(value) }
    public mutating func int64(_ value: Int64) { writer.bigEndian(value) }
    public mutating func bool(_ value: Bool) { writer.bigEndian(UInt8(value ? 1 : 0)) }
    public mutating func error(_ value: KafkaErrorCode) { writer.bigEndian(value.rawValue) }

    public mutating func topicID(_ id: TopicID) {
        writer.bigEndian(id.high)
        writer.bigEndian(id.low)
    }

    private mutating func length(_ count: Int?, short: Bool) {
        if isFlexible {
            writer.unsignedVarint(UInt64((count ?? -1) + 1))
        } else if short {
            writer.bigEndian(Int16(truncatingIfNeeded: count ?? -1))
        } else {
            writer.bigEndian(Int32(truncatingIfNeeded: count ?? -1))
        }
    }

    public mutating func nullableString(_ text: String?) {
        // Not every text is from a frame, where it could not be longer than this.
        let bytes = text.map { Array($0.utf8.prefix(Int(Int16.max))) }
        length(bytes?.count, short: true)
        if let bytes { writer.append(bytes) }
    }

    public mutating func string(_ text: String) { nullableString(text) }

    public mutating func bytes(_ bytes: [UInt8]) {
        length(bytes.count, short: false)
        writer.append(bytes)
    }

    /// A chunk's batches as a RECORDS field.
    public mutating func records(_ chunk: LogChunk?) {
        length(chunk?.byteCount ?? 0, short: false)
        unsafe chunk?.withUnsafeBytes { unsafe writer.append($0) }
    }

    public mutating func array<Element>(_ elements: [Element], _ write: (inout WireWriter, Element) -> Void) {
        length(elements.count, short: false)
        for element in elements { write(&self, element) }
    }

    public mutating func nullArray() { length(nil, short: false) }

    /// No tagged fields.
    public mutating func tags() { if isFlexible { writer.bigEndian(UInt8(0)) } }

    /// Puts a frame's size in front, and its header: the correlation id, and tagged fields where `headerHasTags`.
    public consuming func frame(correlationID: Int32, headerHasTags: Bool) -> [UInt8] {
        var frame = ByteWriter(reserving: writer.count + 9)
        frame.bigEndian(Int32(writer.count + 4 + (headerHasTags ? 1 : 0)))
        frame.bigEndian(correlationID)
        if headerHasTags { frame.bigEndian(UInt8(0)) }
        frame.append(writer.bytes)
        return frame.bytes
    }
}
