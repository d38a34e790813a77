import Foundation
import Testing

/// What a person meets when something is wrong: a clear error with its code, and nothing lost.
@Suite(.serialized) struct FaultTests {}

// MARK: Starting and stopping

extension FaultTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalStopsThePlatformAndNothingIsLost(signal: Int32) throws {
        let project = try FaultProject.shop()
        let query = "select * from customer_totals order by all"
        let first = try project.up()
        #expect(try eventually { try project.gariep("status").output.contains(": settled") })
        let before = try project.rows(query)
        project.stop(first, signal)
        #expect(try project.rows(query) == before, "read from the files")

        let second = try project.up()
        #expect(try project.rows(query) == before)
        #expect(before.split(separator: "\n").count == 4)
        project.stop(second, signal)
    }

    /// The system tells a program that its terminal is gone by SIGHUP.
    @Test func theEndOfTheTerminalStopsThePlatformCleanly() throws {
        let project = try FaultProject.shop()
        let script = """
            import os, pty, signal, sys
            child, terminal = pty.fork()
            if child == 0:
                signal.signal(signal.SIGHUP, signal.SIG_DFL)
                os.execv(sys.argv[1], sys.argv[1:])
            text = b''
            while b'REST  ' not in text: text += os.read(terminal, 4096)
            os.close(terminal)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        let (status, output) = try GariepProcess.run(
            GariepProcess.python, ["-c", script, GariepProcess.program] + project.upArguments(), seconds: 60)
        #expect(status == 0 && output == "0\n", "\(output)")
        #expect(try project.gariep("status").output.contains("PLT-002"))
    }

    @Test func aPlatformWhoseReaderIsGoneGoesOn() throws {
        let project = try FaultProject.shop()
        let words = ([GariepProcess.program] + project.upArguments()).map { "'\($0)'" }.joined(separator: " ")
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", "\(words) 2>&1 | head -1"]
        shell.standardOutput = FileHandle.nullDevice
        shell.standardInput = FileHandle.nullDevice
        try shell.run()
        defer { if shell.isRunning { shell.terminate() } }
        #expect(try eventually { try project.gariep("status").output.contains(": settled") })
        // Another line for nobody.
        #expect(try project.gariep("test").status == 0)
        let status = try project.gariep("status", "--output", "json").output
        let fields = try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any]
        let number = (fields?["endpoints"] as? [String: Any])?["processID"] as? Int
        kill(pid_t(try #require(number)), SIGTERM)
        #expect(eventually { !shell.isRunning })
        #expect(try project.gariep("run").status == 0)
    }

    @Test func aSecondPlatformOnTheSameFolderIsRefused() throws {
        let project = try FaultProject.shop()
        let first = try project.up()
        // With the same ports, as it would be with those of a project: the folder is what matters.
        let taken = try FlightsTests.endpoints(project.dataDirectory)
        let ports = ["kafka", "registry", "http"].flatMap { ["--\($0)-port", "\(taken[$0] ?? 0)"] }
        let second = try GariepProcess(project.upArguments(ports: ports), in: project.folder.url)
        #expect(second.wait(seconds: 20) == 2)
        #expect(second.text.contains("error PLT-001: the data folder \(project.dataDirectory) is in use"))
        #expect(second.text.contains("found:    process \(first.process.processIdentifier)"), "\(second.text)")
        #expect(second.text.contains("to do:"))
        #expect(try project.gariep("status").status == 0, "the first is none the worse")
        project.stop(first)
    }

    @Test(arguments: ["kafka", "registry", "http"])
    func aTakenPortIsNamed(service: String) throws {
        let project = try FaultProject.shop()
        let taken = try TakenPort()
        var ports = FaultProject.anyPorts
        ports[try #require(ports.firstIndex(of: "--\(service)-port")) + 1] = "\(taken.port)"
        let up = try GariepProcess(project.upArguments(ports: ports), in: project.folder.url)
        #expect(up.wait(seconds: 20) == 3, "\(up.text)")
        #expect(
            up.text.contains("error PLT-005: port \(taken.port) for \(service) is taken by another program"),
            "\(up.text)")
        #expect(up.text.contains("--\(service)-port"))

        let status = try project.gariep("status")
        #expect(status.status == 2 && status.output.contains("PLT-002"), "nothing runs: \(status.output)")
        project.stop(try project.up())
    }
}

// MARK: Commands without a platform, and wrong requests

extension FaultTests {
    @Test func commandsSayWhenNothingRuns() throws {
        let project = try FaultProject.shop()
        for command in [["status"], ["topics"], ["topics", "orders"]] {
            let (status, output) = try GariepProcess.run(
                GariepProcess.program,
                command + ["--project", project.path, "--data-dir", project.dataDirectory])
            #expect(status == 2 && output.contains("error PLT-002: nothing runs on the data folder"), "\(output)")
            #expect(output.contains("Start it with `gariep up`."))
        }
        let built = try project.gariep("run")
        #expect(built.status == 0 && built.output.contains("3 passed, 0 warned, 0 failed"), "\(built.output)")
        #expect(try project.number("select count(*) from customer_totals") == 3)
    }

    @Test func aWrongQueryIsExplainedTheSameWayWithAndWithoutAPlatform() throws {
        let project = try FaultProject.shop()
        #expect(try project.gariep("run").status == 0)
        let queries = [
            ("select * frm x", "DDB-003", "SQL line 1, column 14"),
            ("select totl from customer_totals", "DDB-004", "found:    totl"),
        ]
        var withoutPlatform: [String] = []
        for (query, code, place) in queries {
            let (status, output) = try project.gariep("sql", query)
            #expect(status == 2 && output.contains(code) && output.contains(place), "\(output)")
            withoutPlatform.append(output)
        }
        let platform = try project.up()
        for (index, query) in queries.enumerated() {
            let (status, output) = try project.gariep("sql", query.0)
            #expect(status == 2, "\(output)")
            #expect(output == withoutPlatform[index])
        }
        let unknown = try project.gariep("topics", "nowhere")
        #expect(
            unknown.status == 2 && unknown.output.contains("error PLT-007: there is no 'nowhere'"), "\(unknown.output)")
        project.stop(platform)
    }

    @Test func aFailingTestIsToldAndChangesTheExitCode() throws {
        let project = try FaultProject.shop()
        #expect(try project.gariep("run").status == 0)
        #expect(try project.gariep("test").status == 0)
        try project.write("tests/no_rows_at_all.sql", "select customer from {{ ref('customer_totals') }}\n")
        let failing = try project.gariep("test")
        #expect(failing.status == 2, "\(failing.output)")
        #expect(failing.output.contains("no_rows_at_all: 3 rows that should not be"), "\(failing.output)")
        #expect(failing.output.contains("7 tests: 6 passed, 0 warned, 1 failed, 0 skipped"), "\(failing.output)")
        #expect(failing.output.contains("error CLI-004: 1 test failed"))
    }

    @Test func aFailingModelIsToldAndWhatNeedsItIsLeftOut() throws {
        let project = try FaultProject.shop()
        #expect(try project.gariep("run").status == 0)
        try project.replace(
            "coalesce(amount, 0) as amount", with: "cast(customer as integer) as amount",
            in: "models/staging/stg_orders.sql")
        let failing = try project.gariep("run")
        #expect(failing.status == 2, "\(failing.output)")
        #expect(failing.output.contains("customer_totals: error DDB-005"), "\(failing.output)")
        #expect(failing.output.contains("Could not convert string 'Thandi'"), "\(failing.output)")
        #expect(try project.number("select count(*) from customer_totals") == 3, "the old table stays")
    }
}

// MARK: Data files

extension FaultTests {
    @Test func aMissingDataFileIsNamedBeforeAnythingStarts() throws {
        let project = try FaultProject.shop()
        try FileManager.default.removeItem(atPath: "\(project.path)/data/orders.csv")
        let up = try GariepProcess(project.upArguments(), in: project.folder.url)
        #expect(up.wait(seconds: 20) == 2)
        #expect(up.text.contains("sources/shop.yaml:10:17: error PRJ-001"), "\(up.text)")
        #expect(up.text.contains("\(project.path)/data/orders.csv is not there"))
        #expect(!FileManager.default.fileExists(atPath: project.dataDirectory))
    }

    @Test func aRowOfAWrongTypeIsNamedAndTheOldTableStays() throws {
        let project = try FaultProject.shop()
        #expect(try project.gariep("run").status == 0)
        let orders = "select count(*) from shop.orders"
        try project.replace("80.25", with: "eighty", in: "data/orders.csv")
        try project.write(
            "data/orders.csv", try project.text("data/orders.csv") + "6,Sipho,2024-05-05 07:55:00,1.00,placed\n")

        let up = try GariepProcess(project.upArguments(), in: project.folder.url)
        #expect(up.wait(seconds: 20) == 3, "\(up.text)")
        #expect(up.text.contains("\(project.path)/data/orders.csv:4:30: error WH-005"), "\(up.text)")
        for line in ["column amount", "expected: DECIMAL", "found:    'eighty'", "to do:"] {
            #expect(up.text.contains(line))
        }
        let run = try project.gariep("run")
        #expect(run.status == 2 && run.output.contains("data/orders.csv:4:30: error WH-005"), "\(run.output)")
        #expect(try project.number(orders) == 5, "the old table stays")

        try project.replace("eighty", with: "80.25", in: "data/orders.csv")
        #expect(try project.gariep("run").status == 0)
        #expect(try project.number(orders) == 6)
    }
}
