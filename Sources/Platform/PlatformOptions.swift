internal import Streaming

/// What the command line may say over what the project says.
public struct PlatformOptions: Sendable {
    public var projectDirectory: String
    /// Where everything is kept; nil for the project's `data_dir`.
    public var dataDirectory: String?
    public var host: String
    /// Where Kafka clients are told to connect; nil for `host`, or the address they came to where that stands for all.
    public var advertisedHost: String?
    /// nil for the project's; 0 for any free port.
    public var kafkaPort: Int?
    public var registryPort: Int?
    public var httpPort: Int?
    /// nil for the project's `memory`.
    public var memoryBytes: Int?
    /// Threads of the stream engine; nil for the project's, or as many as the machine has processors. At most
    /// `workersMax`.
    public var workers: Int?
    public var replay: ReplaySpeed

    /// The most threads that a stream can use.
    public static let workersMax = StreamJobSettings.workersMax

    /// What a job gets: what was asked for on the command line or in the project, or else `processors`, within bounds.
    static func workers(asked: Int?, processors: Int) -> Int { min(max(1, asked ?? processors), workersMax) }

    /// How fast replays of the project's topics go.
    public enum ReplaySpeed: Sendable, Hashable {
        /// As each topic's `replay:` block says.
        case asConfigured
        case off
        case asFastAsItGoes
        case timesRealTime(Double)
    }

    public init(projectDirectory: String) {
        self.projectDirectory = projectDirectory
        host = "127.0.0.1"
        replay = .asConfigured
    }
}
