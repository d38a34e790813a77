/// What can be wrong with a request to an endpoint.
enum RestProblem: Error, Equatable {
    case unknownColumn(String, parameter: String, known: [String])
    case badParameter(String, found: String, expected: String)
    /// Nothing that the Accept header takes can be had.
    case notAcceptable(String)

    var problem: Problem {
        switch self {
        case .unknownColumn(let name, let parameter, let known):
            Problem(
                status: 400, title: "Unknown column", detail: "there is no column '\(name)'", code: "HTTP-002",
                parameter: parameter,
                hint: "The columns are: " + known.joined(separator: ", ") + ".")
        case .badParameter(let parameter, let found, let expected):
            Problem(
                status: 400, title: "Bad parameter",
                detail: "'\(parameter)' is \(found.isEmpty ? "empty" : found), expected \(expected)",
                code: "HTTP-003", parameter: parameter, hint: "GET /openapi.json tells what each parameter takes.")
        case .notAcceptable(let accept):
            Problem(
                status: 406, title: "Not acceptable",
                detail: "Accept is \(accept), expected application/json or text/csv",
                code: "HTTP-008", hint: "Send one of them in Accept, or `format=json` or `format=csv` in the URL.")
        }
    }
}
