internal import ArgumentParser
internal import Base
internal import Platform

/// Which models, as dbt says it.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: [.short, .long, .customShort("m"), .customLong("models"), .customLong("model")], parsing: .upToNextOption,
        help: "What to take: names, +upstream, downstream+, tag:, path:, test_type:, globs. A comma means and.")
    var select: [String] = []
    @Option(name: .long, parsing: .upToNextOption, help: "What to leave out, in the same words.")
    var exclude: [String] = []
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
        Outcome.show(report, what: "model")
        if report.failed > 0 { throw CommandFailure.failures(report.failed, of: "model") }
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
        Outcome.show(report, what: "test")
        if report.failed > 0 { throw CommandFailure.failures(report.failed, of: "test") }
    }
}

/// What became of each model or test.
enum Outcome {
    static func show(_ report: SessionReport, what: String) {
        var table = TextTable(["name", "outcome", "rows", "seconds"], rightAligned: [2, 3])
        for step in report.steps {
            table.rows.append([
                step.name, step.outcome, step.rows.map(NumberText.grouped) ?? "",
                String(Double(step.micros / 10_000) / 100),
            ])
        }
        if !report.steps.isEmpty { Terminal.print(table.rendered(width: Terminal.width)) }
        for step in report.steps { if let problem = step.problem { Terminal.note("\(step.name): \(problem)") } }
        for warning in report.warnings { Terminal.note("warning: \(warning)") }
        var parts = ["\(NumberText.grouped(Int64(report.passed))) passed"]
        for (count, outcome) in [
            (report.warned, "warned"), (report.failed, "failed"), (report.skipped, "skipped"),
        ] { parts.append("\(NumberText.grouped(Int64(count))) \(outcome)") }
        Terminal.note("\(NumberText.counted(Int64(report.steps.count), what)): " + parts.joined(separator: ", "))
    }
}
