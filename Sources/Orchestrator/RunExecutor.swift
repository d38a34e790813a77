public import Base

/// Does what a `RunPlanner` says: runs nodes as tasks, and reports.
public struct RunExecutor: Sendable {
    private let clock: any WallClock

    public init(clock: any WallClock) { self.clock = clock }

    /// Runs all chosen nodes that can be run. Cancelling the task starts no more of them.
    ///
    /// - Parameters:
    ///   - ended: called for each node as soon as its outcome is known.
    ///   - work: runs one node; gives how many rows it wrote, nil for a view.
    public func execute(
        _ plan: RunPlanner, runID: String, ended: @Sendable (RunReport.Entry) -> Void = { _ in },
        work: @escaping @Sendable (NodeID) async throws -> Int64?
    ) async -> RunReport {
        var plan = plan
        var report = RunReport(runID: runID)
        let clock = clock
        func add(_ entry: RunReport.Entry) {
            report.add(entry)
            ended(entry)
        }
        await withTaskGroup(of: RunReport.Entry.self) { group in
            func step() {
                if Task.isCancelled {
                    for node in plan.cancel() { add(RunReport.Entry(node: node, outcome: .cancelled)) }
                    return
                }
                let step = plan.next()
                for skip in step.skip {
                    add(RunReport.Entry(node: skip.node, outcome: .skipped(because: skip.because)))
                }
                for node in step.start {
                    group.addTask {
                        let started = clock.nowMicros()
                        let outcome: RunReport.Outcome
                        do { outcome = .succeeded(rows: try await work(node)) } catch {
                            outcome = .failed(RunExecutor.report(error, of: node))
                        }
                        return RunReport.Entry(
                            node: node, outcome: outcome, startedMicros: started,
                            durationMicros: max(0, clock.nowMicros() - started))
                    }
                }
            }
            step()
            while let entry = await group.next() {
                add(entry)
                if case .succeeded = entry.outcome {
                    plan.finish(entry.node, succeeded: true)
                } else {
                    plan.finish(entry.node, succeeded: false)
                }
                step()
            }
        }
        return report
    }

    private static func report(_ error: any Error, of node: NodeID) -> ErrorReport {
        if let error = error as? any PlatformError { return error.report }
        return ErrorReport(
            code: "ORC-004", recovery: .reportDefect, message: "\(node) failed: \(error)",
            hint: "Report it with the log.")
    }
}
