internal import ArgumentParser
internal import Base
internal import Foundation
internal import Platform

struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "List the topics of the running project, or print records of one.",
        discussion: """
            Values and keys that a registered schema wrote are printed as JSON, other bytes as text or in hexadecimal.

              gariep topics
              gariep topics departures.dead_letter --limit 10
            """)

    @OptionGroup var project: ProjectOptions
    @Option(name: .long, help: "Records to print at the most.")
    var limit = 20
    @Argument(help: "A topic whose newest records are printed.")
    var topic: String?

    func validate() throws { try Allowed.check(limit, "--limit", 1...10_000) }

    func run() async throws {
        let client = try ControlClient(try project.platformOptions())
        guard let topic else {
            var table = TextTable(["topic", "partitions", "records", "bytes"], rightAligned: [1, 2, 3])
            table.rows = try client.status().topics.map {
                [
                    $0.name, NumberText.grouped(Int64($0.partitions)), NumberText.grouped($0.records),
                    NumberText.grouped($0.bytes),
                ]
            }
            return Terminal.print(table.rendered(width: Terminal.width))
        }
        var table = TextTable(["partition", "offset", "time", "key", "value", "headers"], rightAligned: [0, 1])
        table.rows = try client.records(topic: topic, limit: limit).map { record in
            [
                "\(record.partition)", "\(record.offset)", StatusCommand.clientTime(millis: record.timestampMillis),
                record.keyJSON ?? record.key.map(Self.printable) ?? "",
                record.valueJSON ?? record.value.map(Self.printable) ?? "",
                record.headers.map { "\($0.name)=\(Self.printable($0.value))" }.joined(separator: " "),
            ]
        }
        Terminal.print(table.rendered(width: Terminal.width))
    }

    /// Text as it is, anything else in hexadecimal.
    static func printable(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) {
            return text
        }
        return "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
