internal import Base
internal import Foundation
internal import HTTPServer
internal import ProjectModel

/// What the command line asks a running platform, on the REST port below `/gariep/`.
struct ControlRoutes: HTTPRoutes {
    /// nil while the platform is still starting.
    let status: @Sendable () -> PlatformStatus?
    let records: @Sendable (_ topic: String, _ limit: Int) throws -> [TopicRecord]
    let queries: QueryAnswering
    let work: ModelWork

    func answer(_ exchange: HTTPExchange) -> HTTPAnswer? {
        guard exchange.path.hasPrefix("/gariep/") else { return nil }
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
                let body = try queries.run(
                    String(decoding: exchange.body, as: UTF8.self), format: format,
                    rowsMax: parameter("rows", exchange).flatMap { Int($0) })
                return HTTPAnswer(contentType: format.contentType, body: body)
            case ("POST", "/gariep/run"):
                return try json(
                    work.run(
                        select: parameter("select", exchange), exclude: parameter("exclude", exchange),
                        fullRefresh: parameter("full_refresh", exchange) == "true"))
            case ("POST", "/gariep/test"):
                return try json(
                    work.test(select: parameter("select", exchange), exclude: parameter("exclude", exchange)))
            default: return nil
            }
        } catch let error as any PlatformError {
            return RemoteReport(error.report).answer
        } catch {
            return Problem(status: 500, title: "Internal error", detail: "\(error)", code: "HTTP-001").answer
        }
    }

    private func parameter(_ name: String, _ exchange: HTTPExchange) -> String? {
        exchange.query.first { $0.name == name }?.value
    }

    private func json(_ value: some Encodable) throws -> HTTPAnswer {
        HTTPAnswer(contentType: "application/json", body: [UInt8](try JSONEncoder().encode(value)))
    }
}
