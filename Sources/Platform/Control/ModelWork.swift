internal import Base
internal import Foundation
internal import ProjectModel
internal import Warehouse

/// Builds and tests what a person asked for, once, in order.
struct ModelWork {
    let warehouse: ProjectWarehouse
    let clock: any WallClock
    let progress: any WorkReporting
    /// Told of each source that was loaded anew and each model that was built.
    let done: @Sendable (DatasetName, BuildOutcome) -> Void

    /// - Parameter isStopped: says that nothing more should be begun.
    func run(select: String?, exclude: String?, fullRefresh: Bool, isStopped: () -> Bool = { false }) throws
        -> SessionReport
    {
        let selection = try Selector.selection(select, exclude: exclude, in: warehouse.project.graph)
        let names = Set(selection.names)
        let runID = UUID().uuidString
        var report = SessionReport(steps: [], warnings: Self.warnings(selection.unmatched))
        var broken: Set<DatasetName> = []
        for name in warehouse.loadable where names.contains(name) {
            step(name, &report, &broken, inputs: [], isStopped) {
                guard let outcome = try warehouse.load(name) else { return nil }
                done(name, outcome)
                return outcome.rowCount
            }
        }
        for model in warehouse.batchModels where names.contains(model.name) {
            step(model.name, &report, &broken, inputs: warehouse.project.physicalReads(model), isStopped) {
                let outcome = try warehouse.build(model, runID: runID, fullRefresh: fullRefresh)
                done(model.name, outcome)
                return outcome.rowCount
            }
        }
        return report
    }

    func test(select: String?, exclude: String?, isStopped: () -> Bool = { false }) throws -> SessionReport {
        let selection = try TestSelection(select, exclude: exclude, in: warehouse.project)
        var report = SessionReport(steps: [], warnings: Self.warnings(selection.unmatched))
        let tests = warehouse.dataTests(of: selection)
        let task = "test"
        progress.update(task: task, done: 0, total: Int64(tests.count), unit: .items("tests"))
        for test in tests {
            guard !isStopped() else {
                report.steps.append(
                    .init(name: test.name, outcome: "skipped", rows: nil, micros: 0, problem: Self.stopped))
                continue
            }
            let started = clock.nowMicros()
            do {
                let outcome = try warehouse.engine.check(test)
                let status =
                    ["pass": "passed", "warn": "warned", "fail": "failed"][outcome.status.rawValue] ?? "failed"
                report.steps.append(
                    .init(
                        name: test.name, outcome: status, rows: outcome.failures, micros: clock.nowMicros() - started,
                        problem: outcome.status == .pass
                            ? nil : "\(NumberText.counted(outcome.failures, "row")) that should not be: \(outcome.sql)")
                )
            } catch {
                report.steps.append(
                    .init(
                        name: test.name, outcome: "failed", rows: nil, micros: clock.nowMicros() - started,
                        problem: error.report.description))
            }
            progress.update(
                task: task, done: Int64(report.steps.count), total: Int64(tests.count), unit: .items("tests"))
        }
        progress.finish(
            task: task,
            summary: NumberText.counted(Int64(tests.count), "test")
                + ", \(NumberText.grouped(Int64(report.failed))) failed", count: nil)
        return report
    }

    private static let stopped = "stopped before it began"

    private static func warnings(_ unmatched: [String]) -> [String] {
        unmatched.map { "the selector '\($0)' matches nothing that is enabled" }
    }

    /// Does one thing, unless something that it needs has failed.
    private func step(
        _ name: DatasetName, _ report: inout SessionReport, _ broken: inout Set<DatasetName>, inputs: [DatasetName],
        _ isStopped: () -> Bool, _ work: () throws -> Int64?
    ) {
        guard !isStopped() else {
            report.steps.append(
                .init(name: name.description, outcome: "skipped", rows: nil, micros: 0, problem: Self.stopped))
            return
        }
        if let cause = inputs.first(where: broken.contains) {
            broken.insert(name)
            report.steps.append(
                .init(name: name.description, outcome: "skipped", rows: nil, micros: 0, problem: "\(cause) failed"))
            return
        }
        let started = clock.nowMicros()
        do {
            let rows = try work()
            report.steps.append(
                .init(
                    name: name.description, outcome: "passed", rows: rows, micros: clock.nowMicros() - started,
                    problem: nil))
        } catch {
            broken.insert(name)
            let problem = (error as? any PlatformError)?.report.description ?? "\(error)"
            report.steps.append(
                .init(
                    name: name.description, outcome: "failed", rows: nil, micros: clock.nowMicros() - started,
                    problem: problem))
        }
    }
}
