internal import HTTPServer

/// Who may control the platform: programs of the user that runs it, which can read the token in its data folder.
///
/// A web page that a browser on this machine shows can send requests to this port too. It knows no token; and what
/// comes from a page (an Origin), or by a name that is not this machine's (a Host), is refused before that.
struct ControlAccess: Sendable {
    let token: String
    /// As it listens, beside the names of the machine itself.
    let host: String

    /// 256 random bits.
    static func makeToken(_ random: inout some RandomNumberGenerator) -> String {
        (0..<4).map { _ in
            let word: UInt64 = random.next()
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Why a request is refused; nil where it is not.
    func refusal(of exchange: HTTPExchange) -> PlatformFailure? {
        if let origin = exchange.headers["origin"] {
            return .controlRefused(problem: "a request of the web page \(origin)")
        }
        guard let name = exchange.headers["host"], isOurs(name) else {
            return .controlRefused(problem: "a request to the host \(exchange.headers["host"] ?? "(none)")")
        }
        guard let given = exchange.headers["authorization"], Self.areEqual(given, "Bearer " + token) else {
            return .controlRefused(problem: "no token, or a wrong one")
        }
        return nil
    }

    private func isOurs(_ name: String) -> Bool {
        let plain: Substring
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return false }
            plain = name[name.index(after: name.startIndex)..<end]
        } else {
            plain = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)[0]
        }
        return ["localhost", "127.0.0.1", "::1", host.lowercased()].contains(plain.lowercased())
    }

    /// Takes as long for a wrong beginning as for a wrong end.
    private static func areEqual(_ given: String, _ wanted: String) -> Bool {
        var difference = given.utf8.count ^ wanted.utf8.count
        for (one, other) in zip(given.utf8, wanted.utf8) { difference |= Int(one ^ other) }
        return difference == 0
    }
}
