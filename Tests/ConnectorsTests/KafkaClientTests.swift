import Base
import Testing

@testable import Connectors

@Test func aBrokerThatIsNotThereIsNamed() throws {
    // Port 1 of this machine: nothing listens there, and what is refused is known at once.
    let producer = try KafkaProducer(brokers: "127.0.0.1:1")
    let error = #expect(throws: KafkaClientError.self) { try producer.partitionCount(of: "orders", timeoutSeconds: 1) }
    guard case .unreachable(let brokers, _) = error else {
        Issue.record("\(String(describing: error))")
        return
    }
    #expect(brokers == "127.0.0.1:1")
    #expect(error?.report.code == "CON-002")
    #expect(error?.report.message.contains("127.0.0.1:1") == true)
}

@Test func aSettingThatDoesNotExistIsNamed() {
    let error = #expect(throws: KafkaClientError.self) {
        try KafkaProducer(brokers: "127.0.0.1:1", settings: [("linger.minutes", "5")])
    }
    guard case .badSetting("linger.minutes", "5", _) = error else {
        Issue.record("\(String(describing: error))")
        return
    }
}
