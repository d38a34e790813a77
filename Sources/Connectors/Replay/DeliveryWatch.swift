internal import Base

/// Notices when a producer's records wait and the broker acknowledges none of them, and when it does so again.
///
/// Used by one thread.
final class DeliveryWatch {
    /// A full disk or a broker that is starting may take this long without anybody hearing of it.
    static let patienceMicros: Int64 = 5_000_000

    private let topic: String
    private let producer: KafkaProducer
    private let clock: any WallClock
    private let stalled: (KafkaClientError?) -> Void
    private var acknowledged: Int64 = -1
    /// When there was last nothing to complain about.
    private var sinceMicros: Int64 = 0
    private var isStalled = false

    init(
        topic: String, producer: KafkaProducer, clock: any WallClock, stalled: @escaping (KafkaClientError?) -> Void
    ) {
        (self.topic, self.producer, self.clock, self.stalled) = (topic, producer, clock, stalled)
    }

    func look() {
        let (count, now) = (producer.acknowledged, clock.nowMicros())
        if count != acknowledged || producer.waitingCount == 0 {
            (acknowledged, sinceMicros) = (count, now)
            if isStalled { stalled(nil) }
            isStalled = false
        } else if !isStalled, now - sinceMicros >= Self.patienceMicros {
            isStalled = true
            stalled(
                .stalled(
                    topic: topic, seconds: Int((now - sinceMicros) / 1_000_000), problem: producer.trouble))
        }
    }
}
