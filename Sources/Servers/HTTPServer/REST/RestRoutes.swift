internal import Base
internal import Columnar
internal import Formats

/// The REST API: a read-only path a dataset, pages with a stable order, conditional requests, JSON and CSV.
public struct RestRoutes: HTTPRoutes {
    private let endpoints: [String: RestEndpoint]
    private let data: any RestData
    private let openAPI: [UInt8]

    public init(title: String, version: String, endpoints: [RestEndpoint], data: any RestData) {
        self.endpoints = Dictionary(endpoints.map { ($0.path, $0) }) { first, _ in first }
        self.data = data
        openAPI = OpenAPIDocument(title: title, version: version, endpoints: endpoints).bytes
    }

    public func answer(_ exchange: HTTPExchange) -> HTTPAnswer? {
        if exchange.path == "/openapi.json" {
            return exchange.unlessReading() ?? HTTPAnswer(contentType: "application/json", body: openAPI)
        }
        guard let endpoint = endpoints[exchange.path] else { return nil }
        if let answer = exchange.unlessReading() { return answer }
        do throws(RestProblem) {
            let query = try RestQuery(exchange.query, endpoint: endpoint)
            return page(query, try Self.format(exchange), endpoint, exchange)
        } catch {
            return error.problem.answer
        }
    }

    private enum Format: String { case json, csv }

    /// `format=` decides; without it the Accept header; without both it is JSON.
    private static func format(_ exchange: HTTPExchange) throws(RestProblem) -> Format {
        if let asked = exchange.query.first(where: { $0.name == "format" }) {
            guard let format = Format(rawValue: asked.value) else {
                throw .badParameter("format", found: asked.value, expected: "json or csv")
            }
            return format
        }
        let accept = AcceptHeader(exchange.headers["accept"])
        let (json, csv) = (accept.quality("application", "json"), accept.quality("text", "csv"))
        guard max(json, csv) > 0 else { throw .notAcceptable(exchange.headers["accept"] ?? "") }
        return csv > json ? .csv : .json
    }

    private func page(_ query: RestQuery, _ format: Format, _ endpoint: RestEndpoint, _ exchange: HTTPExchange)
        -> HTTPAnswer
    {
        do {
            // The version is read before the rows: a change in between makes the tag too old, which only costs a refetch.
            let tag = try data.version(of: endpoint).map {
                "\"\($0)-\(Self.digest(exchange.encodedQuery + format.rawValue))\""
            }
            if let tag, let known = exchange.headers["if-none-match"], Self.matches(known, tag) {
                return HTTPAnswer(
                    status: 304,
                    headers: [.init("ETag", tag), .init("Cache-Control", "no-cache"), .init("Vary", "Accept")])
            }
            let statement = RestStatement(query, endpoint: endpoint)
            let result = try data.rows(statement.sql, parameters: statement.parameters)
            var answer = try render(result, statement, query, format, exchange)
            if let tag { answer.headers.append(.init("ETag", tag)) }
            answer.headers += [.init("Cache-Control", "no-cache"), .init("Vary", "Accept")]
            return answer
        } catch let error as any PlatformError {
            return Self.problem(error.report, query).answer
        } catch {
            return Problem(
                status: 500, title: "Internal error", detail: "\(error)", code: "HTTP-001",
                hint: "See the program's log."
            ).answer
        }
    }

    /// Whose fault it is that a statement failed.
    private static func problem(_ report: ErrorReport, _ query: RestQuery) -> Problem {
        switch report.code {
        // A value could not be cast, and there are such whose form is not known here.
        case "DDB-005":
            guard let parameter = query.unjudged.first else { return Problem(report) }
            return RestProblem.badParameter(
                parameter, found: "a value that cannot be read: \(report.message)",
                expected: "a value of its column's type"
            ).problem
        // Other work has the memory for the moment, or the page is too much.
        case "DDB-008":
            return Problem(
                status: 503, title: "Too little memory for this page", detail: "\(query.limit) rows were asked for",
                code: report.code, parameter: "limit", hint: "Ask again, or for fewer rows or `fields`.")
        default: return Problem(report)
        }
    }

    private func render(
        _ result: RestRows, _ statement: RestStatement, _ query: RestQuery, _ format: Format,
        _ exchange: HTTPExchange
    ) throws -> HTTPAnswer {
        var next: RestCursor?
        var batches: [RecordBatch] = []
        var rows = 0
        let width = query.fields.count
        let found = result.batches.reduce(0) { $0 + $1.count }
        for batch in result.batches where rows < query.limit {
            let kept = min(batch.count, query.limit - rows)
            rows += kept
            let shown = Array(0..<width)
            batches.append(batch.selecting(shown).slice(0..<kept))
            let more = found > rows ? rows == query.limit : result.isCut
            if more {
                let values = (0..<statement.cursorColumns).map { index -> String? in
                    let view = BytesView(batch.columns[width + index])
                    return view.isNull(kept - 1) ? nil : view.string(kept - 1)
                }
                next = RestCursor(order: query.order.map(\.signature), values: values)
            }
        }
        var answer: HTTPAnswer
        switch format {
        case .json:
            var body = JSONRowWriter()
            body.raw("{\"data\":[")
            for batch in batches { body.append(batch) }
            body.raw("],\"next_cursor\":")
            body.raw(next.map { "\"\($0.text)\"" } ?? "null")
            body.raw("}")
            answer = HTTPAnswer(contentType: "application/json", body: body.bytes)
        case .csv:
            var body = CSVRowWriter()
            body.header(query.fields)
            for batch in batches { body.append(batch) }
            answer = HTTPAnswer(contentType: "text/csv; charset=utf-8; header=present", body: body.bytes)
        }
        if let next {
            let items = exchange.query.filter { $0.name != "cursor" } + [.init("cursor", next.text)]
            let link = HTTPExchange(method: "GET", path: exchange.path, query: items)
            answer.headers.append(.init("Link", "<\(exchange.path)?\(link.encodedQuery)>; rel=\"next\""))
        }
        return answer
    }

    /// Source: RFC 9110, section 13.1.2. Weak tags count as equal to strong ones here.
    static func matches(_ header: String, _ tag: String) -> Bool {
        header == "*"
            || header.split(separator: ",").contains { part in
                var known = part.drop { $0 == " " }
                while known.last == " " { known.removeLast() }
                if known.hasPrefix("W/") { known = known.dropFirst(2) }
                return known == tag
            }
    }

    /// FNV-1a, 64 bits: two requests share a tag only if their texts do.
    static func digest(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 36)
    }
}
