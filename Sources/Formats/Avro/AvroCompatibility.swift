/// Says why data of a writer's schema could not be read with a reader's.
///
/// Source: Apache Avro 1.12 Specification, "Schema Resolution"; the kinds are those of Avro's SchemaCompatibility.
public struct AvroCompatibility {
    public struct Incompatibility: Sendable, Hashable {
        public enum Kind: String, Sendable {
            case nameMismatch = "NAME_MISMATCH"
            case fixedSizeMismatch = "FIXED_SIZE_MISMATCH"
            case missingEnumSymbols = "MISSING_ENUM_SYMBOLS"
            case readerFieldMissingDefaultValue = "READER_FIELD_MISSING_DEFAULT_VALUE"
            case typeMismatch = "TYPE_MISMATCH"
            case missingUnionBranch = "MISSING_UNION_BRANCH"
        }
        public let kind: Kind
        /// A JSON pointer into the reader's schema.
        public let path: String
        /// What exactly is missing or wrong: a field, symbols, types.
        public let detail: String
    }

    private struct Pair: Hashable {
        let reader: String
        let writer: String
    }

    private let reader: AvroSchema
    private let writer: AvroSchema
    private var found: [Incompatibility] = []
    /// Records under comparison or compared: recursive types end here.
    private var seen: Set<Pair> = []

    /// Every reason; none where the reader can read what the writer writes.
    public static func check(reader: AvroSchema, writer: AvroSchema) -> [Incompatibility] {
        var check = AvroCompatibility(reader: reader, writer: writer)
        check.compare(reader.root, writer.root, "")
        return check.found
    }

    private init(reader: AvroSchema, writer: AvroSchema) { (self.reader, self.writer) = (reader, writer) }

    private mutating func compare(_ readerType: AvroType, _ writerType: AvroType, _ path: String) {
        let (to, from) = (reader.resolve(readerType), writer.resolve(writerType))
        if case .union(let branches) = from {
            // Each of the writer's branches may come.
            for (index, branch) in branches.enumerated() {
                if case .union = to {
                    compareBranch(to, branch, "\(path)/\(index)")
                } else {
                    compare(readerType, branch, path)
                }
            }
            return
        }
        if case .union = to { return compareBranch(to, writerType, path) }
        switch (to, from) {
        case (.record(let to), .record(let from)): records(to, from, path)
        case (.enumeration(let to), .enumeration(let from)):
            guard names(to.name, from.name, to.aliases, path) else { return }
            let missing = from.symbols.filter { !to.symbols.contains($0) }
            if !missing.isEmpty, to.defaultSymbol == nil {
                add(.missingEnumSymbols, "\(path)/symbols", "[\(missing.joined(separator: ", "))]")
            }
        case (.fixed(let to), .fixed(let from)):
            guard names(to.name, from.name, to.aliases, path) else { return }
            if to.size != from.size {
                add(.fixedSizeMismatch, "\(path)/size", "expected: \(from.size), found: \(to.size)")
            }
            logical(readerType, writerType, path)
        case (.array(let to), .array(let from)): compare(to, from, "\(path)/items")
        case (.map(let to), .map(let from)): compare(to, from, "\(path)/values")
        default:
            guard AvroResolution.sameKind(from, to) || AvroResolution.promotes(from, to: to) else {
                return add(
                    .typeMismatch, path.isEmpty ? "/" : path,
                    "reader type: \(Self.kind(to)) not compatible with writer type: \(Self.kind(from))")
            }
            logical(readerType, writerType, path)
        }
    }

    private mutating func logical(_ readerType: AvroType, _ writerType: AvroType, _ path: String) {
        guard let conflict = AvroResolution.logicalConflict(writer.logical(writerType), reader.logical(readerType))
        else { return }
        add(.typeMismatch, path.isEmpty ? "/" : path, "logical type: \(conflict)")
    }

    /// The reader's union must have a branch that takes the whole of the writer's type.
    private mutating func compareBranch(_ union: AvroType, _ writerType: AvroType, _ path: String) {
        guard case .union(let branches) = union else { return }
        for branch in branches {
            var trial = self
            trial.found = []
            trial.compare(branch, writerType, path)
            if trial.found.isEmpty {
                seen = trial.seen
                return
            }
        }
        add(
            .missingUnionBranch, path.isEmpty ? "/" : path,
            "reader union lacking writer type: \(Self.kind(writer.resolve(writerType)))")
    }

    private mutating func records(_ to: AvroRecord, _ from: AvroRecord, _ path: String) {
        guard names(to.name, from.name, to.aliases, path) else { return }
        guard seen.insert(Pair(reader: to.name, writer: from.name)).inserted else { return }
        let targets = AvroResolution.fields(of: from, readAs: to)
        for (index, field) in to.fields.enumerated() {
            if let source = targets.firstIndex(of: index) {
                compare(field.type, from.fields[source].type, "\(path)/fields/\(index)/type")
            } else if field.defaultValue == nil {
                add(.readerFieldMissingDefaultValue, "\(path)/fields/\(index)", field.name)
            }
        }
    }

    private mutating func names(_ to: String, _ from: String, _ aliases: [String], _ path: String) -> Bool {
        if AvroResolution.namesAgree(writer: from, reader: to, aliases: aliases) { return true }
        add(.nameMismatch, "\(path)/name", "expected: \(from)")
        return false
    }

    private mutating func add(_ kind: Incompatibility.Kind, _ path: String, _ detail: String) {
        found.append(Incompatibility(kind: kind, path: path, detail: detail))
    }

    /// As Avro's messages write a kind of type.
    private static func kind(_ type: AvroType) -> String {
        switch type {
        case .record: "RECORD"
        case .enumeration: "ENUM"
        case .fixed: "FIXED"
        case .array: "ARRAY"
        case .map: "MAP"
        case .union: "UNION"
        default: type.label.uppercased()
        }
    }
}
