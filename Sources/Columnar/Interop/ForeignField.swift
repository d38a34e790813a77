internal import CArrowABI

/// What a foreign schema says of one field: the type it gets here, and how its memory lies there.
struct ForeignField: Sendable {
    let field: Field
    let shape: ForeignShape
    let children: [ForeignField]
    /// The field of the dictionary's values, where there is a dictionary.
    let dictionary: [ForeignField]

    /// Reads `schema`, which stays its owner's.
    init(reading schema: UnsafeMutablePointer<ArrowSchema>) throws(ColumnarError) {
        guard unsafe schema.pointee.release != nil, let formatText = unsafe schema.pointee.format else {
            throw .foreignData("a schema that was released before")
        }
        let format = unsafe String(cString: formatText)
        let flags = unsafe schema.pointee.flags
        let children = try unsafe ForeignField.children(of: schema)
        var (type, shape) = try ForeignField.type(format, flags: flags, children: children)
        if let values = unsafe schema.pointee.dictionary {
            dictionary = [try unsafe ForeignField(reading: values)]
        } else {
            dictionary = []
        }
        if let value = dictionary.first {
            guard type.isInteger, shape == .same else {
                throw .foreignData("a dictionary with indices of type \(format)")
            }
            type = .dictionary(
                index: type, value: value.field.type, ordered: flags & Int64(ARROW_FLAG_DICTIONARY_ORDERED) != 0)
        }
        let metadata = try unsafe ArrowMetadata.read(schema.pointee.metadata)
        let name = unsafe schema.pointee.name.map { unsafe String(cString: $0) } ?? ""
        field = Field(name, type, nullable: flags & Int64(ARROW_FLAG_NULLABLE) != 0, metadata: metadata)
        self.shape = shape
        self.children = children
    }

    private static func children(
        of schema: UnsafeMutablePointer<ArrowSchema>
    ) throws(ColumnarError) -> [ForeignField] {
        let count = unsafe schema.pointee.n_children
        guard count >= 0, count < 1 << 20 else { throw .foreignData("a schema with \(count) children") }
        var children: [ForeignField] = []
        for index in 0..<Int(count) {
            guard let child = unsafe schema.pointee.children[index] else {
                throw .foreignData("a missing child schema")
            }
            children.append(try unsafe ForeignField(reading: child))
        }
        return children
    }

    private static func type(
        _ format: String, flags: Int64, children: [ForeignField]
    ) throws(ColumnarError) -> (DataType, ForeignShape) {
        if let leaf = ArrowFormatString.leaf(format) {
            guard children.isEmpty else { throw .foreignData("type \(format) with children") }
            return leaf
        }
        func only() throws(ColumnarError) -> ForeignField {
            guard children.count == 1 else { throw .foreignData("type \(format) with \(children.count) children") }
            return children[0]
        }
        switch format {
        case "+s": return (.structure(children.map(\.field)), .same)
        case "+l": return (.list(try only().field), .same)
        case "+L": return (.list(try only().field), .wideOffsets)
        case "+m":
            guard case .structure(let entry) = try only().field.type, entry.count == 2 else {
                throw .foreignData("a map whose entries are not pairs")
            }
            return (
                .map(key: entry[0], value: entry[1], keysSorted: flags & Int64(ARROW_FLAG_MAP_KEYS_SORTED) != 0), .same
            )
        default:
            guard let width = ArrowFormatString.fixedSizeListWidth(format) else { throw .unsupportedType(format) }
            return (.list(try only().field), .fixedSizeList(itemCount: width))
        }
    }
}
