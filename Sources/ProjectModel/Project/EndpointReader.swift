internal import Base

/// Reads `endpoints:` of apis/*.yaml.
struct EndpointReader {
    let diagnostics: Diagnostics
    let tests: TestReader

    func read(_ node: YAMLNode) -> EndpointDefinition? {
        guard let map = YAMLMapping(node, within: "an endpoint", diagnostics: diagnostics) else { return nil }
        let name = map.requiredString("name", hint: "Name the endpoint.")
        let path = map.requiredString("path", hint: "Give the address, like /v1/orders.")
        let from = map.requiredString("from", hint: "Name the model whose rows it serves.")
        let description = map.string("description")?.value ?? ""
        let version = map.string("version")?.value
        let key = map.strings("key")
        if key == nil {
            _ = map.require("key", hint: "Name the columns that identify a row; paging is stable by them.")
        }
        let columns = map.strings("columns") ?? []
        let filters = map.strings("filters")
        let order = (map.strings("default_order") ?? []).compactMap { orderTerm($0) }
        let pageSize = map.int("page_size", in: 1...100_000)?.value
        let pageSizeMax = map.int("max_page_size", in: 1...1_000_000)
        map.finish()
        guard let name, let path, let from else { return nil }
        checkPath(path)
        let largest = pageSizeMax?.value ?? max(1000, pageSize ?? 0)
        if let pageSize, let pageSizeMax, pageSizeMax.value < pageSize {
            diagnostics.add(
                .badValue(
                    pageSizeMax.location, what: "max_page_size is below page_size", expected: "at least \(pageSize)",
                    found: "\(pageSizeMax.value)", hint: "Raise max_page_size, or lower page_size."))
        }
        let isCall = from.value.contains("(")
        guard let dataset = isCall ? tests.relation(from) : DatasetName(from.value) else { return nil }
        return EndpointDefinition(
            name: name, path: path.value, from: Located(dataset, from.location), description: description,
            version: version ?? self.version(of: path.value), key: key ?? [], columns: columns, filters: filters,
            defaultOrder: order, pageSize: pageSize ?? min(100, largest), pageSizeMax: largest)
    }

    /// `-column` and `column desc` turn the order around.
    private func orderTerm(_ text: Located<String>) -> OrderTerm? {
        let words = text.value.split(separator: " ")
        let isMinus = text.value.hasPrefix("-")
        guard let column = words.first, words.count <= 2,
            words.count == 1 || ["asc", "desc"].contains(words[1].lowercased())
        else {
            diagnostics.add(
                .badValue(
                    text.location, what: "this is not an order", expected: "column, -column or column desc",
                    found: text.value, hint: "Name one column for each entry."))
            return nil
        }
        return OrderTerm(
            column: Located(String(isMinus ? column.dropFirst() : column), text.location),
            descending: isMinus || (words.count == 2 && words[1].lowercased() == "desc"))
    }

    private func checkPath(_ path: Located<String>) {
        let isPlain = path.value.unicodeScalars.allSatisfy {
            $0.isASCII
                && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                    || "/-_.~".unicodeScalars.contains($0))
        }
        if !path.value.hasPrefix("/") || path.value.hasSuffix("/") || path.value.contains("//") || !isPlain {
            diagnostics.add(
                .badValue(
                    path.location, what: "the path of an endpoint cannot be used", expected: "like /v1/orders",
                    found: path.value, hint: "Start with `/`; use letters, digits, `-`, `_` and single slashes."))
        }
    }

    /// The first part of the path if it looks like `v1`.
    private func version(of path: String) -> String {
        guard let first = path.split(separator: "/").first, first.first == "v", first.dropFirst().allSatisfy(\.isNumber)
        else {
            return "v1"
        }
        return String(first)
    }
}
