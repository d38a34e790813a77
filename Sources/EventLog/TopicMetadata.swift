internal import Base

/// A topic's 128-bit id, as Kafka's protocol carries it.
public struct TopicID: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64
    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// 32 hexadecimal digits.
    public var description: String { Self.hex(high) + Self.hex(low) }

    init?(_ text: Substring) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// What the log knows of a topic.
public struct TopicDescription: Sendable, Hashable {
    public let name: TopicName
    public let id: TopicID
    public internal(set) var partitionCount: Int32
    public internal(set) var configuration: TopicConfiguration

    /// The content of a topic's `topic.meta`: lines of a key and a value, the last one the CRC-32C of those before.
    func encoded() -> [UInt8] {
        var text = "gariep-topic 1\nname \(name)\nid \(id)\npartitions \(partitionCount)\n"
        for (key, value) in configuration.entries { text += "\(key) \(value)\n" }
        return Array((text + "crc \(CRC32C.checksum(Array(text.utf8)))\n").utf8)
    }

    /// - Throws: `corruptMetadata`.
    init(decoding bytes: [UInt8], path: String) throws(LogError) {
        let text = String(decoding: bytes, as: UTF8.self)
        var fields: [Substring: Substring] = [:]
        var entries: [(key: String, value: String)] = []
        var lines = text.split(separator: "\n")
        guard let last = lines.popLast(), last.hasPrefix("crc "), lines.first == "gariep-topic 1",
            UInt32(last.dropFirst(4)) == CRC32C.checksum(Array((lines.joined(separator: "\n") + "\n").utf8))
        else { throw .corruptMetadata(path: path, problem: "its checksum does not fit") }
        for line in lines.dropFirst() {
            guard let space = line.firstIndex(of: " ") else { continue }
            let (key, value) = (line[..<space], line[line.index(after: space)...])
            fields[key] = value
            if !["name", "id", "partitions"].contains(key) { entries.append((String(key), String(value))) }
        }
        guard let name = fields["name"], let id = fields["id"].flatMap({ TopicID($0) }),
            let count = fields["partitions"].flatMap({ Int32($0) }), count > 0
        else { throw .corruptMetadata(path: path, problem: "name, id or partitions are missing") }
        self.init(
            name: try TopicName(String(name)), id: id, partitionCount: count,
            configuration: try TopicConfiguration(entries))
    }

    init(name: TopicName, id: TopicID, partitionCount: Int32, configuration: TopicConfiguration) {
        (self.name, self.id, self.partitionCount, self.configuration) = (name, id, partitionCount, configuration)
    }
}
