/// DescribeConfigs, versions 0 to 4.
public struct DescribeConfigsRequest: Sendable {
    public struct Resource: Sendable {
        /// 2 for a topic, 4 for a broker.
        public var type: Int8
        public var name: String
        /// Nil asks for all keys.
        public var keys: [String]?
    }
    public var resources: [Resource]

    public init(_ reader: inout WireReader, version: Int16) throws(LogError) {
        resources = try reader.array { reader throws(LogError) in
            let resource = Resource(
                type: try reader.int8(), name: try reader.string(),
                keys: try reader.nullableArray { reader throws(LogError) in try reader.string() })
            try reader.tags()
            return resource
        }
        if version >= 1 { _ = try reader.bool() }
        if version >= 3 { _ = try reader.bool() }
        try reader.tags()
    }
}

public struct DescribeConfigsResponse: Sendable {
    public struct Resource: Sendable {
        public var error: KafkaErrorCode
        public var message: String?
        public var type: Int8
        public var name: String
        /// Each key with its value and whether it is the default.
        public var entries: [(key: String, value: String, isDefault: Bool)]
        public init(
            error: KafkaErrorCode, message: String?, type: Int8, name: String,
            entries: [(key: String, value: String, isDefault: Bool)]
        ) {
            (self.error, self.message, self.type, self.name, self.entries) = (error, message, type, name, entries)
        }
    }
    public var resources: [Resource]
    public init(resources: [Resource]) { self.resources = resources }

    public func write(to writer: inout WireWriter, version: Int16) {
        writer.int32(0)
        writer.array(resources) { writer, resource in
            writer.error(resource.error)
            writer.nullableString(resource.message)
            writer.int8(resource.type)
            writer.string(resource.name)
            writer.array(resource.entries) { writer, entry in
                writer.string(entry.key)
                writer.nullableString(entry.value)
                writer.bool(false)
                // config_source: 1 the topic's own, 5 the default.
                if version == 0 { writer.bool(entry.isDefault) } else { writer.int8(entry.isDefault ? 5 : 1) }
                writer.bool(false)
                if version >= 1 { writer.array([Int32]()) { $0.int32($1) } }
                if version >= 3 {
                    // config_type: 2 a string.
                    writer.int8(2)
                    writer.nullableString(nil)
                }
                writer.tags()
            }
            writer.tags()
        }
        writer.tags()
    }
}
