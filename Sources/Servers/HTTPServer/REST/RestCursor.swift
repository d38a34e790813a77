internal import Foundation

/// Where a page ended: the order's values of its last row. Opaque to callers.
struct RestCursor: Sendable, Equatable, Codable {
    /// The order it belongs to, so that it is not used with another.
    let order: [String]
    /// Values as SQL text, nil for null.
    let values: [String?]

    init(order: [String], values: [String?]) {
        self.order = order
        self.values = values
    }

    /// - Parameter text: Base64 for URLs (RFC 4648, section 5) of the JSON form, without padding.
    init?(text: String) {
        var base64 = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        while base64.count % 4 != 0 { base64 += "=" }
        guard let data = Data(base64Encoded: base64),
            let decoded = try? JSONDecoder().decode(RestCursor.self, from: data)
        else { return nil }
        self = decoded
    }

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(self) else { preconditionFailure("strings always encode") }
        return data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(
            of: "/", with: "_"
        )
        .replacingOccurrences(of: "=", with: "")
    }
}
