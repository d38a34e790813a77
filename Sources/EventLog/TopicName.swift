/// A topic's name: 1 to 249 of `a-z A-Z 0-9 . _ -`, and neither `.` nor `..`, as in Kafka.
public struct TopicName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: String

    /// - Throws: `invalidTopicName`.
    public init(_ value: String) throws(LogError) {
        guard !value.isEmpty else { throw .invalidTopicName(value, problem: "an empty name") }
        guard value.utf8.count <= 249 else { throw .invalidTopicName(value, problem: "\(value.utf8.count) bytes") }
        guard value != ".", value != ".." else { throw .invalidTopicName(value, problem: "a folder's own name") }
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                continue
            default: throw .invalidTopicName(value, problem: "a character that is not allowed")
            }
        }
        self.value = value
    }

    public var description: String { value }
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// A partition's number in its topic, from 0.
public typealias PartitionIndex = Int32
