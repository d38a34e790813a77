public import Base
internal import Foundation

/// An error as HTTP tells it. Source: RFC 9457, "Problem Details for HTTP APIs".
public struct Problem: Sendable, Hashable {
    public let status: Int
    public let title: String
    public let detail: String
    /// The platform's error code, like `HTTP-003`.
    public let code: String
    /// The query parameter at fault, if one is.
    public let parameter: String?
    public let hint: String?

    public init(status: Int, title: String, detail: String, code: String, parameter: String? = nil, hint: String? = nil)
    {
        self.status = status
        self.title = title
        self.detail = detail
        self.code = code
        self.parameter = parameter
        self.hint = hint
    }

    public init(_ report: ErrorReport) {
        let status =
            switch report.recovery {
            case .changeRequest: 400
            case .retry: 503
            default: 500
            }
        self.init(
            status: status, title: report.message,
            detail: [report.expected.map { "expected: \($0)" }, report.found.map { "found: \($0)" }]
                .compactMap { $0 }.joined(separator: "; "), code: report.code, hint: report.hint)
    }

    public var answer: HTTPAnswer {
        var fields: [String: Any] = [
            "type": "urn:gariep:error:\(code)", "title": title, "status": status, "detail": detail, "code": code,
        ]
        fields["parameter"] = parameter
        fields["hint"] = hint
        return HTTPAnswer(status: status, contentType: "application/problem+json", body: JSONText.bytes(fields))
    }
}

/// Small JSON documents, keys sorted so that equal documents are equal bytes.
enum JSONText {
    static func bytes(_ object: Any) -> [UInt8] {
        // Every caller builds the object from strings, numbers, arrays and dictionaries, which always serialise.
        guard JSONSerialization.isValidJSONObject(object),
            let data = try? JSONSerialization.data(
                withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        else { preconditionFailure("not a JSON object") }
        return [UInt8](data)
    }
}
