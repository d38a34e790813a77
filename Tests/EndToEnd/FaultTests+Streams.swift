import Foundation
import Testing

/// State, tables and topics of streams that do not belong together, and rows that a stream refuses.
extension FaultTests {
    private func settled(_ project: FaultProject) throws -> String {
        var status = ""
        let isSettled = try eventually {
            status = try project.gariep("status").output
            return status.contains(": settled")
        }
        #expect(isSettled, "\(status)")
        return status
    }

    /// Both streams read the broken records, which have one letter each; the rows that one of them refuses have theirs.
    @Test(.enabled(if: FaultProject.hasFlights)) func refusedRowsOfEveryStreamAreDeadLetters() throws {
        let project = try FaultProject.flights(rows: 200)
        try project.replace(
            "d.distance,",
            with: "d.distance + cast(case when d.dest = 'IAH' then 'x' else '0' end as integer) as distance,",
            in: "models/streams/departures_enriched.sql")
        let platform = try project.up(["--replay-speed", "max"])
        let status = try settled(project)
        let kept = try #require(try project.number("select count(*) from departures_enriched"))
        #expect(kept > 0 && kept < 200, "\(status)")
        let letters = try project.gariep("topics", "departures.dead_letter", "--limit", "300").output
        #expect(letters.components(separatedBy: "gariep.model=").count - 1 == 200 - kept, "\(letters)")
        #expect(letters.components(separatedBy: "gariep.topic_id=").count - 1 == 2, "\(letters)")
        project.stop(platform)
    }

    /// One stream cannot go on; the platform and the other one do, and say so.
    @Test(.enabled(if: FaultProject.hasFlights)) func aTableThatIsGoneStopsItsStreamAndNothingElse() throws {
        let project = try FaultProject.flights(rows: 200)
        try project.runUntilSettled()
        try FileManager.default.removeItem(atPath: "\(project.dataDirectory)/lake/departures_enriched")
        let platform = try project.up(["--replay-speed", "off"])
        var status = ""
        #expect(
            try eventually {
                status = try project.gariep("status").output
                return status.contains("stream departures_enriched: error STR-015")
            }, "\(status)")
        #expect(status.contains("to do:"))
        #expect(status.contains(/delays_hourly +running/), "\(status)")
        platform.kill(SIGTERM)
        #expect(platform.wait(seconds: 30) != nil, "it ends")

        // What the error says to do.
        for folder in ["lake", "state"] {
            let path = "\(project.dataDirectory)/\(folder)/departures_enriched"
            try FileManager.default.removeItem(atPath: path)
        }
        let again = try project.up(["--replay-speed", "off"])
        _ = try settled(project)
        #expect(try project.number("select count(*) from departures_enriched") == 200)
        let letters = try project.gariep("topics", "departures.dead_letter", "--limit", "300").output
        #expect(letters.components(separatedBy: "gariep.topic_id=").count - 1 == 2, "\(letters)")
        project.stop(again)
    }
}
