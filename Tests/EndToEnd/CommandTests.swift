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

    @Test(arguments: ["0", "129", "-1", "9223372036854775807"]) func workersOutOfBoundsAreRefused(workers: String)
        throws
    {
        let (status, output) = try GariepProcess.run(GariepProcess.program, ["up", "--workers=\(workers)"])
        #expect(status == 64 && output.contains("--workers takes a number from 1 to 128, not \(workers)."), "\(output)")
    }
}
