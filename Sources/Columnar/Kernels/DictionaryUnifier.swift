/// Makes dictionary columns share one dictionary, so that their indices can stand in one column.
enum DictionaryUnifier {
    /// - Returns: the columns with indices into the one dictionary, and that dictionary.
    /// - Throws: `dictionaryFull` where the index type cannot name all values.
    static func unify(_ columns: [Column], type: DataType) throws(ColumnarError) -> ([Column], Column) {
        guard case .dictionary(let index, let value, _) = type else { preconditionFailure("\(type) has no dictionary") }
        guard let first = columns.first?.dictionary else { return ([], ColumnBuilder.make(value).finish()) }
        if columns.allSatisfy({ $0.dictionary === first }) { return (columns, first) }
        var known: [Scalar: Int64] = [:]
        let entries = ColumnBuilder.make(value)
        var unified: [Column] = []
        for column in columns {
            guard let dictionary = column.dictionary else { continue }
            // Only entries that rows use: a slice of a large dictionary must not fill the index.
            var renumbered = [Int64](repeating: -1, count: dictionary.count)
            let indices = ColumnBuilder.make(index)
            for row in 0..<column.count {
                if column.isNull(row) {
                    indices.appendNull()
                    continue
                }
                let old = column.dictionaryIndex(row)
                if renumbered[old] < 0 {
                    let entry = dictionary.scalar(at: old)
                    renumbered[old] = known[entry] ?? Int64(entries.count)
                    if known[entry] == nil {
                        try entries.append(entry)
                        known[entry] = renumbered[old]
                    }
                }
                do throws(ColumnarError) { try indices.append(.int(renumbered[old])) } catch {
                    throw .dictionaryFull(type: index)
                }
            }
            let numbers = indices.finish()
            unified.append(
                Column(
                    type: type, count: numbers.count, nullCount: numbers.nullCount, validity: numbers.validity,
                    values: numbers.values, dictionary: first))
        }
        return (unified, entries.finish())
    }
}

extension Column {
    /// The same values without a dictionary; nested dictionaries are resolved too.
    public func withoutDictionaries() -> Column {
        switch type {
        case .dictionary(_, let value, _):
            guard let dictionary else { return .nulls(value, count: count) }
            var rows: [Int32] = []
            rows.reserveCapacity(count)
            for row in 0..<count { rows.append(isNull(row) ? -1 : Int32(dictionaryIndex(row))) }
            return dictionary.take(rows.span).withoutDictionaries()
        case .list, .structure, .map:
            let plain = type.withoutDictionaries
            guard plain != type else { return self }
            return Column(
                type: plain, count: count, offset: offset, nullCount: nullCount, validity: validity, offsets: offsets,
                children: children.map { $0.withoutDictionaries() })
        default: return self
        }
    }
}

extension DataType {
    /// This type with each dictionary, at any depth, replaced by the type of its values.
    public var withoutDictionaries: DataType {
        switch self {
        case .dictionary(_, let value, _): value.withoutDictionaries
        case .list(let item): .list(item.withoutDictionaries)
        case .structure(let fields): .structure(fields.map(\.withoutDictionaries))
        case .map(let key, let value, let keysSorted):
            .map(key: key.withoutDictionaries, value: value.withoutDictionaries, keysSorted: keysSorted)
        default: self
        }
    }
}

extension Schema {
    /// This schema with each dictionary replaced by the type of its values.
    public var withoutDictionaries: Schema { Schema(fields.map(\.withoutDictionaries), metadata: metadata) }
}

extension Field {
    var withoutDictionaries: Field { Field(name, type.withoutDictionaries, nullable: nullable, metadata: metadata) }
}
