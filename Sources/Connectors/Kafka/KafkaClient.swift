internal import CKafka

/// Owns one librdkafka handle: made from settings, destroyed once.
@safe
final class KafkaClient: @unchecked Sendable {
    // Sendable: librdkafka's handles may be used from any thread.
    let handle: OpaquePointer

    /// - Parameters:
    ///   - prepare: sets callbacks on the configuration before the handle is made from it.
    init(
        type: rd_kafka_type_t, settings: [(String, String)], prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaClientError) {
        let configuration = unsafe rd_kafka_conf_new().unsafelyUnwrapped
        var message = [CChar](repeating: 0, count: 512)
        for (name, value) in settings {
            guard unsafe rd_kafka_conf_set(configuration, name, value, &message, message.count) == RD_KAFKA_CONF_OK
            else {
                unsafe rd_kafka_conf_destroy(configuration)
                throw .badSetting(name: name, value: value, problem: Self.text(message))
            }
        }
        unsafe prepare(configuration)
        guard let made = unsafe rd_kafka_new(type, configuration, &message, message.count) else {
            unsafe rd_kafka_conf_destroy(configuration)
            throw .failed(operation: "start", problem: Self.text(message))
        }
        unsafe handle = made
    }

    deinit { unsafe rd_kafka_destroy(handle) }

    static func text(_ code: rd_kafka_resp_err_t) -> String { unsafe String(cString: rd_kafka_err2str(code)) }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
