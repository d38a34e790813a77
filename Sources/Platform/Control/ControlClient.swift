internal import Base
internal import Foundation
internal import HTTPServer
internal import Synchronization

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Asks a running platform, in another process.
public struct ControlClient: Sendable {
    private let endpoints: Endpoints

    /// - Throws: `notRunning`.
    public init(_ options: PlatformOptions) throws {
        let directory = options.resolvedDataDirectory
        guard let endpoints = Endpoints.ofRunning(dataDirectory: directory) else {
            throw PlatformFailure.notRunning(directory: directory)
        }
        self.endpoints = endpoints
    }

    /// nil where no platform runs on the project's data folder.
    init?(ifRunning options: PlatformOptions) {
        guard let endpoints = Endpoints.ofRunning(dataDirectory: options.resolvedDataDirectory) else { return nil }
        self.endpoints = endpoints
    }

    public func status() throws -> PlatformStatus {
        try decode(ask("GET", "/gariep/status", [], body: nil))
    }

    /// The newest records of a topic.
    public func records(topic: String, limit: Int) throws -> [TopicRecord] {
        try decode(ask("GET", "/gariep/topics", [.init("topic", topic), .init("limit", "\(limit)")], body: nil))
    }

    func sql(_ query: String, format: QueryFormat, rowsMax: Int?) throws -> [UInt8] {
        var items = [HTTPExchange.QueryItem("format", format.rawValue)]
        if let rowsMax { items.append(.init("rows", String(rowsMax))) }
        return try ask("POST", "/gariep/sql", items, body: Array(query.utf8))
    }

    func run(select: String?, exclude: String?, fullRefresh: Bool) throws -> SessionReport {
        try decode(
            ask("POST", "/gariep/run", selection(select, exclude) + [.init("full_refresh", "\(fullRefresh)")], body: [])
        )
    }

    func test(select: String?, exclude: String?) throws -> SessionReport {
        try decode(ask("POST", "/gariep/test", selection(select, exclude), body: []))
    }

    private func selection(_ select: String?, _ exclude: String?) -> [HTTPExchange.QueryItem] {
        [("select", select), ("exclude", exclude)].compactMap { name, value in value.map { .init(name, $0) } }
    }

    private func decode<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(bytes))
    }

    private func ask(_ method: String, _ path: String, _ query: [HTTPExchange.QueryItem], body: [UInt8]?) throws
        -> [UInt8]
    {
        let address = "http://\(endpoints.urlHost):\(endpoints.http)"
        let encoded = HTTPExchange(method: method, path: path, query: query).encodedQuery
        return try Self.fetch(method, address + path + (encoded.isEmpty ? "" : "?" + encoded), body: body)
    }

    /// The body that a URL answers with.
    static func get(_ url: String) throws -> [UInt8] { try fetch("GET", url, body: nil) }

    private static func fetch(_ method: String, _ text: String, body: [UInt8]?) throws -> [UInt8] {
        guard let url = URL(string: text) else {
            throw PlatformFailure.control(address: text, problem: "this is no URL")
        }
        var request = URLRequest(url: url, timeoutInterval: 3600)
        request.httpMethod = method
        request.httpBody = body.map { Data($0) }
        let reply = Mutex<(status: Int, body: Data, problem: String?)?>(nil)
        let done = DispatchSemaphore(value: 0)
        let task = URLSession.shared.dataTask(with: request) { data, response, error in
            let status = (response as? HTTPURLResponse)?.statusCode ?? 0
            let problem = error?.localizedDescription
            reply.withLock { $0 = (status, data ?? Data(), problem) }
            done.signal()
        }
        task.resume()
        done.wait()
        guard let (status, data, problem) = reply.withLock({ $0 }), problem == nil else {
            throw PlatformFailure.control(address: text, problem: reply.withLock { $0?.problem } ?? "no answer")
        }
        guard status == 200 else { throw RemoteFailure(data, status: status, address: text) }
        return [UInt8](data)
    }
}

/// An error that the running platform answered with.
private struct RemoteFailure: PlatformError {
    let report: ErrorReport

    init(_ body: Data, status: Int, address: String) {
        if let remote = try? JSONDecoder().decode(RemoteReport.self, from: body) {
            report = remote.report
            return
        }
        let fields = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
        let detail = fields["detail"] as? String ?? ""
        report = ErrorReport(
            code: fields["code"] as? String ?? "PLT-006", recovery: status < 500 ? .changeRequest : .retry,
            message: fields["title"] as? String ?? "\(address) answered \(status)",
            found: detail.isEmpty ? nil : detail,
            hint: fields["hint"] as? String ?? "See the output of the running gariep.")
    }
}
