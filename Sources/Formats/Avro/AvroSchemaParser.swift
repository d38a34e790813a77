/// Turns a schema's JSON into types, checking names, duplicates and defaults.
///
/// Source: Apache Avro 1.12 Specification, "Schema Declaration" and "Names".
struct AvroSchemaParser {
    let bytes: [UInt8]
    var named: [String: AvroType] = [:]
    /// Names whose definition has begun: a record's fields may already refer to it.
    private var begun: Set<String> = []
    private var defaults: [(json: SchemaJSON, type: AvroType)] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    private static let primitives: [String: AvroType] = [
        "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double,
        "bytes": .bytes, "string": .string,
    ]

    mutating func type(_ json: SchemaJSON, namespace: String) throws(AvroError) -> AvroType {
        switch json.value {
        case .string(let name): return try reference(name, json, namespace: namespace)
        case .array(let branches): return try union(branches, json, namespace: namespace)
        case .object: return try declaration(json, namespace: namespace)
        default: throw failure("not a type", json, expected: "a type's name, an object or an array")
        }
    }

    private func reference(_ name: String, _ json: SchemaJSON, namespace: String) throws(AvroError) -> AvroType {
        if let primitive = Self.primitives[name] { return primitive }
        for candidate in [name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)", name]
        where named[candidate] != nil || begun.contains(candidate) {
            return .reference(candidate)
        }
        throw failure("unknown type", json, expected: "a primitive type, or a named type defined before")
    }

    private mutating func union(
        _ branches: [SchemaJSON], _ json: SchemaJSON, namespace: String
    ) throws(AvroError) -> AvroType {
        var types: [AvroType] = []
        var seen: Set<String> = []
        for branch in branches {
            let type = try type(branch, namespace: namespace)
            if case .union = type.bare { throw failure("a union directly inside a union", branch, expected: nil) }
            let key = type.namedType ?? type.bare.label
            guard seen.insert(key).inserted else {
                throw failure("a union with two branches of one type", branch, expected: "each type once")
            }
            types.append(type)
        }
        guard !types.isEmpty else { throw failure("an empty union", json, expected: "at least one type") }
        return .union(types)
    }

    private mutating func declaration(_ json: SchemaJSON, namespace: String) throws(AvroError) -> AvroType {
        guard let typeJSON = json["type"] else { throw failure("an object without type", json, expected: "\"type\"") }
        guard let kind = typeJSON.string else { return try type(typeJSON, namespace: namespace) }
        switch kind {
        case "record", "error": return try record(json, isError: kind == "error", namespace: namespace)
        case "enum": return try enumeration(json, namespace: namespace)
        case "fixed": return try fixed(json, namespace: namespace)
        case "array", "map":
            let key = kind == "array" ? "items" : "values"
            guard let inner = json[key] else { throw failure("\(kind) without \(key)", json, expected: "\"\(key)\"") }
            let innerType = try type(inner, namespace: namespace)
            return annotate(kind == "array" ? .array(innerType) : .map(innerType), json, known: ["type", key])
        default:
            return annotate(try reference(kind, typeJSON, namespace: namespace), json, known: ["type"])
        }
    }

    /// The type with its logical type and other attributes, or itself where there are none.
    private func annotate(_ base: AvroType, _ json: SchemaJSON, known: Set<String>) -> AvroType {
        var rest = properties(json, except: known)
        var logical: AvroLogicalType?
        if let name = json["logicalType"]?.string {
            logical = AvroLogicalType(
                name, on: base, precision: json["precision"]?.integer, scale: json["scale"]?.integer)
        }
        if let logical {
            let own: Set<String> =
                if case .decimal = logical { ["logicalType", "precision", "scale"] } else { ["logicalType"] }
            rest.removeAll { own.contains($0.name) }
        }
        return logical == nil && rest.isEmpty ? base : .annotated(base, logical: logical, properties: rest)
    }

    private mutating func record(
        _ json: SchemaJSON, isError: Bool, namespace: String
    ) throws(AvroError) -> AvroType {
        let (name, inner) = try define(json, namespace: namespace)
        guard let list = json["fields"]?.array else {
            throw failure("record without fields", json["fields"] ?? json, expected: "\"fields\": [...]")
        }
        var fields: [AvroField] = []
        var seen: Set<String> = []
        for item in list {
            let field = try field(item, namespace: inner)
            guard seen.insert(field.name).inserted else {
                throw failure("two fields of one name", item, expected: "each name once")
            }
            fields.append(field)
        }
        let record = AvroType.record(
            AvroRecord(
                name: name, aliases: aliases(json, namespace: inner), doc: json["doc"]?.string, isError: isError,
                fields: fields,
                properties: properties(json, except: ["type", "name", "namespace", "aliases", "doc", "fields"])))
        named[name] = record
        return record
    }

