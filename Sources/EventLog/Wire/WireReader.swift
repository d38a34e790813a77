internal import Base

/// Reads the fields of a request. Flexible versions have compact lengths and tagged fields (KIP-482).
///
/// Every read past the end, and every length that cannot be, throws `malformedFrame`.
public struct WireReader {
    private let bytes: [UInt8]
    private let api: String
    public private(set) var position: Int
    public var isFlexible: Bool

    public init(_ bytes: [UInt8], from position: Int = 0, api: String, isFlexible: Bool) {
        (self.bytes, self.position, self.api, self.isFlexible) = (bytes, position, api, isFlexible)
    }

    public var remaining: Int { bytes.count - position }

    func malformed(_ problem: String) -> LogError { .malformedFrame(api: api, position: position, problem: problem) }

    private mutating func take(_ count: Int) throws(LogError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw malformed("\(count) bytes wanted and \(remaining) left") }
        defer { position += count }
        return position..<(position + count)
    }

    private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(LogError) -> Value {
        var value: Value = 0
        for place in try take(MemoryLayout<Value>.size) { value = value << 8 | Value(truncatingIfNeeded: bytes[place]) }
        return value
    }

    public mutating func int8() throws(LogError) -> Int8 { Int8(bitPattern: bytes[try take(1).lowerBound]) }
    public mutating func int16() throws(LogError) -> Int16 { try integer(Int16.self) }
    public mutating func int32() throws(LogError) -> Int32 { try integer(Int32.self) }
    public mutating func int64() throws(LogError) -> Int64 { try integer(Int64.self) }
    public mutating func bool() throws(LogError) -> Bool { try int8() != 0 }

    public mutating func topicID() throws(LogError) -> TopicID {
        TopicID(high: try integer(UInt64.self), low: try integer(UInt64.self))
    }

    mutating func unsignedVarint() throws(LogError) -> Int {
        var (value, shift) = (UInt64(0), UInt64(0))
        while shift < 35 {
            let byte = bytes[try take(1).lowerBound]
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return Int(value) }
            shift += 7
        }
        throw malformed("a varint is too long")
    }

    /// The length of what comes; nil for null.
    private mutating func length(short: Bool) throws(LogError) -> Int? {
        let length: Int
        if isFlexible { length = try unsignedVarint() - 1 } else { length = Int(try short ? Int32(int16()) : int32()) }
        guard length >= -1 else { throw malformed("length \(length)") }
        return length < 0 ? nil : length
    }

    public mutating func nullableString() throws(LogError) -> String? {
        guard let count = try length(short: true) else { return nil }
        let range = try take(count)
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw malformed("a string is not UTF-8")
        }
        return text
    }

    public mutating func string() throws(LogError) -> String {
        guard let text = try nullableString() else { throw malformed("null where a string is needed") }
        return text
    }

    public mutating func nullableBytes() throws(LogError) -> [UInt8]? {
        guard let count = try length(short: false) else { return nil }
        return Array(bytes[try take(count)])
    }

    public mutating func byteArray() throws(LogError) -> [UInt8] {
        guard let bytes = try nullableBytes() else { throw malformed("null where bytes are needed") }
        return bytes
    }

    public mutating func nullableArray<Element>(
        _ element: (inout WireReader) throws(LogError) -> Element
    ) throws(LogError) -> [Element]? {
        guard let count = try length(short: false) else { return nil }
        // Every element takes a byte at least, so a count beyond that is a lie and must not reserve memory.
        guard count <= remaining else { throw malformed("\(count) elements in \(remaining) bytes") }
        var elements: [Element] = []
        elements.reserveCapacity(min(count, 1024))
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    public mutating func array<Element>(
        _ element: (inout WireReader) throws(LogError) -> Element
    ) throws(LogError) -> [Element] {
        guard let elements = try nullableArray(element) else { throw malformed("null where an array is needed") }
        return elements
    }

    /// Passes over tagged fields; the log needs none of them.
    public mutating func tags() throws(LogError) {
        guard isFlexible else { return }
        for _ in 0..<(try unsignedVarint()) {
            _ = try unsignedVarint()
            _ = try take(try unsignedVarint())
        }
    }
}
