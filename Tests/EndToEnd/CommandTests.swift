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
}
