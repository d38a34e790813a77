/// What a client would like to get. Source: RFC 9110, section 12.5.1.
struct AcceptHeader {
    private struct Range {
        let type: String
        let subtype: String
        let quality: Double

        /// How closely the range names the media type; nil where it does not.
        func closeness(_ type: String, _ subtype: String) -> Int? {
            switch (self.type, self.subtype) {
            case (type, subtype): 2
            case (type, "*"): 1
            case ("*", "*"): 0
            default: nil
            }
        }
    }

    private let ranges: [Range]

    /// - Parameter text: nil or empty takes anything. Parts that are no media range count for nothing.
    init(_ text: String?) {
        let parts = (text ?? "").split(separator: ",").map(Self.trimmed).filter { !$0.isEmpty }
        ranges =
            parts.isEmpty
            ? [Range(type: "*", subtype: "*", quality: 1)]
            : parts.compactMap { part in
                let pieces = part.lowercased().split(separator: ";").map(Self.trimmed)
                let names = (pieces.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
                guard names.count == 2 else { return nil }
                var quality = 1.0
                for piece in pieces.dropFirst() where piece.hasPrefix("q=") {
                    guard let value = Double(piece.dropFirst(2)), (0...1).contains(value) else { return nil }
                    quality = value
                }
                return Range(type: String(names[0]), subtype: String(names[1]), quality: quality)
            }
    }

    /// How much a media type is wanted, from 0 for not at all to 1: what the closest range says.
    func quality(_ type: String, _ subtype: String) -> Double {
        let found = ranges.compactMap { range in
            range.closeness(type, subtype).map { (closeness: $0, quality: range.quality) }
        }
        guard let closest = found.map(\.closeness).max() else { return 0 }
        return found.filter { $0.closeness == closest }.map(\.quality).max() ?? 0
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
