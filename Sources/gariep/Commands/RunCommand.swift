internal import ArgumentParser
internal import Base
internal import Platform

/// Which models, as dbt says it.
struct SelectionOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "Models to take: names, +upstream, downstream+, tag:, path:, globs.")
    var select: String?
    @Option(name: .long, help: "Models to leave out.")
    var exclude: String?
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Load sources and build the batch models once, in order.",
        discussion: """
            Streams run under `gariep up`; their lake tables are read as they are.

              gariep run --select +carrier_daily
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var selection: SelectionOptions
    @Flag(name: .long, help: "Rebuild incremental models from nothing.")
    var fullRefresh = false

    func run() async throws {
        let report = try ModelSession(try project.platformOptions()).run(
            select: selection.select, exclude: selection.exclude, fullRefresh: fullRefresh,
            progress: Terminal.progress())
        Outcome.show(report, what: "models")
        if report.failed > 0 { throw CommandFailure.failures(report.failed, what: "models failed") }
    }
}

struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the tests of models and sources.",
        discussion: "  gariep test --select carrier_daily")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var selection: SelectionOptions

    func run() async throws {
        let report = try ModelSession(try project.platformOptions()).test(
            select: selection.select, exclude: selection.exclude, progress: Terminal.progress())
        Outcome.show(report, what: "tests")
        if report.failed > 0 { throw CommandFailure.failures(report.failed, what: "tests failed") }
    }
}

/// What became of each model or test.
enum Outcome {
    static func show(_ report: SessionReport, what: String) {
        var table = TextTable(["name", "outcome", "rows", "seconds"], rightAligned: [2, 3])
        for step in report.steps {
            table.rows.append([
                step.name, step.outcome, step.rows.map(TerminalProgress.grouped) ?? "",
                String(Double(step.micros / 10_000) / 100),
            ])
        }
        Terminal.print(table.rendered(width: Terminal.width))
        for step in report.steps { if let problem = step.problem { Terminal.note("\(step.name): \(problem)") } }
        Terminal.note(
            "\(report.steps.count) \(what): \(report.passed) passed, \(report.warned) warned, \(report.failed) failed, \(report.skipped) skipped"
        )
    }
}
