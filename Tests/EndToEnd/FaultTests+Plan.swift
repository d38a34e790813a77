import Foundation
import Testing

/// Mistakes in a project, as `gariep plan` tells them.
extension FaultTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let file: String
        let text: String
        /// `line:column: error CODE: beginning of the message`.
        let error: String
        let expected: String?
        let found: String
        let hint: String
        var testDescription: String { "\(file): \(error)" }
    }

    static let mistakes = [
        Mistake(
            file: "models/unknown.sql", text: "select * from {{ ref('customer_totls') }}\n",
            error: "1:18: error PRJ-020", expected: "a model or seed of the project", found: "customer_totls",
            hint: "Did you mean `customer_totals`?"),
        Mistake(
            file: "models/circle.sql", text: "select * from {{ ref('circle') }}\n",
            error: "1:18: error PRJ-021", expected: nil, found: "circle -> circle",
            hint: "Take one of these references out."),
        Mistake(
            file: "models/template.sql", text: "select\n    {{ 1 + }} as x\n",
            error: "2:12: error PRJ-010: the template cannot be read", expected: "a value", found: "the end of the tag",
            hint: "Write a name, a literal or a call here."),
        Mistake(
            file: "models/column.sql", text: "select\n    custmer\nfrom {{ ref('customer_totals') }}\n",
            error: "2:5: error PRJ-030: Referenced column \"custmer\" not found", expected: "one of customer",
            found: "custmer",
            hint: "Did you mean one of these?"),
        Mistake(
            file: "models/broken.yml",
            text: "version: 2\nmodels:\n  - name: stg_orders\n    description: [unclosed\n  - bad\n",
            error: "6:1: error PRJ-003: the YAML cannot be read", expected: nil, found: "",
            hint: "Check indentation, colons, quotes and brackets"),
        Mistake(
            file: "models/types.sql",
            text: stream("select id + place as x from {{ source('events', 'visits') }}"),
            error: "2:11: error PRJ-030: the operator + does not take these types",
            expected: "two numbers, or a time and an interval", found: "BIGINT + VARCHAR",
            hint: "Cast the text to a number first"),
        Mistake(
            file: "models/missing.sql", text: stream("select plaice from {{ source('events', 'visits') }}"),
            error: "2:8: error PRJ-030", expected: "one of", found: "plaice", hint: "place"),
        Mistake(
            file: "models/window.sql", text: stream(windowed("seen_at", "0 minutes")),
            error: "2:103: error PRJ-030: the size of tumble must be positive", expected: "more than no time",
            found: "INTERVAL '0 minutes'",
            hint: "Write a length such as interval '1 hour'."),
        Mistake(
            file: "models/time.sql", text: stream(windowed("sean_at", "10 minutes")),
            error: "2:94: error PRJ-030: visits has no column sean_at", expected: "a TIMESTAMP column (seen_at)",
            found: "sean_at", hint: "Did you mean seen_at?"),
        Mistake(
            file: "models/changes.sql",
            text: "{{ config(materialized='stream', emit='changes') }}\n"
                + "select place, count(*) as n from {{ source('events', 'visits') }} group by place\n",
            error: "1:1: error PRJ-030: this stream would take back rows", expected: "rows that are only added",
            found: "groups that change", hint: "Let it emit final rows over a window"),
    ]

    private static func stream(_ sql: String) -> String {
        "{{ config(materialized='stream', emit='final') }}\n\(sql)\n"
    }
    private static func windowed(_ time: String, _ size: String) -> String {
        "select place, window_start, count(*) as visits from tumble({{ source('events', 'visits') }}, \(time), interval '\(size)') group by place, window_start"
    }

    /// A shop with a topic, so that streams can be wrong, too.
    private func shopWithTopic() throws -> FaultProject {
        let project = try FaultProject.shop()
        try project.write(
            "sources/events.yaml",
            """
            version: 2
            sources:
              - name: events
                tables:
                  - name: visits
                    config:
                      connector: topic
                      topic: visits
                      format: avro
                      schema: visit.avsc
                      event_time: seen_at
                      lateness: 1 minute

            """)
        try project.write(
            "sources/visit.avsc",
            """
            {"type": "record", "name": "Visit", "fields": [{"name": "id", "type": "long"}, {"name": "place", "type": "string"},
             {"name": "seen_at", "type": {"type": "long", "logicalType": "local-timestamp-micros"}}]}

            """)
        return project
    }

    private func expect(_ mistake: Mistake, in output: String) {
        let place = "\(mistake.file):\(mistake.error)"
        guard let start = output.range(of: place)?.lowerBound else {
            Issue.record("no '\(place)' in\n\(output)")
            return
        }
        // The error's own lines: up to the next place.
        let rest = output[start...].dropFirst(place.count)
        let end = rest.range(of: ": error ")?.lowerBound ?? rest.endIndex
        let own = rest[..<end]
        if let expected = mistake.expected { #expect(own.contains("expected: \(expected)"), "\(own)") }
        if !mistake.found.isEmpty { #expect(own.contains("found:    \(mistake.found)"), "\(own)") }
        #expect(own.contains("to do:") && own.contains(mistake.hint), "\(own)")
    }

    @Test(arguments: mistakes)
    func aMistakeIsToldWithItsPlace(mistake: Mistake) throws {
        let project = try shopWithTopic()
        #expect(try project.gariep("plan").status == 0)
        try project.write(mistake.file, mistake.text)
        let (status, output) = try project.gariep("plan")
        #expect(status == 2)
        expect(mistake, in: output)
        #expect(output.contains("error PLT-004: the project has 1 mistake; nothing was started"), "\(output)")
    }

    @Test func allMistakesAreToldAtOnceAndNothingIsStarted() throws {
        let project = try shopWithTopic()
        for mistake in Self.mistakes { try project.write(mistake.file, mistake.text) }
        let plan = try project.gariep("plan")
        #expect(plan.status == 2)
        for mistake in Self.mistakes { expect(mistake, in: plan.output) }
        #expect(plan.output.contains("the project has \(Self.mistakes.count) mistakes"), "\(plan.output)")

        let up = try GariepProcess(project.upArguments(), in: project.folder.url)
        #expect(up.wait(seconds: 20) == 2)
        for mistake in Self.mistakes { expect(mistake, in: up.text) }
        #expect(!FileManager.default.fileExists(atPath: project.dataDirectory))
    }
}
