internal import Base
internal import Foundation
internal import ProjectModel

/// How the program's memory is divided among what holds it.
struct MemoryPlan: Sendable {
    let budgetBytes: Int

    /// Libraries, code, stacks and small change: what the process has resident before it holds any data.
    private static let fixedBytes = 160 << 20

    init(options: PlatformOptions, settings: ProjectSettings) {
        budgetBytes = options.memoryBytes ?? settings.memoryBytes ?? Int(ProcessInfo.processInfo.physicalMemory / 2)
    }

    private var dataBytes: Int { max(64 << 20, budgetBytes - Self.fixedBytes) }
    var warehouseBytes: Int { dataBytes * 35 / 100 }
    /// Only while a replay sorts its file.
    var replayBytes: Int { dataBytes * 20 / 100 }
    /// Row groups of a table that is compacted.
    var maintenanceBytes: Int { min(128 << 20, dataBytes * 12 / 100) }
    /// State in memory, row groups, batches on their way.
    var streamBytes: Int { dataBytes * 30 / 100 }
    /// The newest batches of the topics, for those who read at their ends.
    var logBytes: Int { min(dataBytes * 5 / 100, 256 << 20) }
}

extension PlatformOptions {
    /// The data folder: what the command line says, else what the project says, else `.gariep`.
    var resolvedDataDirectory: String {
        if let dataDirectory { return dataDirectory }
        let (project, _) = ProjectLoader.load(
            directory: projectDirectory, environment: ProcessInfo.processInfo.environment)
        let configured = project.settings.dataDirectory
        return configured.hasPrefix("/") ? configured : "\(projectDirectory)/\(configured)"
    }
}
