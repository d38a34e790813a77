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

    /// Written whole or not at all, so that a reader never sees half of it.
    func write(to path: String) throws(PlatformFailure) {
        do {
            try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .dataDirectory(path: path, problem: error.localizedDescription)
        }
    }

    /// The endpoints of the platform that has `dataDirectory` open; nil where none has.
    public static func ofRunning(dataDirectory: String) -> Endpoints? {
        guard DataDirectory.isInUse(dataDirectory),
            let data = FileManager.default.contents(atPath: DataDirectory.endpointsFile(in: dataDirectory))
        else { return nil }
        return try? JSONDecoder().decode(Endpoints.self, from: data)
    }
}
