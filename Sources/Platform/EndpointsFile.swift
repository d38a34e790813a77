internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// `endpoints.json` of a data folder: where the running platform can be reached, and the secret that it asks for. Only
/// the user that runs it may read the file.
struct EndpointsFile: Codable, Equatable {
    let endpoints: Endpoints
    /// What control requests have to carry; see `ControlAccess`.
    let token: String

    private enum Key: String, CodingKey { case token }

    init(endpoints: Endpoints, token: String) {
        self.endpoints = endpoints
        self.token = token
    }

    init(from decoder: any Decoder) throws {
        endpoints = try Endpoints(from: decoder)
        token = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .token)
    }

    func encode(to encoder: any Encoder) throws {
        try endpoints.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(token, forKey: .token)
    }

    /// Written whole or not at all, so that a reader never sees half of it.
    func write(to path: String) throws(PlatformFailure) {
        // Strings and numbers always encode.
        let bytes = [UInt8]((try? JSONEncoder().encode(self)) ?? Data())
        let partial = path + ".partial"
        _ = unsafe unlink(partial)
        let descriptor = unsafe open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .dataDirectory(path: path, problem: Self.problem()) }
        defer { close(descriptor) }
        // One write of a few hundred bytes is whole, or the disk is full.
        let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == bytes.count, unsafe rename(partial, path) == 0 else {
            throw .dataDirectory(path: path, problem: Self.problem())
        }
    }

    private static func problem() -> String { unsafe String(cString: strerror(errno)) }

    /// The file of the platform that has `dataDirectory` open; nil where none has.
    static func ofRunning(dataDirectory: String) -> EndpointsFile? {
        guard DataDirectory.isInUse(dataDirectory),
            let data = FileManager.default.contents(atPath: DataDirectory.endpointsFile(in: dataDirectory))
        else { return nil }
        return try? JSONDecoder().decode(EndpointsFile.self, from: data)
    }
}
