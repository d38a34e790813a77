/// Items with commas between. An item that begins with a double quote goes on to the next one, commas and all; two
/// double quotes in it stand for one.
enum QuotedList {
    /// nil where a quote is not closed.
    static func items(_ text: String) -> [String]? {
        var items: [String] = []
        var item = ""
        var rest = text[...]
        while true {
            if item.isEmpty, rest.first == "\"" {
                rest = rest.dropFirst()
                while true {
                    guard let end = rest.firstIndex(of: "\"") else { return nil }
                    item += rest[..<end]
                    rest = rest[rest.index(after: end)...]
                    guard rest.first == "\"" else { break }
                    item += "\""
                    rest = rest.dropFirst()
                }
            }
            guard let comma = rest.firstIndex(of: ",") else { break }
            items.append(item + rest[..<comma])
            item = ""
            rest = rest[rest.index(after: comma)...]
        }
        return items + [item + rest]
    }
}
