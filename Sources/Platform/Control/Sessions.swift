public import Base
internal import Foundation
internal import HTTPServer
internal import ProjectModel
internal import Warehouse

/// Queries: through the running platform, or on the warehouse's own file where none runs.
public struct QuerySession: Sendable {
    private let options: PlatformOptions
    public init(_ options: PlatformOptions) { self.options = options }

    /// Gives the answer to `take`, piece by piece.
    public func run(_ query: String, format: QueryFormat, rowsMax: Int?, take: ([UInt8]) throws -> Void) throws {
        if let client = ControlClient(ifRunning: options) {
            return try client.sql(query, format: format, rowsMax: rowsMax, take: take)
        }
        let local = try LocalSession(options, progress: SilentProgress())
        try QueryAnswering(engine: local.warehouse.engine, temporaryDirectory: local.directory.temporary)
            .run(query, format: format, rowsMax: rowsMax).forEachPiece(take)
    }
}

/// Models and tests: through the running platform, or here where none runs.
public struct ModelSession: Sendable {
    private let options: PlatformOptions
    public init(_ options: PlatformOptions) { self.options = options }

    /// - Parameters:
    ///   - select: selectors, of which a dataset must match one; empty for all.
    ///   - exclude: selectors of what is left out.
    public func run(select: [String], exclude: [String], fullRefresh: Bool, progress: any WorkReporting) throws
        -> SessionReport
    {
        let (select, exclude) = (Self.joined(select), Self.joined(exclude))
        if let client = ControlClient(ifRunning: options) {
            return try client.run(
                select: select, exclude: exclude, fullRefresh: fullRefresh, of: ProjectFingerprint(options))
        }
        let local = try LocalSession(options, progress: progress)
        return try local.work(progress).run(select: select, exclude: exclude, fullRefresh: fullRefresh)
    }

    public func test(select: [String], exclude: [String], progress: any WorkReporting) throws
        -> SessionReport
    {
        let (select, exclude) = (Self.joined(select), Self.joined(exclude))
        if let client = ControlClient(ifRunning: options) {
            return try client.test(select: select, exclude: exclude, of: ProjectFingerprint(options))
        }
        let local = try LocalSession(options, progress: progress)
        return try local.work(progress).test(select: select, exclude: exclude)
    }

    private static func joined(_ selectors: [String]) -> String? {
        selectors.isEmpty ? nil : selectors.joined(separator: " ")
    }
}

/// The project's warehouse, open in this process for one command.
private struct LocalSession {
    let directory: DataDirectory
    let warehouse: ProjectWarehouse

    init(_ options: PlatformOptions, progress: any WorkReporting) throws {
        let sound = try ProjectPlanner.soundProject(options)
        directory = try DataDirectory(path: options.resolvedDataDirectory)
        let memory = MemoryPlan(options: options, settings: sound.project.settings)
        warehouse = try ProjectWarehouse(
            sound, directory: directory, memoryBytes: memory.budgetBytes / 2,
            threads: ProcessInfo.processInfo.activeProcessorCount,
            clock: SystemClock(), progress: progress)
        for model in sound.project.models where model.config.materialized.value == .stream {
            try LakePublisher(warehouse: warehouse, model: model.name).publish()
        }
    }

    func work(_ progress: any WorkReporting) -> ModelWork {
        ModelWork(warehouse: warehouse, clock: SystemClock(), progress: progress, done: { _, _ in })
    }
}
