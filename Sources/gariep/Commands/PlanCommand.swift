internal import ArgumentParser
internal import Base
internal import Platform

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Check the whole project, and show what would run where.",
        discussion: """
            Nothing runs. Every mistake is reported with file:line:column, what was found, what was expected and what to do.

              gariep plan --explain
            """)

    @OptionGroup var project: ProjectOptions
    @Flag(name: .long, help: "Also print the plan of each stream.")
    var explain = false

    func run() async throws {
        let plan = try ProjectPlanner.plan(try project.platformOptions())
        for warning in plan.warnings {
            Terminal.note(warning.description.replacing("error ", with: "warning ", maxReplacements: 1))
        }
        if !plan.errors.isEmpty {
            for error in plan.errors { Terminal.note(error.description) }
            throw PlatformFailure.projectHasMistakes(count: plan.errors.count)
        }
        var table = TextTable(["dataset", "kind", "runs on", "columns", "fresh within", "reads"], rightAligned: [3])
        for dataset in plan.datasets {
            table.rows.append([
                dataset.name, dataset.kind, dataset.engine, dataset.columns.map(String.init) ?? "",
                dataset.freshness ?? "",
                dataset.inputs.joined(separator: ", "),
            ])
        }
        Terminal.print(table.rendered(width: Terminal.width))
        if explain {
            for stream in plan.streams { Terminal.print("\n\(stream.model)\n\(stream.explanation)") }
        }
        Terminal.note(
            "\(NumberText.counted(Int64(plan.datasets.count), "dataset")), no mistakes"
                + (plan.warnings.isEmpty ? "" : ", " + NumberText.counted(Int64(plan.warnings.count), "warning")))
    }
}
