/// Builds a dictionary column of strings or other scalars; equal values get one entry.
public final class DictionaryColumnBuilder: ColumnBuilder {
    private let indices: ColumnBuilder
    private let entries: ColumnBuilder
    private let indexType: DataType
    private var known: [Scalar: Int64] = [:]

    public init(index: DataType, value: DataType, ordered: Bool) {
        precondition(index.isInteger, "dictionary indices are integers")
        indexType = index
        indices = .make(index)
        entries = .make(value)
        super.init(type: .dictionary(index: index, value: value, ordered: ordered))
    }

    public override func appendNull() {
        indices.appendNull()
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        if scalar.isNull { return appendNull() }
        if let index = known[scalar] {
            try indices.append(.int(index))
        } else {
            let index = Int64(entries.count)
            try entries.append(scalar)
            do throws(ColumnarError) { try indices.append(.int(index)) } catch {
                entries.truncate(to: Int(index))
                throw .dictionaryFull(type: indexType)
            }
            known[scalar] = index
        }
        length += 1
    }

    /// Entries that only the values taken back used stay in the dictionary, which Arrow allows.
    public override func truncate(to newCount: Int) {
        indices.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        let (index, dictionary) = (indices.finish(), entries.finish())
        known = [:]
        length = 0
        return Column(
            type: type, count: index.count, nullCount: index.nullCount, validity: index.validity, values: index.values,
            dictionary: dictionary)
    }
}
