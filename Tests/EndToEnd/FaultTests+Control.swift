import Foundation
import Testing

/// Misuse of what the command line asks the running platform.
extension FaultTests {
    private static let endless = "select count(*) from range(100000000) a, range(100000) b"

    private func address(_ platform: GariepProcess) throws -> String {
        let line = try #require(platform.text.split(separator: "\n").first { $0.contains("REST  ") })
        return String(try #require(line.split(separator: " ").last))
    }

    /// `curl` prints the status behind the body.
    private func curl(_ arguments: String...) throws -> String {
        try GariepProcess.run(
            "/usr/bin/env", ["curl", "-s", "-m", "20", "-w", " %{http_code}"] + arguments, seconds: 30
        )
        .output
    }

    @Test func aWebPageCannotUseTheControlPort() throws {
        let project = try FaultProject.shop()
        let platform = try project.up()
        let base = try address(platform)
        let target = project.folder.url.appendingPathComponent("evil.csv").path
        let writing = "explain analyze copy (select 'pwn' as x) to '\(target)'"
        for headers in [
            [], ["-H", "Host: evil.com"], ["-H", "Origin: https://evil.com"], ["-H", "Authorization: Bearer guess"],
        ] {
            for sql in [writing, "select 1"] {
                let answer = try GariepProcess.run(
                    "/usr/bin/env",
                    ["curl", "-s", "-m", "20", "-w", " %{http_code}", "-d", sql, base + "/gariep/sql"] + headers,
                    seconds: 30)
                #expect(answer.output.contains("PLT-012") && answer.output.hasSuffix(" 403"), "\(answer.output)")
            }
        }
        for path in ["status", "topics", "run", "test"] {
            #expect(try curl(base + "/gariep/" + path).hasSuffix(" 403"))
        }
        #expect(try curl("-H", "Origin: https://evil.com", base + "/v1/customers").hasSuffix(" 200"))
        // Whoever may ask cannot write either, nor read what is not the project's.
        for sql in [writing, "from read_text('/etc/hostname')", "from enable_logging()"] {
            let answer = try project.gariep("sql", sql)
            #expect(answer.status != 0, "\(answer.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: target))
        #expect(try project.number("select count(*) from shop.orders") == 5)
        let file = try FileManager.default.attributesOfItem(atPath: project.dataDirectory + "/endpoints.json")
        #expect(file[.posixPermissions] as? Int == 0o600)
        project.stop(platform)
    }

    @Test func abandonedQueriesEndAndKeepNobodyWaiting() throws {
        let project = try FaultProject.shop()
        let platform = try project.up()
        let base = try address(platform)
        func queries() throws -> [GariepProcess] {
            try (0..<6).map { _ in
                try GariepProcess(
                    ["sql", Self.endless, "--project", project.path, "--data-dir", project.dataDirectory],
                    in: project.folder.url)
            }
        }
        let abandoned = try queries()
        usleep(1_500_000)
        #expect(try curl(base + "/v1/customers").hasSuffix(" 200"))
        #expect(try project.gariep("status").status == 0)
        for process in abandoned { process.kill(SIGKILL) }
        #expect(try project.number("select 40 + 2") == 42, "their threads are free again")
        // Those that are still asked when it stops do not keep it from stopping.
        let waiting = try queries()
        usleep(1_500_000)
        project.stop(platform, SIGINT)
        for process in waiting { #expect(process.wait(seconds: 10) != 0, "\(process.text)") }
    }

    @Test func changedModelsAreNotRunAsTheyWere() throws {
        let project = try FaultProject.shop()
        let platform = try project.up()
        #expect(try project.gariep("run").status == 0)
        #expect(try project.gariep("test").status == 0)
        let model = try project.text("models/customer_totals.sql")
        try project.write("models/customer_totals.sql", model + "\n-- changed\n")
        try project.write("models/another.sql", "select 1 as n")
        for command in ["run", "test"] {
            let answer = try project.gariep(command)
            #expect(answer.status == 2 && answer.output.contains("PLT-013"), "\(answer.output)")
            #expect(answer.output.contains("models/customer_totals.sql (changed)"), "\(answer.output)")
            #expect(answer.output.contains("models/another.sql (new)"), "\(answer.output)")
        }
        project.stop(platform)
        let again = try project.up()
        #expect(try project.gariep("run").status == 0)
        #expect(try project.number("select n from another") == 1)
        project.stop(again)
    }

    @Test func tablesShowWhatIsThere() throws {
        let project = try FaultProject.shop()
        let table = try project.gariep(
            "sql",
            "select 1 as a, 2 as a, true as b, 120.50::decimal(9, 2) as p, null as n, '' as e, 'x\ny' as t, 'nan'::double as d, {'k': [1, 2]} as s"
        )
        #expect(table.status == 0)
        let words = table.output.split(separator: "\n").dropFirst(2).first.map { $0.split(separator: " ") } ?? []
        #expect(
            words.joined(separator: " ") == #"1 2 true 120.50 NULL x\ny nan {'k': [1, 2]}"#, "\(table.output)")
        let cut = try project.gariep("sql", "--rows", "3", "from range(10)")
        #expect(cut.output.contains("(first 3 rows; --rows N for more)"), "\(cut.output)")
        #expect(try project.gariep("sql", "from range(3)").output.contains("(3 rows)"))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/status")))
    func largeAnswersTakeLittleMemory() throws {
        let project = try FaultProject.shop()
        let platform = try project.up()
        func peakMegabytes() throws -> Int {
            let status = try String(
                contentsOfFile: "/proc/\(platform.process.processIdentifier)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM") })
            return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }) / 1024
        }
        let before = try peakMegabytes()
        for format in ["csv", "json", "arrow", "parquet"] {
            let answer = try GariepProcess.run(
                "/bin/sh",
                [
                    "-c",
                    "'\(GariepProcess.program)' sql --output \(format) 'select range a, range b from range(1500000)'"
                        + " --project '\(project.path)' --data-dir '\(project.dataDirectory)' | wc -c",
                ], seconds: 120)
            let bytes = Int(answer.output.filter(\.isNumber)) ?? 0
            #expect(bytes > 5_000_000, "\(format): \(answer.output)")
        }
        // The rows alone are 24 MB, their text up to 45 MB, each more than once where it is collected.
        let after = try peakMegabytes()
        #expect(after - before < 120 && after < 512, "from \(before) MB to \(after) MB")
        project.stop(platform)
    }
}
