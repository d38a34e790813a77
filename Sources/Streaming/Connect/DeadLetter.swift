public import Columnar

/// A record that could not be used, with why and where it came from.
public struct DeadLetter: Sendable, Hashable {
    /// The dataset that it was read from, or the step that refused it.
    public let origin: String
    public let partition: Int?
    /// Its offset or position in the partition, as text.
    public let position: String?
    /// A stable error code, such as `STR-060`.
    public let code: String
    public let cause: String
    /// The record as it came, or the row as text.
    public let payload: [UInt8]

    public init(origin: String, partition: Int?, position: String?, code: String, cause: String, payload: [UInt8]) {
        self.origin = origin
        self.partition = partition
        self.position = position
        self.code = code
        self.cause = cause
        self.payload = payload
    }

    /// The columns of a sink of dead letters.
    public static let schema = Schema([
        Field("origin", .utf8, nullable: false), Field("partition", .int32), Field("position", .utf8),
        Field("code", .utf8, nullable: false), Field("cause", .utf8, nullable: false),
        Field("payload", .binary, nullable: false),
    ])

    static func batch(_ letters: [DeadLetter]) throws -> RecordBatch {
        let builders = schema.fields.map { ColumnBuilder.make($0.type) }
        for letter in letters {
            try builders[0].append(.string(letter.origin))
            try builders[1].append(letter.partition.map { .int(Int64($0)) } ?? .null)
            try builders[2].append(letter.position.map { .string($0) } ?? .null)
            try builders[3].append(.string(letter.code))
            try builders[4].append(.string(letter.cause))
            try builders[5].append(.bytes(letter.payload))
        }
        return RecordBatch(schema: schema, columns: builders.map { $0.finish() }, count: letters.count)
    }
}
