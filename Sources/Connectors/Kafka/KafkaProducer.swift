internal import Base
internal import CKafka
internal import Synchronization

/// An idempotent producer: every record that `flush()` has seen is acknowledged by all replicas, in order, once.
///
/// What a partition has of this producer's records is always the first of them, without a gap: a record is tried until the
/// broker takes it, however long that takes, and one that the broker refuses for good is the end of the producer.
/// Source: KIP-98. Keys go to partitions as Java's clients send them (murmur2), so that other producers agree.
@safe
public final class KafkaProducer: Sendable {
    /// What the delivery callback notes; it lives as long as the handle, which calls into it.
    private final class Deliveries: Sendable {
        struct State {
            var acknowledged: Int64 = 0
            /// Why a record was given up; after it none is sent.
            var firstProblem: String?
            /// What the client last complained about while it kept trying.
            var trouble: String?
        }
        let state = Mutex(State())
    }

    private let client: KafkaClient
    private let deliveries: Deliveries
    private let brokers: String

    /// - Parameters:
    ///   - brokers: `host:port`, several with commas.
    ///   - settings: librdkafka's settings, over ours.
    public init(brokers: String, settings: [(String, String)] = []) throws(KafkaClientError) {
        let deliveries = Deliveries()
        self.deliveries = deliveries
        self.brokers = brokers
        let ours = [
            ("bootstrap.servers", brokers), ("client.id", "gariep-internal"), ("enable.idempotence", "true"),
            ("partitioner", "murmur2_random"),
            ("linger.ms", "5"), ("batch.size", "262144"), ("queue.buffering.max.kbytes", "16384"),
            ("queue.buffering.max.messages", "100000"), ("log_level", "0"),
            // A record that is given up leaves a gap before those behind it: none is for being late, and one that the
            // broker refuses ends the producer.
            ("message.timeout.ms", "0"), ("enable.gapless.guarantee", "true"),
        ]
        unsafe client = try KafkaClient(type: RD_KAFKA_PRODUCER, settings: ours + settings) { configuration in
            unsafe rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(deliveries).toOpaque())
            // What is wrong is told by errors, and not by the client to whoever watches the program's output.
            unsafe rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
            unsafe rd_kafka_conf_set_error_cb(configuration) { _, _, reason, opaque in
                guard let reason = unsafe reason, let opaque = unsafe opaque else { return }
                let deliveries = unsafe Unmanaged<Deliveries>.fromOpaque(opaque).takeUnretainedValue()
                let text = unsafe String(cString: reason)
                deliveries.state.withLock { $0.trouble = text }
            }
            unsafe rd_kafka_conf_set_dr_msg_cb(configuration) { handle, message, opaque in
                guard let message = unsafe message, let opaque = unsafe opaque else { return }
                let deliveries = unsafe Unmanaged<Deliveries>.fromOpaque(opaque).takeUnretainedValue()
                let code = unsafe message.pointee.err
                let isFirstProblem = deliveries.state.withLock { state in
                    if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                        state.acknowledged += 1
                        state.trouble = nil
                        return false
                    }
                    defer { state.firstProblem = state.firstProblem ?? KafkaClient.text(code) }
                    return state.firstProblem == nil
                }
                // What waits behind a record that was given up must not arrive without it.
                if isFirstProblem {
                    unsafe rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING)
                }
            }
        }
    }

    /// How many records the broker has acknowledged.
    public var acknowledged: Int64 { deliveries.state.withLock { $0.acknowledged } }

    /// How many records wait for their acknowledgement.
    public var waitingCount: Int { Int(unsafe rd_kafka_outq_len(client.handle)) }

    /// What the client last complained about, such as a broker that is away, since a record was acknowledged.
    public var trouble: String? { deliveries.state.withLock { $0.trouble } }

    /// Hands one record to the client, waiting while its queue is full.
    ///
    /// - Parameters:
    ///   - partition: nil to let the key decide.
    ///   - header: one header with a value, if any.
    /// - Throws: `undelivered` from the first record on that was given up, whichever that was.
    public func produce(
        topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        header: (name: String, value: UnsafeRawBufferPointer)? = nil
    ) throws(KafkaClientError) {
        while try !(unsafe offer(topic: topic, partition: partition, key: key, value: value, header: header)) {}
    }

    /// Hands one record to the client, as `produce` does; false where its queue is still full after 50 ms, and then the
    /// record is not in it.
    public func offer(
        topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        header: (name: String, value: UnsafeRawBufferPointer)? = nil
    ) throws(KafkaClientError) -> Bool {
        try throwFirstProblem(topic)
        let code = unsafe send(topic: topic, partition: partition, key: key, value: value, header: header)
        switch code {
        case RD_KAFKA_RESP_ERR_NO_ERROR: poll()
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: unsafe rd_kafka_poll(client.handle, 50)
        default: throw .undelivered(topic: topic, problem: KafkaClient.text(code))
        }
        try throwFirstProblem(topic)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
    }

    /// Takes in what the client has to tell, such as acknowledgements, without waiting for more.
    public func poll() { unsafe rd_kafka_poll(client.handle, 0) }

    private func send(
        topic: String, partition: Int32?, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        header: (name: String, value: UnsafeRawBufferPointer)?
    ) -> rd_kafka_resp_err_t {
        unsafe topic.withCString { topicName in
            func go(_ headerName: UnsafePointer<CChar>?) -> rd_kafka_resp_err_t {
                unsafe withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 6) { fields in
                    unsafe fields.initialize(repeating: rd_kafka_vu_t())
                    unsafe fields[0].vtype = RD_KAFKA_VTYPE_TOPIC
                    unsafe fields[0].u.cstr = topicName
                    unsafe fields[1].vtype = RD_KAFKA_VTYPE_PARTITION
                    unsafe fields[1].u.i32 = partition ?? RD_KAFKA_PARTITION_UA
                    unsafe fields[2].vtype = RD_KAFKA_VTYPE_KEY
                    unsafe fields[2].u.mem.ptr = UnsafeMutableRawPointer(mutating: key.baseAddress)
                    unsafe fields[2].u.mem.size = key.count
                    unsafe fields[3].vtype = RD_KAFKA_VTYPE_VALUE
                    unsafe fields[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: value.baseAddress)
                    unsafe fields[3].u.mem.size = value.count
                    unsafe fields[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                    unsafe fields[4].u.i = RD_KAFKA_MSG_F_COPY
                    var count = 5
                    if let header = unsafe header {
                        unsafe fields[5].vtype = RD_KAFKA_VTYPE_HEADER
                        unsafe fields[5].u.header.name = headerName
                        unsafe fields[5].u.header.val = header.value.baseAddress
                        unsafe fields[5].u.header.size = header.value.count
                        count = 6
                    }
                    guard let error = unsafe rd_kafka_produceva(client.handle, fields.baseAddress, count) else {
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    }
                    defer { unsafe rd_kafka_error_destroy(error) }
                    return unsafe rd_kafka_error_code(error)
                }
            }
            guard let header = unsafe header else { return go(nil) }
            return unsafe header.name.withCString { unsafe go($0) }
        }
    }

    /// Waits until everything produced so far is acknowledged.
    public func flush(timeoutSeconds: Int = 60) throws(KafkaClientError) {
        let code = unsafe rd_kafka_flush(client.handle, Int32(timeoutSeconds * 1000))
        try throwFirstProblem(brokers)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw .timedOut(operation: "acknowledge all records", seconds: timeoutSeconds)
        }
    }

    private func throwFirstProblem(_ topic: String) throws(KafkaClientError) {
        if let problem = deliveries.state.withLock({ $0.firstProblem }) {
            throw .undelivered(topic: topic, problem: problem)
        }
    }

    /// The partitions of a topic, made by the broker if it makes topics by itself.
    public func partitionCount(of topic: String, timeoutSeconds: Int = 30) throws(KafkaClientError) -> Int {
        guard let handle = unsafe rd_kafka_topic_new(client.handle, topic, nil) else {
            throw .failed(operation: "open topic \(topic)", problem: KafkaClient.text(rd_kafka_last_error()))
        }
        defer { unsafe rd_kafka_topic_destroy(handle) }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(client.handle, 0, handle, &metadata, Int32(timeoutSeconds * 1000))
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata = unsafe metadata else {
            throw .unreachable(brokers: brokers, problem: KafkaClient.text(code))
        }
        defer { unsafe rd_kafka_metadata_destroy(metadata) }
        guard unsafe metadata.pointee.topic_cnt == 1 else {
            throw .failed(operation: "find topic \(topic)", problem: "not there")
        }
        let topicCode = unsafe metadata.pointee.topics[0].err
        guard topicCode == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw .failed(operation: "find topic \(topic)", problem: KafkaClient.text(topicCode))
        }
        return Int(unsafe metadata.pointee.topics[0].partition_cnt)
    }
}
