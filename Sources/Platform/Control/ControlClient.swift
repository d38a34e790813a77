internal import Base
internal import Foundation
internal import HTTPServer

/// Asks a running platform, in another process.
public struct ControlClient: Sendable {
    private let endpoints: Endpoints
    private let token: String

    /// - Throws: `notRunning`.
    public init(_ options: PlatformOptions) throws {
        guard let client = ControlClient(ifRunning: options) else {
            throw PlatformFailure.notRunning(directory: options.resolvedDataDirectory)
        }
        self = client
    }

    /// nil where no platform runs on the project's data folder.
    init?(ifRunning options: PlatformOptions) {
        guard let file = EndpointsFile.ofRunning(dataDirectory: options.resolvedDataDirectory) else { return nil }
        endpoints = file.endpoints
        token = file.token
    }

    /// What takes no time is answered in this time, or something is wrong.
    private static let promptSeconds = 60

    public func status() throws -> PlatformStatus {
        try decode(ask("GET", "/gariep/status", timeoutSeconds: Self.promptSeconds))
    }

    /// The newest records of a topic.
    public func records(topic: String, limit: Int) throws -> [TopicRecord] {
        try decode(
            ask(
                "GET", "/gariep/topics", [.init("topic", topic), .init("limit", "\(limit)")],
                timeoutSeconds: Self.promptSeconds))
    }

    /// Gives the answer to `take` as it comes.
    func sql(_ query: String, format: QueryFormat, rowsMax: Int?, take: ([UInt8]) throws -> Void) throws {
        var items = [HTTPExchange.QueryItem("format", format.rawValue)]
        if let rowsMax { items.append(.init("rows", String(rowsMax))) }
        try fetch("POST", "/gariep/sql", items, body: Array(query.utf8), timeoutSeconds: nil, take: take)
    }

    func run(select: String?, exclude: String?, fullRefresh: Bool, of files: ProjectFingerprint) throws -> SessionReport
    {
        try decode(
            ask(
                "POST", "/gariep/run", selection(select, exclude) + [.init("full_refresh", "\(fullRefresh)")],
                body: files.encoded))
    }

    func test(select: String?, exclude: String?, of files: ProjectFingerprint) throws -> SessionReport {
        try decode(ask("POST", "/gariep/test", selection(select, exclude), body: files.encoded))
    }

    private func selection(_ select: String?, _ exclude: String?) -> [HTTPExchange.QueryItem] {
        [("select", select), ("exclude", exclude)].compactMap { name, value in value.map { .init(name, $0) } }
    }

    private func decode<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(bytes))
    }

    private func ask(
        _ method: String, _ path: String, _ query: [HTTPExchange.QueryItem] = [], body: [UInt8] = [],
        timeoutSeconds: Int? = nil
    ) throws -> [UInt8] {
        var answer: [UInt8] = []
        try fetch(method, path, query, body: body, timeoutSeconds: timeoutSeconds) { answer += $0 }
        return answer
    }

    private func fetch(
        _ method: String, _ path: String, _ query: [HTTPExchange.QueryItem], body: [UInt8], timeoutSeconds: Int?,
        take: ([UInt8]) throws -> Void
    ) throws {
        let encoded = HTTPExchange(method: method, path: path, query: query).encodedQuery
        try Self.fetch(
            method, path + (encoded.isEmpty ? "" : "?" + encoded), of: endpoints, token: token, body: body,
            timeoutSeconds: timeoutSeconds, take: take)
    }

    /// The body that a path of the API answers with.
    static func get(_ path: String, of endpoints: Endpoints) throws -> [UInt8] {
        var answer: [UInt8] = []
        try fetch("GET", path, of: endpoints, token: nil, body: [], timeoutSeconds: promptSeconds) { answer += $0 }
        return answer
    }

    private static func fetch(
        _ method: String, _ target: String, of endpoints: Endpoints, token: String?, body: [UInt8],
        timeoutSeconds: Int?, take: ([UInt8]) throws -> Void
    ) throws {
        let address = "\(endpoints.urlHost):\(endpoints.http)"
        do {
            let socket = try ControlSocket(
                host: endpoints.host, port: endpoints.http, timeoutSeconds: timeoutSeconds)
            let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
            let head =
                "\(method) \(target) HTTP/1.1\r\nHost: \(address)\r\n\(authorization)"
                + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            try socket.send(Array(head.utf8) + body)
            let (status, length) = try socket.readHead()
            var problem: [UInt8] = []
            var left = length ?? .max
            while left > 0 {
                guard let piece = try socket.readSome(atMost: left) else {
                    guard length == nil else { throw ControlSocket.Problem(text: "the connection ended too early") }
                    break
                }
                left -= piece.count
                if status == 200 { try take(piece) } else { problem += piece }
            }
            guard status == 200 else {
                throw RemoteFailure(Data(problem), status: status, address: "http://" + address)
            }
        } catch let problem as ControlSocket.Problem {
            throw PlatformFailure.control(address: "http://" + address, problem: problem.text)
        }
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
