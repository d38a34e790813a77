internal import Base
internal import Foundation
internal import HTTPServer

/// An error on its way from the running platform to the command that asked, so that it reads the same in both.
struct RemoteReport: Codable {
    private let code: String
    private let recovery: String
    private let message: String
    private let expected: String?
    private let found: String?
    private let hint: String

    init(_ report: ErrorReport) {
        code = report.code
        recovery = report.recovery.rawValue
        message = report.message
        expected = report.expected
        found = report.found
        hint = report.hint
    }

    var report: ErrorReport {
        ErrorReport(
            code: code, recovery: Recovery(rawValue: recovery) ?? .retry, message: message, expected: expected,
            found: found, hint: hint)
    }

    func answer(status: Int = 422) -> HTTPAnswer {
        // Strings always encode.
        let body = (try? JSONEncoder().encode(self)) ?? Data()
        return HTTPAnswer(status: status, contentType: "application/json", body: [UInt8](body))
    }
}
