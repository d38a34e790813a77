internal import ArgumentParser
internal import Base
internal import Platform

@main
struct Gariep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gariep",
        abstract: "A whole data platform in one program: a folder of SQL and YAML, running.",
        discussion: """
            A project is a folder with gariep.yaml, sources, models and apis. Commands look for it in the current folder
            and above, or where --project says.

              gariep init shop && cd shop && gariep up
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, InitCommand.self, PlanCommand.self, UpCommand.self, RunCommand.self, TestCommand.self,
            SQLCommand.self, StatusCommand.self, TopicsCommand.self, BenchCommand.self, DoctorCommand.self,
        ])

    static func main() async {
        Terminal.prepare()
        ProcessUsage.limitHeaps()
        ProcessUsage.raiseOpenFiles()
        do {
            var command = try parseAsRoot()
            if var async = command as? any AsyncParsableCommand { try await async.run() } else { try command.run() }
        } catch let error as any PlatformError {
            Terminal.error(error.report.description)
            exit(withError: ExitCode(Terminal.exitCode(error.report)))
        } catch let error as ErrorReports {
            Terminal.error(error.description)
            exit(withError: ExitCode(2))
        } catch {
            exit(withError: error)
        }
    }
}
