internal import Foundation
internal import ProjectModel

/// What a project wants of the machine, told without checking the project or running it.
public struct ProjectPlaces: Sendable {
    /// Where everything is kept.
    public let dataDirectory: String
    public let kafkaPort: Int
    public let registryPort: Int
    public let httpPort: Int
    /// The most that the whole program may have resident.
    public let memoryBytes: Int

    public init(_ options: PlatformOptions) {
        let (project, _) = ProjectLoader.load(
            directory: options.projectDirectory, environment: ProcessInfo.processInfo.environment)
        let ports = project.settings.ports
        dataDirectory = options.resolvedDataDirectory
        kafkaPort = options.kafkaPort ?? ports.kafka
        registryPort = options.registryPort ?? ports.registry
        httpPort = options.httpPort ?? ports.http
        memoryBytes = MemoryPlan(options: options, settings: project.settings).budgetBytes
    }
}
