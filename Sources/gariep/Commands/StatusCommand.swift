internal import ArgumentParser
internal import Base
internal import Foundation
internal import Platform

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show lag, watermarks, freshness, the ledger and failures of the running project.",
        discussion: "  gariep status --output json")

    @OptionGroup var project: ProjectOptions
    @Option(name: .long, help: "table or json.")
    var output = ReportFormat.table

    func run() async throws {
        let status = try ControlClient(try project.platformOptions()).status()
        if output == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return Terminal.print(String(decoding: try encoder.encode(status), as: UTF8.self))
        }
        Terminal.print(Self.text(status))
    }

    static func text(_ status: PlatformStatus) -> String {
        var text = "\(status.project): \(status.isSettled ? "settled" : "working")"
        text += ", \(NumberText.grouped(Int64(status.residentBytes >> 20))) of"
        text += " \(NumberText.grouped(Int64(status.memoryBudgetBytes >> 20))) MB\n"
        if !status.working.isEmpty { text += "busy with: " + status.working.joined(separator: ", ") + "\n" }
        var topics = TextTable(["topic", "partitions", "records", "bytes"], rightAligned: [1, 2, 3])
        topics.rows = status.topics.map {
            [
                $0.name, NumberText.grouped(Int64($0.partitions)), NumberText.grouped($0.records),
                NumberText.grouped($0.bytes),
            ]
        }
        var streams = TextTable(["stream", "state", "epoch", "watermark", "lag", "rows"], rightAligned: [2, 4, 5])
        streams.rows = status.streams.map {
            [
                $0.model, $0.state, NumberText.grouped(Int64(clamping: $0.epoch)),
                $0.watermarkMicros.map(time) ?? "none",
                NumberText.grouped($0.lag),
                NumberText.grouped($0.rowsWritten),
            ]
        }
        var ledger = TextTable(
            ["stream", "step", "read", "written", "refused", "late", "left out", "open", "missing", "given on"],
            rightAligned: [2, 3, 4, 5, 6, 7, 8, 9])
        for stream in status.streams {
            ledger.rows += stream.steps.map { step in
                let sums = step.handOver
                return [stream.model, step.step]
                    + [
                        sums.read, sums.written, sums.refused, sums.late, sums.filtered, sums.held, sums.missing,
                        step.given,
                    ]
                    .map(NumberText.grouped)
            }
        }
        var tables = TextTable(
            ["table", "kind", "rows", "files", "bytes", "built", "fresh"], rightAligned: [2, 3, 4])
        tables.rows = status.tables.map {
            [
                $0.name, $0.kind, $0.rows.map(NumberText.grouped) ?? "",
                $0.files.map { NumberText.grouped(Int64($0)) } ?? "",
                $0.bytes.map(NumberText.grouped) ?? "", $0.builtMicros.map(time) ?? "",
                $0.isFresh ? "yes" : "no",
            ]
        }
        text += [topics, streams, ledger, tables].map { $0.rendered(width: Terminal.width) }.joined(separator: "\n\n")
        for stream in status.streams where stream.skipped > 0 {
            text +=
                "\n\n\(stream.model) went on without \(NumberText.grouped(stream.skipped)) records that were removed"
                + " before it read them"
        }
        if !status.problems.isEmpty {
            text += "\n\n" + status.problems.map { "\($0.subject): \($0.text)" }.joined(separator: "\n")
        }
        return text
    }

    /// Milliseconds since 1970, whatever a client wrote there: as `time`, or as a number where a calendar has no such day.
    static func clientTime(millis: Int64) -> String {
        let years1To9999: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
        return years1To9999.contains(millis) ? time(millis * 1000) : "\(millis) ms"
    }

    /// Microseconds since 1970 as `2013-01-01 05:15:00` in UTC.
    static func time(_ micros: Int64) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [
            .withFullDate, .withTime, .withSpaceBetweenDateAndTime, .withColonSeparatorInTime, .withDashSeparatorInDate,
        ]
        return formatter.string(from: Date(timeIntervalSince1970: Double(micros / 1_000_000)))
    }
}
