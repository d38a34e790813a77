internal import ArgumentParser
internal import Base
internal import Foundation
internal import Platform

/// Which project a command is about.
struct ProjectOptions: ParsableArguments {
    @Option(name: .long, help: "The project's folder; by default this one or the nearest above with gariep.yaml.")
    var project: String?

    @Option(name: .long, help: "Where everything is kept, instead of the project's data_dir.")
    var dataDir: String?

    func directory() throws -> String {
        if let project { return URL(fileURLWithPath: project).standardizedFileURL.path }
        var folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        while true {
            for name in ["gariep.yaml", "dbt_project.yml"]
            where FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) {
                return folder.path
            }
            guard folder.path != "/" else { throw CommandFailure.noProject(FileManager.default.currentDirectoryPath) }
            folder.deleteLastPathComponent()
        }
    }

    func platformOptions() throws -> PlatformOptions {
        var options = PlatformOptions(projectDirectory: try directory())
        options.dataDirectory = dataDir.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        return options
    }
}

/// What can be wrong with a command itself.
enum CommandFailure: PlatformError {
    case noProject(String)
    case folderExists(String)
    case noExample(String)
    /// So many of these failed: models, tests.
    case failures(Int, of: String)
    case inTheWay([PlatformProblem])
    case cannotMake(path: String, problem: String)

    var report: ErrorReport {
        switch self {
        case .noProject(let folder):
            ErrorReport(
                code: "CLI-001", recovery: .changeRequest, message: "there is no project here",
                expected: "gariep.yaml in \(folder) or above",
                hint: "Go to a project's folder, name it with --project, or make one with `gariep init NAME`.")
        case .folderExists(let folder):
            ErrorReport(
                code: "CLI-002", recovery: .changeRequest, message: "\(folder) is there already and not empty",
                hint: "Choose another name; nothing was changed.")
        case .noExample(let path):
            ErrorReport(
                code: "CLI-003", recovery: .changeMachine, message: "the example project is not at \(path)",
                hint: "Run `gariep demo` in a checkout of Gariep, or name the example with --project.")
        case .failures(let count, let what):
            ErrorReport(
                code: "CLI-004", recovery: .changeProject,
                message: "\(NumberText.grouped(Int64(count))) \(what)\(count == 1 ? "" : "s") failed",
                hint: "See the lines above.")
        case .inTheWay(let problems):
            ErrorReport(
                code: "CLI-005", recovery: .retry, message: "not everything that came in has gone all the way",
                found: problems.map { "\($0.subject): \($0.text)" }.joined(separator: "\n"),
                hint: "Mend the cause and start again; it goes on where it stopped.")
        case .cannotMake(let path, let problem):
            ErrorReport(
                code: "CLI-006", recovery: .changeMachine, message: "\(path) cannot be made", found: problem,
                hint: "Go to a folder where you may write, or choose another name.")
        }
    }
}

/// Numbers that a command takes.
enum Allowed {
    /// - Throws: a mistake of usage, which ends the program with 64.
    static func check(_ value: Int?, _ option: String, _ range: ClosedRange<Int>) throws {
        guard let value, !range.contains(value) else { return }
        let wanted =
            range.upperBound == .max
            ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
        throw ValidationError("\(option) takes a number \(wanted), not \(value).")
    }
}

/// How a command prints rows.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case table, csv, json, arrow, parquet }

/// How a command prints what is no rows.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case table, json }
