/// One request, read whole: what routes decide on, without a socket in sight.
public struct HTTPExchange: Sendable {
    /// In capitals: `GET`.
    public let method: String
    /// Percent-decoded, beginning with `/`.
    public let path: String
    /// The path as it came, percent-encoded.
    public let rawPath: String
    /// In the order of the URL, percent-decoded; a name may come more than once.
    public let query: [QueryItem]
    /// Names in lower case.
    public let headers: [String: String]
    public let body: [UInt8]
    /// Whether somebody still waits for the answer. Only told for work; see `HTTPLane`.
    public let cancellation: HTTPCancellation

    public struct QueryItem: Sendable, Hashable {
        public let name: String
        public let value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// - Parameter rawPath: nil where `path` needs no encoding.
    public init(
        method: String, path: String, rawPath: String? = nil, query: [QueryItem] = [], headers: [String: String] = [:],
        body: [UInt8] = [], cancellation: HTTPCancellation = HTTPCancellation()
    ) {
        self.method = method
        self.path = path
        self.rawPath = rawPath ?? path
        self.query = query
        self.headers = headers
        self.body = body
        self.cancellation = cancellation
    }

    /// What a path that can only be read answers to anything else: 204 to OPTIONS, else 405; nil for GET and HEAD.
    func unlessReading() -> HTTPAnswer? {
        let allow = HTTPAnswer.Header("Allow", "GET, HEAD, OPTIONS")
        switch method {
        case "GET", "HEAD": return nil
        case "OPTIONS": return HTTPAnswer(status: 204, headers: [allow])
        default:
            var answer = Problem(
                status: 405, title: "Method not allowed", detail: "\(path) can only be read", code: "HTTP-004",
                hint: "Use GET."
            ).answer
            answer.headers.append(allow)
            return answer
        }
    }

    /// The query as it would stand in a URL.
    public var encodedQuery: String {
        query.map { "\(PercentCoding.encode($0.name))=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
    }
}

/// What a route answers.
public struct HTTPAnswer: Sendable {
    public var status: Int
    public var headers: [Header]
    public var body: [UInt8]
    /// The body, instead of `body`, where it is large.
    public var file: BodyFile?

    public struct Header: Sendable, Hashable {
        public let name: String
        public let value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    public init(status: Int = 200, contentType: String? = nil, headers: [Header] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers + (contentType.map { [Header("Content-Type", $0)] } ?? [])
        self.body = body
    }

    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Which threads answer a request. Each lane has its own, so that none waits for another.
public enum HTTPLane: Sendable, Hashable, CaseIterable {
    /// Requests of clients, which end soon.
    case api
    /// Questions about the program itself.
    case control
    /// What may take any time. It is cancelled when its client goes or the server stops.
    case work
}

/// A family of paths. Called on a thread that may block.
public protocol HTTPRoutes: Sendable {
    /// The answer, or nil where the path belongs to somebody else.
    func answer(_ exchange: HTTPExchange) -> HTTPAnswer?
    /// Where requests for a path are answered, or nil where the path belongs to somebody else or is of the API.
    func lane(_ path: String) -> HTTPLane?
}

extension HTTPRoutes {
    public func lane(_ path: String) -> HTTPLane? { nil }
}

/// Percent-encoding of URLs. Source: RFC 3986, section 2.1.
public enum PercentCoding {
    private static let hex = Array("0123456789ABCDEF".utf8)

    public static func encode(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: out.append(byte)
            default: out += [0x25, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// nil where a percent sign is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    public static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == 0x2b, plusIsSpace {
                out.append(0x20)
            } else if byte == 0x25 {
                guard let high = bytes.popFirst().flatMap(digit), let low = bytes.popFirst().flatMap(digit) else {
                    return nil
                }
                out.append(high << 4 | low)
            } else {
                out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    /// The items of a query string, or nil where one is malformed.
    public static func query(_ text: Substring) -> [HTTPExchange.QueryItem]? {
        var items: [HTTPExchange.QueryItem] = []
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(sides[0], plusIsSpace: true),
                let value = sides.count == 2 ? decode(sides[1], plusIsSpace: true) : ""
            else { return nil }
            items.append(.init(name, value))
        }
        return items
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