    private mutating func field(_ json: SchemaJSON, namespace: String) throws(AvroError) -> AvroField {
        guard let nameJSON = json["name"], let name = nameJSON.string else {
            throw failure("field without a name", json, expected: "\"name\"")
        }
        try check(name, nameJSON)
        guard let typeJSON = json["type"] else {
            throw failure("field \(name) without a type", json, expected: "\"type\"")
        }
        let type = try type(typeJSON, namespace: namespace)
        if let value = json["default"] { defaults.append((value, type)) }
        let order = json["order"]?.string
        if let order, !["ascending", "descending", "ignore"].contains(order) {
            throw failure("unknown order", json["order"]!, expected: "ascending, descending or ignore")
        }
        return AvroField(
            name: name, aliases: json["aliases"]?.array?.compactMap(\.string) ?? [], doc: json["doc"]?.string,
            type: type, defaultValue: json["default"], order: order,
            properties: properties(json, except: ["name", "type", "default", "order", "aliases", "doc"]))
    }

    private mutating func enumeration(_ json: SchemaJSON, namespace: String) throws(AvroError) -> AvroType {
        let (name, inner) = try define(json, namespace: namespace)
        guard let list = json["symbols"]?.array else {
            throw failure("enum without symbols", json, expected: "\"symbols\": [...]")
        }
        var symbols: [String] = []
        for item in list {
            guard let symbol = item.string else { throw failure("not a symbol", item, expected: "a name") }
            try check(symbol, item)
            guard !symbols.contains(symbol) else { throw failure("a symbol twice", item, expected: "each once") }
            symbols.append(symbol)
        }
        let defaultSymbol = json["default"]?.string
        if let defaultSymbol, !symbols.contains(defaultSymbol) {
            throw failure("a default that is not a symbol", json["default"]!, expected: "one of the symbols")
        }
        let type = AvroType.enumeration(
            AvroEnumeration(
                name: name, aliases: aliases(json, namespace: inner), doc: json["doc"]?.string, symbols: symbols,
                defaultSymbol: defaultSymbol,
                properties: properties(
                    json, except: ["type", "name", "namespace", "aliases", "doc", "symbols", "default"])))
        named[name] = type
        return type
    }

    private mutating func fixed(_ json: SchemaJSON, namespace: String) throws(AvroError) -> AvroType {
        let (name, inner) = try define(json, namespace: namespace)
        guard let size = json["size"]?.integer, (0...Int64(Int32.max)).contains(size) else {
            throw failure("fixed without a size", json["size"] ?? json, expected: "\"size\": bytes a value")
        }
        let plain = AvroType.fixed(
            AvroFixed(
                name: name, aliases: aliases(json, namespace: inner), doc: json["doc"]?.string, size: Int(size),
                properties: []))
        let type = annotate(plain, json, known: ["type", "name", "namespace", "aliases", "doc", "size"])
        named[name] = type
        return type
    }

    /// Takes the full name that a declaration defines. Returns it with its namespace.
    private mutating func define(
        _ json: SchemaJSON, namespace: String
    ) throws(AvroError) -> (name: String, namespace: String) {
        guard let nameJSON = json["name"], let name = nameJSON.string else {
            throw failure("a named type without a name", json, expected: "\"name\"")
        }
        let full: String
        if name.contains(".") {
            full = name.hasPrefix(".") ? String(name.dropFirst()) : name
        } else {
            let space = json["namespace"]?.string ?? namespace
            full = space.isEmpty ? name : "\(space).\(name)"
        }
        for part in full.split(separator: ".", omittingEmptySubsequences: false) { try check(String(part), nameJSON) }
        guard Self.primitives[full] == nil else { throw failure("a primitive's name", nameJSON, expected: nil) }
        guard begun.insert(full).inserted, named[full] == nil else {
            throw failure("\(full) defined twice", nameJSON, expected: "each name defined once")
        }
        return (full, full.lastIndex(of: ".").map { String(full[..<$0]) } ?? "")
    }

    private func aliases(_ json: SchemaJSON, namespace: String) -> [String] {
        (json["aliases"]?.array ?? []).compactMap(\.string).map {
            $0.contains(".") || namespace.isEmpty ? $0 : "\(namespace).\($0)"
        }
    }

    private func check(_ name: String, _ json: SchemaJSON) throws(AvroError) {
        let letters = name.utf8
        let good =
            !letters.isEmpty
            && letters.enumerated().allSatisfy { index, byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "_"):
                    true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
                default: false
                }
            }
        guard good else { throw failure("not a name", json, expected: "letters, digits and _, not a digit first") }
    }

    private func properties(_ json: SchemaJSON, except known: Set<String>) -> [SchemaJSON.Member] {
        (json.members ?? []).filter { !known.contains($0.name) }
    }

    /// Checks every default against its type, once all names are known.
    func checkDefaults(of schema: AvroSchema) throws(AvroError) {
        for (json, type) in defaults where !AvroDefault.fits(json, type, in: schema) {
            throw failure("a default that is not a value of its type", json, expected: "a value of \(type.label)")
        }
    }

    private func failure(_ problem: String, _ json: SchemaJSON, expected: String?) -> AvroError {
        let (line, column) = SchemaJSON.place(of: json.position, in: bytes)
        return .schema(problem: problem, expected: expected, found: json.kind, line: line, column: column)
    }
}
