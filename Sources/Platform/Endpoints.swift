internal import Foundation

/// Where a running platform can be reached.
public struct Endpoints: Sendable, Codable, Hashable {
    public let processID: Int32
    public let host: String
    public let kafka: Int
    public let registry: Int
    public let http: Int

    /// The host as URLs and lists of brokers write it: IPv6 addresses in brackets. Source: RFC 3986, section 3.2.2.
    public var urlHost: String { Self.urlHost(host) }

    static func urlHost(_ host: String) -> String { host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host }

    /// The endpoints of the platform that has `dataDirectory` open; nil where none has.
    public static func ofRunning(dataDirectory: String) -> Endpoints? {
        EndpointsFile.ofRunning(dataDirectory: dataDirectory)?.endpoints
    }
}
