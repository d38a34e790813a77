#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension Column {
    /// Whether both columns have the same type and, row by row, the same values or nulls.
    ///
    /// What lies under null rows, how memory is shared and where slices begin does not matter. Floating-point numbers are
    /// compared by their bits, so that a NaN equals itself and -0 differs from 0.
    public func isEqual(to other: Column) -> Bool {
        guard type == other.type, count == other.count, nullCount == other.nullCount else { return false }
        if self === other || count == 0 { return true }
        if nullCount == 0, case .fixedWidth(let width) = type.layout {
            guard width > 0 else { return true }
            let (left, right) = unsafe (fixedWidthBytes(0).baseAddress, other.fixedWidthBytes(0).baseAddress)
            guard let left = unsafe left, let right = unsafe right else { return false }
            return unsafe memcmp(left, right, count * width) == 0
        }
        for row in 0..<count where !isEqual(row, other, row) { return false }
        return true
    }

    /// Whether row `row` here and row `otherRow` of a column of the same type have the same value, or are both null.
    public func isEqual(_ row: Int, _ other: Column, _ otherRow: Int) -> Bool {
        let null = isNull(row)
        guard null == other.isNull(otherRow) else { return false }
        if null { return true }
        switch type.layout {
        case .empty: return true
        case .bits: return BoolView(self)[row] == BoolView(other)[otherRow]
        case .fixedWidth:
            return unsafe Column.sameBytes(fixedWidthBytes(row), other.fixedWidthBytes(otherRow))
        case .variableBytes: return unsafe Column.sameBytes(BytesView(self)[row], BytesView(other)[otherRow])
        case .list:
            let (items, otherItems) = (itemRange(row), other.itemRange(otherRow))
            guard items.count == otherItems.count else { return false }
            for (item, otherItem) in zip(items, otherItems)
            where !children[0].isEqual(item, other.children[0], otherItem) { return false }
            return true
        case .structure:
            for (child, otherChild) in zip(children, other.children)
            where !child.isEqual(offset + row, otherChild, other.offset + otherRow) { return false }
            return true
        case .dictionary:
            guard let dictionary, let otherDictionary = other.dictionary else { return false }
            return dictionary.isEqual(dictionaryIndex(row), otherDictionary, other.dictionaryIndex(otherRow))
        }
    }

    private static func sameBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard left.count > 0, let first = left.baseAddress, let second = right.baseAddress else { return true }
        return unsafe memcmp(first, second, left.count) == 0
    }
}

extension RecordBatch {
    /// Whether both have the same schema and rows; see `Column.isEqual(to:)`.
    public func isEqual(to other: RecordBatch) -> Bool {
        schema == other.schema && count == other.count
            && zip(columns, other.columns).allSatisfy { $0.isEqual(to: $1) }
    }
}
