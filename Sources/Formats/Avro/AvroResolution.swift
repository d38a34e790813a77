/// Which of a reader's types and fields take which of a writer's.
///
/// Source: Apache Avro 1.12 Specification, "Schema Resolution".
struct AvroResolution {
    let writer: AvroSchema
    let reader: AvroSchema

    /// The branch of a reader's union that takes the writer's type: one of the same kind and name, else of the same
    /// kind and an agreeing name, else the first that it can become.
    func branch(of branches: [AvroType], for type: AvroType) -> Int? {
        let resolved = writer.resolve(type)
        let conflict = { (branch: AvroType) in
            Self.logicalConflict(writer.logical(type), reader.logical(branch)) != nil
        }
        let same = branches.firstIndex { branch in
            !conflict(branch) && Self.sameKind(resolved, reader.resolve(branch))
                && resolved.namedType == reader.resolve(branch).namedType
        }
        return same
            ?? branches.firstIndex { !conflict($0) && Self.sameKind(resolved, reader.resolve($0)) && agree(type, $0) }
            ?? branches.firstIndex { !conflict($0) && Self.promotes(resolved, to: reader.resolve($0)) }
    }

    private func agree(_ type: AvroType, _ branch: AvroType) -> Bool {
        guard let from = writer.resolve(type).namedType else { return true }
        let to = reader.resolve(branch)
        return Self.namesAgree(writer: from, reader: to.namedType ?? "", aliases: to.aliases)
    }

    static func namesAgree(writer: String, reader: String, aliases: [String]) -> Bool {
        let last = { (name: String) in name.split(separator: ".").last }
        return writer == reader || last(writer) == last(reader) || aliases.contains(writer)
    }

    static func sameKind(_ left: AvroType, _ right: AvroType) -> Bool {
        switch (left, right) {
        case (.null, .null), (.boolean, .boolean), (.int, .int), (.long, .long), (.float, .float),
            (.double, .double), (.bytes, .bytes), (.string, .string), (.record, .record),
            (.enumeration, .enumeration), (.fixed, .fixed), (.array, .array), (.map, .map):
            true
        default: false
        }
    }

    /// Whether a primitive can be read as a wider one.
    static func promotes(_ from: AvroType, to: AvroType) -> Bool {
        switch (from, to) {
        case (.int, .long), (.int, .float), (.int, .double), (.long, .float), (.long, .double), (.float, .double),
            (.string, .bytes), (.bytes, .string):
            true
        default: false
        }
    }

    /// Why numbers would change their meaning in silence, if they would. Where only one side has a logical type, the
    /// numbers are taken as they are.
    static func logicalConflict(_ from: AvroLogicalType?, _ to: AvroLogicalType?) -> String? {
        guard let from, let to, from != to else { return nil }
        if case .decimal(let precision, let scale) = from, case .decimal(let wider, let sameScale) = to {
            if scale == sameScale, wider >= precision { return nil }
            return "a decimal(\(precision), \(scale)) is no decimal(\(wider), \(sameScale))"
        }
        return "\(from.name) is not \(to.name)"
    }

    /// For every field of the writer, the reader's field that takes it: by name, else by an alias.
    static func fields(of writer: AvroRecord, readAs reader: AvroRecord) -> [Int?] {
        let byName = Dictionary(uniqueKeysWithValues: reader.fields.enumerated().map { ($1.name, $0) })
        let names = Set(writer.fields.map(\.name))
        var taken: Set<Int> = []
        return writer.fields.map { field in
            let byAlias = reader.fields.indices.first {
                !names.contains(reader.fields[$0].name) && !taken.contains($0)
                    && reader.fields[$0].aliases.contains(field.name)
            }
            guard let target = byName[field.name] ?? byAlias else { return nil }
            taken.insert(target)
            return target
        }
    }
}

extension AvroType {
    /// Other full names of a named type.
    var aliases: [String] {
        switch self {
        case .record(let record): record.aliases
        case .enumeration(let enumeration): enumeration.aliases
        case .fixed(let fixed): fixed.aliases
        default: []
        }
    }
}

/// How few bytes a value can take, which bounds how many items a block can really have.
enum AvroSize {
    /// Types looked at before the sum so far must do: a short schema can nest any number of them.
    private static let typesMax = 1_000

    static func minimum(of type: AvroType, in schema: AvroSchema) -> Int {
        var budget = typesMax
        return minimum(of: type, in: schema, &budget)
    }

    private static func minimum(of type: AvroType, in schema: AvroSchema, _ budget: inout Int) -> Int {
        budget -= 1
        guard budget > 0 else { return 0 }
        switch schema.resolve(type) {
        case .null, .reference, .annotated: return 0
        case .float: return 4
        case .double: return 8
        case .fixed(let fixed): return fixed.size
        case .record(let record):
            // A recursive record ends with the budget; its sum stays a lower bound.
            return record.fields.reduce(0) { min($0 + minimum(of: $1.type, in: schema, &budget), 1 << 40) }
        default: return 1
        }
    }
}
