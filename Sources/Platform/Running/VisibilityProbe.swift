public import Base
internal import Connectors
internal import EventLog
internal import Foundation
internal import HTTPServer
internal import ProjectModel
internal import Synchronization

/// Measures how long a record takes from its append to the topic until a row of it is in the API's answer.
///
/// Sends the topic's newest good record again, and asks the endpoint until it has one row more. The table has duplicates
/// afterwards, so this is for data that nobody needs.
public struct VisibilityProbe: Sendable {
    private let project: RunningProject
    private let topic: String
    /// From a record's value to a path with a query that finds its rows, such as `/v1/departures?flight_id=7`.
    private let path: @Sendable ([UInt8]) -> String?

    public init(project: RunningProject, topic: String, path: @escaping @Sendable ([UInt8]) -> String?) {
        self.project = project
        self.topic = topic
        self.path = path
    }

    /// - Returns: the times in microseconds, sorted.
    public func run(samples: Int, clock: any WallClock) throws -> [Int64] {
        let endpoints = project.endpoints
        let records = try project.records(of: topic, limit: 1000)
        guard let record = records.last(where: { $0.value.flatMap(path) != nil }), let value = record.value,
            let path = path(value)
        else {
            throw PlatformFailure.unknownDataset("a record in \(topic)", known: [])
        }
        let producer = try KafkaProducer(
            brokers: "\(endpoints.urlHost):\(endpoints.kafka)", settings: [("linger.ms", "0")])
        var times: [Int64] = []
        var rows = try count(path, endpoints)
        for _ in 0..<samples {
            let started = clock.nowMicros()
            try unsafe (record.key ?? []).withUnsafeBytes { key in
                try unsafe value.withUnsafeBytes { value in
                    try unsafe producer.produce(topic: topic, partition: record.partition, key: key, value: value)
                }
            }
            try producer.flush()
            while true {
                let now = try count(path, endpoints)
                if now > rows {
                    rows = now
                    break
                }
                guard clock.nowMicros() - started < 60_000_000 else {
                    throw PlatformFailure.control(address: path, problem: "a record was not visible after 60 s")
                }
                FileSystem.sleep(micros: 2_000)
            }
            times.append(clock.nowMicros() - started)
            // At another moment of the checkpoint interval each time.
            FileSystem.sleep(micros: Int64(times.count * 37_000 % 500_000))
        }
        return times.sorted()
    }

    private func count(_ path: String, _ endpoints: Endpoints) throws -> Int {
        let body = try ControlClient.get(path, of: endpoints)
        guard let document = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            let rows = document["data"] as? [Any]
        else { throw PlatformFailure.control(address: path, problem: "an answer of an unknown form") }
        return rows.count
    }
}
