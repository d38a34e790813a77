internal import Base
internal import Foundation
internal import HTTPServer
internal import ProjectModel

/// What the command line asks a running platform, on the REST port below `/gariep/`.
struct ControlRoutes: HTTPRoutes {
    let access: ControlAccess
    /// nil while the platform is still starting.
    let status: @Sendable () -> PlatformStatus?
    let records: @Sendable (_ topic: String, _ limit: Int) throws -> [TopicRecord]
    let queries: QueryAnswering
    let work: ModelWork
    /// Of the files that the platform was started from.
    let started: ProjectFingerprint

    func lane(_ path: String) -> HTTPLane? {
        guard path.hasPrefix("/gariep/") else { return nil }
        return ["/gariep/sql", "/gariep/run", "/gariep/test"].contains(path) ? .work : .control
    }

    func answer(_ exchange: HTTPExchange) -> HTTPAnswer? {
        guard exchange.path.hasPrefix("/gariep/") else { return nil }
        if let refusal = access.refusal(of: exchange) { return RemoteReport(refusal.report).answer(status: 403) }
        do {
            switch (exchange.method, exchange.path) {
            case ("GET", "/gariep/status"):
                guard let status = status() else {
                    return Problem(
                        status: 503, title: "The platform is starting", detail: "", code: "PLT-010", hint: "Ask again."
                    )
                    .answer
                }
                return try json(status)
            case ("GET", "/gariep/topics"):
                let limit = parameter("limit", exchange).flatMap { Int($0) } ?? 20
                return try json(records(parameter("topic", exchange) ?? "", max(1, min(limit, 10_000))))
            case ("POST", "/gariep/sql"):
                let format = parameter("format", exchange).flatMap(QueryFormat.init) ?? .json
                var answer = HTTPAnswer(contentType: format.contentType)
                answer.file = try queries.run(
                    String(decoding: exchange.body, as: UTF8.self), format: format,
                    rowsMax: parameter("rows", exchange).flatMap { Int($0) }, cancellation: exchange.cancellation)
                return answer
            case ("POST", "/gariep/run"):
                try checkFiles(exchange)
                return try json(
                    work.run(
                        select: parameter("select", exchange), exclude: parameter("exclude", exchange),
                        fullRefresh: parameter("full_refresh", exchange) == "true",
                        isStopped: { exchange.cancellation.isCancelled }))
            case ("POST", "/gariep/test"):
                try checkFiles(exchange)
                return try json(
                    work.test(
                        select: parameter("select", exchange), exclude: parameter("exclude", exchange),
                        isStopped: { exchange.cancellation.isCancelled }))
            default: return nil
            }
        } catch let error as any PlatformError {
            return RemoteReport(error.report).answer()
        } catch {
            return Problem(status: 500, title: "Internal error", detail: "\(error)", code: "HTTP-001").answer
        }
    }

    /// - Throws: `projectChanged` where the client has other files in mind.
    private func checkFiles(_ exchange: HTTPExchange) throws(PlatformFailure) {
        guard let files = ProjectFingerprint(encoded: exchange.body) else { return }
        let changes = files.changes(since: started)
        if !changes.isEmpty { throw .projectChanged(files: changes) }
    }

    private func parameter(_ name: String, _ exchange: HTTPExchange) -> String? {
        exchange.query.first { $0.name == name }?.value
    }

    private func json(_ value: some Encodable) throws -> HTTPAnswer {
        HTTPAnswer(contentType: "application/json", body: [UInt8](try JSONEncoder().encode(value)))
    }
}
