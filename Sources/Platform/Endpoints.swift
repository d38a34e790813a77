internal import Foundation

/// Where a running platform can be reached.
public struct Endpoints: Sendable, Codable, Hashable {
    public let processID: Int32
    public let host: String
    public let kafka: Int
    public let registry: Int
    public let http: Int

    /// The endpoints of the platform that has `dataDirectory` open; nil where none has.
    public static func ofRunning(dataDirectory: String) -> Endpoints? {
        EndpointsFile.ofRunning(dataDirectory: dataDirectory)?.endpoints
    }
}
