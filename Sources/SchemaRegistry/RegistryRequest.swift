internal import Base
internal import Formats

/// A request taken apart.
struct RegistryRequest {
    let method: String
    let path: String
    /// Percent-decoded, without empty ones.
    let segments: [String]
    private let parameters: [String: String]
    private let body: [UInt8]

    init(method: String, path: String, query: String, body: [UInt8]) {
        self.method = method.uppercased()
        self.path = path
        self.body = body
        segments = path.split(separator: "/").map { Self.decode($0, plusIsSpace: false) }
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters[Self.decode(parts[0], plusIsSpace: true)] =
                parts.count == 2 ? Self.decode(parts[1], plusIsSpace: true) : ""
        }
        self.parameters = parameters
    }

    func parameter(_ name: String) -> String? { parameters[name] }
    func flag(_ name: String) -> Bool { parameters[name]?.lowercased() == "true" }

    var unknown: RegistryError { .noSuchRoute(method: method, path: path) }

    /// A text of the JSON object in the body.
    func member(_ name: String) throws(RegistryError) -> String {
        guard let text = try json()[name]?.string else { throw .malformedRequest("\"\(name)\" is missing in the body") }
        return text
    }

    /// The schema in the body, with its references.
    func schema() throws(RegistryError) -> (text: String, references: [SchemaReference]) {
        let json = try json()
        let type = json["schemaType"]?.string ?? "AVRO"
        guard type == "AVRO" else {
            throw .invalidSchema("schema type \(type) is not supported, only AVRO is")
        }
        guard let text = json["schema"]?.string else { throw .invalidSchema("\"schema\" is missing in the body") }
        var references: [SchemaReference] = []
        for item in json["references"]?.array ?? [] {
            guard let reference = SchemaReference(item) else {
                throw .invalidSchema("a reference needs name, subject and version")
            }
            references.append(reference)
        }
        return (text, references)
    }

    private func json() throws(RegistryError) -> SchemaJSON {
        let json: SchemaJSON
        do { json = try SchemaJSON(parsing: body) } catch { throw .malformedRequest(error.report.message) }
        guard json.members != nil else { throw .malformedRequest("the body is \(json.kind), not an object") }
        return json
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let hex = rest.prefix(2)
            if byte == UInt8(ascii: "%"), hex.count == 2, let value = UInt8(String(Substring(hex)), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
