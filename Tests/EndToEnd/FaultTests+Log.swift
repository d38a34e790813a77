import Foundation
import Testing

/// Damaged segments, and disks that are full.
extension FaultTests {
    private static let answers =
        "select count(*) as n, count(distinct flight_id) as ids, sum(dep_delay) as late, sum(distance) as miles from departures_enriched"

    /// A stream may join what a model makes; on a new data folder that model is built first.
    @Test(.enabled(if: FaultProject.hasFlights)) func aStreamReadsTheTableOfAModel() throws {
        let project = try FaultProject.flights(rows: 200)
        try project.write(
            "models/big_carriers.sql",
            "{{ config(materialized='table') }}\nselect carrier, upper(name) as big_name from {{ source('nyc', 'airlines') }}\n"
        )
        try project.write(
            "models/named.sql",
            """
            {{ config(materialized='stream') }}
            select d.flight_id, c.big_name
            from {{ source('events', 'departures') }} as d left join {{ ref('big_carriers') }} as c on c.carrier = d.carrier

            """)
        try project.runUntilSettled()
        #expect(try project.rows("select count(*) as n, count(big_name) as named from named") == "n,named\n200,200\n")
    }

    /// A write that a crash tore in two is cut off, and what it held is sent again.
    @Test(.enabled(if: FaultProject.hasFlights)) func aTornLastWriteIsMended() throws {
        let project = try FaultProject.flights(rows: 200)
        try project.runUntilSettled()
        let before = try project.rows(Self.answers)
        // After a crash there is no mark of a clean stop.
        try FileManager.default.removeItem(atPath: "\(project.dataDirectory)/log/clean-shutdown")
        let segment = try project.segment(of: "departures")
        let whole = try Data(contentsOf: URL(fileURLWithPath: segment))
        try #require(whole.count > 100)
        try whole.dropLast(7).write(to: URL(fileURLWithPath: segment))

        try project.runUntilSettled()
        #expect(try project.rows(Self.answers) == before)
        #expect(try project.number("select count(*) from departures_enriched") == 200)
    }

    /// Records that are missing after a clean stop, or bytes that changed, are damage that nobody mends by cutting.
    @Test(.enabled(if: FaultProject.hasFlights), arguments: [true, false])
    func aDamagedPartitionIsOfflineAndTheRestWorks(isCutShort: Bool) throws {
        let project = try FaultProject.flights(rows: 200)
        try project.runUntilSettled()
        let before = try project.rows(Self.answers)
        let segment = try project.segment(of: "departures")
        let whole = try Data(contentsOf: URL(fileURLWithPath: segment))
        var damaged = whole
        if isCutShort { damaged.removeLast(7) } else { damaged[damaged.count / 2] ^= 0x10 }
        try damaged.write(to: URL(fileURLWithPath: segment))

        let platform = try project.up(["--replay-speed", "off"])
        #expect(try project.rows(Self.answers) == before, "tables can be read")
        #expect(try project.gariep("topics", "departures.dead_letter").status == 0)
        let status = try project.gariep("status")
        #expect(status.status == 0)
        #expect(status.output.contains("partition 0 of departures: error LOG-011"), "\(status.output)")
        // Which batch was hit depends on how the producer cut its batches.
        #expect(status.output.contains(try Regex("at byte [0-9]+ of \(segment)")), "\(status.output)")
        #expect(status.output.contains("to do:"))
        platform.kill(SIGTERM)
        #expect(platform.wait(seconds: 30) != nil, "it ends")
        #expect(try Data(contentsOf: URL(fileURLWithPath: segment)) == damaged, "nothing was cut")

        try whole.write(to: URL(fileURLWithPath: segment))
        try project.runUntilSettled()
        #expect(try project.rows(Self.answers) == before)
    }

    /// A disk of its own that may grow; nil where this machine does not let it be mounted.
    final class SmallDisk {
        let folder: TemporaryFolder
        init?(kilobytes: Int) throws {
            folder = try TemporaryFolder()
            let mounted = try GariepProcess.run(
                "/bin/mount", ["-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder.path])
            guard mounted.status == 0 else {
                print("skipped: no small disk can be mounted here: \(mounted.output)")
                return nil
            }
        }
        func grow() throws {
            let grown = try GariepProcess.run("/bin/mount", ["-o", "remount,size=400m", folder.path])
            try #require(grown.status == 0, "\(grown.output)")
        }
        deinit { _ = try? GariepProcess.run("/bin/umount", ["-l", folder.path]) }
    }

    /// What no longer fits is told and taken back; once there is space, the platform goes on, by itself or started anew.
    @Test(
        .enabled(if: FaultProject.hasFlights && FileManager.default.isExecutableFile(atPath: "/bin/mount")),
        arguments: [(1_800, true), (2_400, false)])
    func aFullDiskIsToldAndNothingIsLost(kilobytes: Int, isStartedAnew: Bool) throws {
        guard let disk = try SmallDisk(kilobytes: kilobytes) else { return }
        let project = try FaultProject.flights(rows: 20_000)
        project.dataDirectory = disk.folder.url.appendingPathComponent("data").path
        let platform = try GariepProcess(project.upArguments(["--replay-speed", "max"]), in: project.folder.url)
        let isTold = eventually(seconds: 30) { platform.text.contains(/[Nn]o space|space left/) }
        let told = platform.text
        #expect(isTold, "\(told)")
        #expect(told.contains(/error (STO-004|STR-013|LOG-010|DDB-009)/), "the code: \(told)")
        #expect(told.contains(/[Ff]ree space|bytes free|has room/), "what to do: \(told)")
        #expect(!told.contains("crashed") && !told.contains("Assertion"))

        if isStartedAnew {
            platform.kill(SIGTERM)
            #expect(platform.wait(seconds: 30) != nil, "it ends")
            #expect(platform.process.terminationReason == .exit, "\(platform.text)")
            try disk.grow()
            try project.runUntilSettled()
        } else {
            #expect(platform.isRunning, "\(platform.text)")
            try disk.grow()
            var status = ""
            let goesOn = try eventually(seconds: 120) {
                status = try project.gariep("status").output
                return status.contains(": settled") && !status.contains("error ")
            }
            #expect(goesOn, "\(status) \(platform.text)")
            #expect(eventually { platform.text.contains("works again") }, "\(platform.text)")
            project.stop(platform)
            // The last windows close when a partition is idle, which this stop did not wait for.
            try project.runUntilSettled()
        }
        #expect(
            try project.rows("select count(*) as n, count(distinct flight_id) as ids from departures_enriched")
                == "n,ids\n20000,20000\n")
        #expect(try project.number("select sum(flights) from carrier_daily") == 20_000)
    }
}
