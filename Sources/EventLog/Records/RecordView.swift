public import Base

/// One record, borrowed: its memory is valid until the reader moves on to the next batch or goes away.
///
///     length VARINT  attributes INT8  timestampDelta VARLONG  offsetDelta VARINT
///     key VARINT length (-1 null) + bytes   value likewise   headers VARINT count, each key (not null) and value
@safe
public struct RecordView {
    public let offset: Offset
    /// When the producer says that the record came to be, in milliseconds since 1970.
    public let timestampMillis: Int64
    public let key: UnsafeRawBufferPointer?
    public let value: UnsafeRawBufferPointer?
    public let headerCount: Int
    private let headerBytes: UnsafeRawBufferPointer

    /// Takes one record; nil if the bytes do not hold a whole one.
    init?(_ reader: inout ByteReader, baseOffset: Int64, baseTimestamp: Int64) {
        guard let length = reader.zigzagVarint(), length >= 0, length <= Int64(Int32.max),
            let body = unsafe reader.take(Int(length))
        else { return nil }
        var record = unsafe ByteReader(body)
        var key: UnsafeRawBufferPointer? = nil
        var value: UnsafeRawBufferPointer? = nil
        guard record.skip(1), let timestampDelta = record.zigzagVarint(), let offsetDelta = record.zigzagVarint(),
            unsafe Self.nullable(&record, into: &key), unsafe Self.nullable(&record, into: &value),
            let headers = record.zigzagVarint(), headers >= 0, headers <= Int64(record.remaining)
        else { return nil }
        offset = Offset(baseOffset &+ offsetDelta)
        timestampMillis = baseTimestamp &+ timestampDelta
        headerCount = Int(headers)
        unsafe (self.key, self.value) = (key, value)
        unsafe headerBytes = UnsafeRawBufferPointer(rebasing: body[record.position...])
        for _ in 0..<headerCount {
            var ignored: UnsafeRawBufferPointer? = nil
            guard unsafe Self.nullable(&record, into: &ignored), unsafe ignored != nil,
                unsafe Self.nullable(&record, into: &ignored)
            else { return nil }
        }
        guard record.remaining == 0 else { return nil }
    }

    private static func nullable(_ reader: inout ByteReader, into field: inout UnsafeRawBufferPointer?) -> Bool {
        guard let length = reader.zigzagVarint(), length >= -1, length <= Int64(reader.remaining) else { return false }
        unsafe field = length < 0 ? nil : reader.take(Int(length))
        return true
    }

    /// The key, copied.
    public var keyBytes: [UInt8]? { unsafe key.map { unsafe [UInt8]($0) } }
    /// The value, copied; nil is a tombstone.
    public var valueBytes: [UInt8]? { unsafe value.map { unsafe [UInt8]($0) } }

    /// The headers, copied, in the order they were written.
    public var headers: [RecordHeader] {
        var reader = unsafe ByteReader(headerBytes)
        var result: [RecordHeader] = []
        for _ in 0..<headerCount {
            var name: UnsafeRawBufferPointer? = nil
            var value: UnsafeRawBufferPointer? = nil
            guard unsafe Self.nullable(&reader, into: &name), unsafe Self.nullable(&reader, into: &value) else { break }
            unsafe result.append(
                RecordHeader(
                    key: name.map { unsafe String(decoding: $0, as: UTF8.self) } ?? "",
                    value: value.map { unsafe [UInt8]($0) }))
        }
        return result
    }
}

/// A name and a value beside a record.
public struct RecordHeader: Sendable, Hashable {
    public let key: String
    public let value: [UInt8]?
    public init(key: String, value: [UInt8]?) { (self.key, self.value) = (key, value) }
}
