/// A whole schema: one type, and the named types that it and its references define.
public struct AvroSchema: Sendable, Hashable {
    public let root: AvroType
    /// Records, enums and fixed by full name, the referenced schemas' too.
    public let named: [String: AvroType]

    init(root: AvroType, named: [String: AvroType]) { (self.root, self.named) = (root, named) }

    /// Reads a schema.
    ///
    /// - Parameter references: schemas whose named types this one may use.
    /// - Throws: `AvroError.schema` at the first mistake, with its line and column.
    public init(parsing text: String, references: [AvroSchema] = []) throws(AvroError) {
        let bytes = Array(text.utf8)
        let tree = try SchemaJSON(parsing: bytes)
        var parser = AvroSchemaParser(bytes: bytes)
        for reference in references { parser.named.merge(reference.named) { first, _ in first } }
        let root = try parser.type(tree, namespace: "")
        self.init(root: root, named: parser.named)
        try parser.checkDefaults(of: self)
    }

    /// The type itself, in full where it is a reference, without what is annotated on it.
    public func resolve(_ type: AvroType) -> AvroType {
        if case .reference(let name) = type.bare, let found = named[name] { return found.bare }
        return type.bare
    }

    /// The logical type, also where it is annotated on a named type's definition.
    func logical(_ type: AvroType) -> AvroLogicalType? {
        if case .reference(let name) = type.bare { return named[name]?.logical }
        return type.logical
    }
}
