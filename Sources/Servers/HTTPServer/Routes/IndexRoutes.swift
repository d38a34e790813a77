/// `GET /`: what this server offers, for a person who found the port.
public struct IndexRoutes: HTTPRoutes {
    public struct Entry: Sendable {
        public let path: String
        public let summary: String
        public init(path: String, summary: String) { (self.path, self.summary) = (path, summary) }
    }

    private let body: [UInt8]

    public init(title: String, entries: [Entry]) {
        body = JSONText.bytes([
            "title": title, "paths": entries.map { ["path": $0.path, "summary": $0.summary] },
        ])
    }

    public func answer(_ exchange: HTTPExchange) -> HTTPAnswer? {
        guard exchange.path == "/" else { return nil }
        return exchange.unlessReading() ?? HTTPAnswer(contentType: "application/json", body: body)
    }
}
