internal import Base
internal import CKafka

/// Reads the last records of single partitions: how a producer that starts again finds out how far it had come.
@safe
public final class KafkaTailReader {
    private let client: KafkaClient
    private let timeoutMillis: Int32

    public init(brokers: String, timeoutSeconds: Int = 30) throws(KafkaClientError) {
        timeoutMillis = Int32(timeoutSeconds * 1000)
        unsafe client = try KafkaClient(
            type: RD_KAFKA_CONSUMER,
            settings: [
                ("bootstrap.servers", brokers), ("group.id", "gariep-tail-reader"), ("enable.auto.commit", "false"),
                ("auto.offset.reset", "error"), ("enable.partition.eof", "true"), ("log_level", "0"),
                ("isolation.level", "read_uncommitted"),
            ])
        unsafe rd_kafka_poll_set_consumer(client.handle)
    }

    deinit { unsafe rd_kafka_consumer_close(client.handle) }

    /// The value of header `name` on the newest record of the partition that has it; nil where none has.
    ///
    /// Reads the newest thousand records first, then all.
    public func newestHeader(_ name: String, topic: String, partition: Int32) throws(KafkaClientError) -> [UInt8]? {
        var (low, high): (Int64, Int64) = (0, 0)
        let code = unsafe rd_kafka_query_watermark_offsets(client.handle, topic, partition, &low, &high, timeoutMillis)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw .failed(operation: "find the end of \(topic)[\(partition)]", problem: KafkaClient.text(code))
        }
        guard high > low else { return nil }
        if let found = try scan(name, topic, partition, from: max(low, high - 1000), to: high) { return found }
        return try scan(name, topic, partition, from: low, to: high)
    }

    private func scan(
        _ name: String, _ topic: String, _ partition: Int32, from start: Int64, to end: Int64
    ) throws(KafkaClientError) -> [UInt8]? {
        guard let list = unsafe rd_kafka_topic_partition_list_new(1) else {
            throw .failed(operation: "assign \(topic)[\(partition)]", problem: "out of memory")
        }
        defer { unsafe rd_kafka_topic_partition_list_destroy(list) }
        unsafe rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = start
        let code = unsafe rd_kafka_assign(client.handle, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw .failed(operation: "assign \(topic)[\(partition)]", problem: KafkaClient.text(code))
        }
        defer { unsafe rd_kafka_assign(client.handle, nil) }
        var newest: [UInt8]?
        while true {
            guard let message = unsafe rd_kafka_consumer_poll(client.handle, timeoutMillis) else {
                throw .timedOut(operation: "send \(topic)[\(partition)]", seconds: Int(timeoutMillis / 1000))
            }
            defer { unsafe rd_kafka_message_destroy(message) }
            switch unsafe message.pointee.err {
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: return newest
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                if let value = unsafe Self.header(name, of: message) { newest = value }
                if unsafe message.pointee.offset + 1 >= end { return newest }
            case let problem:
                throw .failed(operation: "read \(topic)[\(partition)]", problem: KafkaClient.text(problem))
            }
        }
    }

    private static func header(_ name: String, of message: UnsafeMutablePointer<rd_kafka_message_t>) -> [UInt8]? {
        var headers: OpaquePointer?
        guard unsafe rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        var value: UnsafeRawPointer?
        var size = 0
        guard unsafe rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let value = unsafe value
        else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: size))
    }
}
