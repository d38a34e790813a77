import Foundation
import Testing

@Suite struct CommandTests {
    @Test func everyCommandHasHelpWithAnExample() throws {
        let help = try GariepProcess.run(GariepProcess.program, ["--help"])
        #expect(help.status == 0)
        for command in ["demo", "init", "plan", "up", "run", "test", "sql", "status", "topics", "doctor"] {
            #expect(help.output.contains("  \(command)"), "\(command) is not in the help")
            let own = try GariepProcess.run(GariepProcess.program, ["help", command])
            #expect(own.status == 0 && own.output.contains("gariep \(command)"), "\(command): \(own.output)")
        }
    }

    @Test(arguments: [
        ["up", "--http-port", "99999"], ["up", "--kafka-port", "-1"], ["up", "--workers", "0"],
        ["demo", "--workers", "129"],
        ["up", "--replay-speed", "fast"], ["sql", "--rows", "0", "select 1"], ["topics", "x", "--limit", "0"],
        ["bench", "--samples", "0"], ["status", "--output", "parquet"], ["run", "--selekt", "a"], ["flow"],
    ])
    func mistakesOfUsageEndWith64(arguments: [String]) throws {
        let (status, output) = try GariepProcess.run(GariepProcess.program, arguments, seconds: 20)
        #expect(status == 64 && output.contains("Error: "), "\(arguments): \(status ?? -1) \(output)")
    }

    @Test func aFolderThatCannotBeMadeHasACode() throws {
        let (status, output) = try GariepProcess.run(GariepProcess.program, ["init", "/dev/null/shop"])
        #expect(status == 3 && output.hasPrefix("error CLI-006: /dev/null/shop cannot be made"), "\(output)")
        #expect(output.contains("Not a directory") && !output.contains("NSCocoa"), "\(output)")
    }

    /// Outputs that are full, closed, or read only to a part end a command, and never crash it.
    @Test(
        arguments: [
            ("plan >/dev/full", Int32(1), "error: the output cannot be written: No space left on device\n"),
            ("sql 'select 1' >&-", 1, "error: the output cannot be written: Bad file descriptor\n"),
            ("sql --output csv 'from range(1000000)' | head -1", 0, "range\n"), ("run 2>&-", 0, nil),
            ("plan 2>/dev/full", 0, nil),
            ("run >&- 2>&-", 1, ""),
        ] as [(String, Int32, String?)])
    func outputsThatCannotBeWritten(command: String, status: Int32, expected: String?) throws {
        let project = try FaultProject.shop()
        let words = command.split(separator: " ", maxSplits: 1).map { String($0) }
        let script =
            "set -o pipefail; '\(GariepProcess.program)' \(words[0]) --project '\(project.path)' --data-dir '\(project.dataDirectory)' \(words[1])"
        let (found, output) = try GariepProcess.run("/bin/bash", ["-c", script], seconds: 60)
        #expect(found == status, "\(output)")
        if let expected { #expect(output == expected) }
    }

    @Test func selectionIsAsInDbt() throws {
        let project = try FaultProject.shop()
        let names = { (output: String) in
            output.split(separator: "\n").filter { $0.contains("  passed  ") }.map { String($0.prefix { $0 != " " }) }
        }
        for arguments in [
            ["--select", "stg_orders", "--select", "customer_totals"], ["--select", "stg_orders", "customer_totals"],
            ["-m", "stg_orders customer_totals"], ["--models", "+customer_totals", "--exclude", "shop.orders"],
        ] {
            #expect(try project.gariep("run").status == 0)
            let (status, output) = try GariepProcess.run(
                GariepProcess.program,
                ["run", "--project", project.path, "--data-dir", project.dataDirectory] + arguments)
            #expect(status == 0 && names(output) == ["stg_orders", "customer_totals"], "\(arguments): \(output)")
        }
        let nothing = try project.gariep("run", "--select", "tag:nope")
        #expect(nothing.status == 0, "as dbt")
        #expect(nothing.output.contains("warning: the selector 'tag:nope' matches nothing"), "\(nothing.output)")
        #expect(nothing.output.contains("0 models: "), "\(nothing.output)")
        let singular = try project.gariep("test", "--select", "test_type:singular")
        #expect(singular.status == 0 && singular.output.contains("\n1 test: 1 passed"), "\(singular.output)")
    }

    @Test func whatIsThereAlreadyIsUnchanged() throws {
        let project = try FaultProject.shop()
        let first = try project.gariep("run").output
        #expect(first.contains("load shop.orders: 5 rows in "), "\(first)")
        let second = try project.gariep("run").output
        #expect(second.contains("load shop.orders: unchanged in "), "\(second)")
        try project.write(
            "models/broken.sql",
            "{{ config(materialized='table') }}\nselect cast(customer as int) as n from {{ ref('stg_orders') }}\n")
        let third = try project.gariep("run")
        #expect(third.status == 2 && third.output.contains("error CLI-004: 1 model failed"), "\(third.output)")
    }

    @Test(arguments: [
        "copy (select 1) to '/tmp/never.csv'", "explain select 1", "show tables", "pragma database_list",
        "create table x as select 1",
    ])
    func aModelIsOneSelect(text: String) throws {
        let project = try FaultProject.shop()
        try project.write("models/odd.sql", text + "\n")
        let (status, output) = try project.gariep("plan")
        #expect(status == 2 && output.contains("models/odd.sql") && output.contains("error PRJ-030"), "\(output)")
        #expect(output.contains("a model is one SELECT"), "\(output)")
    }

    @Test(arguments: [
        "select 1 as a;\n", "from {{ ref('stg_orders') }}\n", "values (1), (2)\n",
        "with x as (select 1) select * from x -- end\n",
        "select 1 as a order by a limit 1\n", "(select 1 as a) union all (select 2)\n",
    ])
    func aSelectMayBeWrittenInManyWays(text: String) throws {
        let project = try FaultProject.shop()
        try project.write("models/odd.sql", text)
        let run = try project.gariep("run")
        #expect(run.status == 0, "\(run.output)")
    }

    @Test func planSaysWhatIsMissing() throws {
        let project = try FaultProject.shop()
        try project.write("models/odd.sql", "select * from nothing_of_this_name\n")
        let odd = try project.gariep("plan").output
        #expect(odd.contains("nothing_of_this_name does not exist") && !odd.contains("pg_"), "\(odd)")
        try project.write("models/odd.sql", "select 1 as a\n")
        let file = try #require(
            FileManager.default.subpathsOfDirectory(atPath: project.path).first { $0.hasSuffix(".csv") })
        try FileManager.default.removeItem(atPath: "\(project.path)/\(file)")
        let plan = try project.gariep("plan")
        #expect(
            plan.status == 0 && plan.output.contains("warning PRJ-001") && plan.output.contains("1 warning"),
            "\(plan.output)")
        let run = try project.gariep("run")
        #expect(run.status == 2 && run.output.contains("WH-007") && !run.output.contains("DDB-010"), "\(run.output)")
    }
}
