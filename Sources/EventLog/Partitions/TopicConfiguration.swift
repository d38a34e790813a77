/// What a topic may be told about how it keeps records. Keys and defaults are Kafka's, but for smaller segments.
public struct TopicConfiguration: Sendable, Hashable {
    /// Closed segments whose newest record is older than this go; -1 keeps them for ever.
    public var retentionMillis: Int64 = 604_800_000
    /// Oldest segments go while the partition is larger than this, in bytes; -1 for no bound.
    public var retentionBytes: Int64 = -1
    /// When a segment closes and the next begins, in bytes.
    public var segmentBytes: Int = 256 << 20
    /// The largest batch that is taken, in bytes.
    public var messageBytesMax: Int = 1_048_588

    public init() {}

    /// - Parameter entries: by Kafka's keys, such as `retention.ms`.
    /// - Throws: `invalidConfiguration`; `unsupported` for `cleanup.policy=compact`.
    public init(_ entries: [(key: String, value: String)]) throws(LogError) {
        for (key, value) in entries { try set(key, value) }
    }

    private mutating func set(_ key: String, _ value: String) throws(LogError) {
        switch key {
        case "retention.ms": retentionMillis = try Self.number(key, value, from: -1)
        case "retention.bytes": retentionBytes = try Self.number(key, value, from: -1)
        case "segment.bytes": segmentBytes = Int(try Self.number(key, value, from: 14, to: 2_147_483_647))
        case "max.message.bytes": messageBytesMax = Int(try Self.number(key, value, from: 0, to: 104_857_600))
        case "cleanup.policy":
            guard value == "delete" else {
                guard value.contains("compact") else {
                    throw .invalidConfiguration(key: key, value: value, expected: "delete")
                }
                throw .unsupported(
                    feature: "cleanup.policy=\(value)", hint: "Use cleanup.policy=delete with a retention.")
            }
        case "compression.type": try Self.only("producer", key, value)
        case "message.timestamp.type": try Self.only("CreateTime", key, value)
        case "min.insync.replicas": try Self.only("1", key, value)
        default:
            throw .invalidConfiguration(key: key, value: value, expected: "one of \(Self.keys.joined(separator: ", "))")
        }
    }

    private static let keys = [
        "cleanup.policy", "compression.type", "max.message.bytes", "message.timestamp.type", "min.insync.replicas",
        "retention.bytes", "retention.ms", "segment.bytes",
    ]

    /// Every key with its value, sorted by key.
    public var entries: [(key: String, value: String)] {
        [
            ("cleanup.policy", "delete"), ("compression.type", "producer"), ("max.message.bytes", "\(messageBytesMax)"),
            ("message.timestamp.type", "CreateTime"), ("min.insync.replicas", "1"),
            ("retention.bytes", "\(retentionBytes)"), ("retention.ms", "\(retentionMillis)"),
            ("segment.bytes", "\(segmentBytes)"),
        ]
    }

    private static func number(
        _ key: String, _ value: String, from low: Int64, to high: Int64 = .max
    ) throws(LogError) -> Int64 {
        guard let number = Int64(value), number >= low, number <= high else {
            throw .invalidConfiguration(key: key, value: value, expected: "a whole number from \(low) to \(high)")
        }
        return number
    }

    private static func only(_ allowed: String, _ key: String, _ value: String) throws(LogError) {
        guard value == allowed else { throw .invalidConfiguration(key: key, value: value, expected: allowed) }
    }
}
