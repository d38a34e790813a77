extension RecordBatch {
    /// The rows of all batches, one after another, in memory of their own.
    ///
    /// - Throws: `doesNotFit` where a column of the result has more bytes or items than 32-bit offsets can count;
    ///   `dictionaryFull` where the dictionaries together have more values than indices can name.
    public static func concatenate(_ batches: [RecordBatch], schema: Schema) throws(ColumnarError) -> RecordBatch {
        if batches.count == 1 { return batches[0] }
        var columns: [Column] = []
        for (index, field) in schema.fields.enumerated() {
            columns.append(
                try Column.concatenate(batches.map { $0.columns[index] }, type: field.type, name: field.name))
        }
        return RecordBatch(schema: schema, columns: columns, count: batches.reduce(0) { $0 + $1.count })
    }

    /// The same rows in memory of their own, so that a small slice does not keep a large batch.
    public func compacted() throws(ColumnarError) -> RecordBatch {
        var compact: [Column] = []
        for (field, column) in zip(schema.fields, columns) {
            compact.append(try Column.concatenate([column], type: field.type, name: field.name))
        }
        return RecordBatch(schema: schema, columns: compact, count: count)
    }
}

extension Column {
    /// The values of all columns, which are of `type`, one after another, in memory of their own.
    ///
    /// - Parameter name: what errors call the column.
    /// - Throws: as `RecordBatch.concatenate`.
    public static func concatenate(
        _ columns: [Column], type: DataType, name: String = ""
    ) throws(ColumnarError) -> Column {
        let count = columns.reduce(0) { $0 + $1.count }
        for column in columns { precondition(column.type == type, "a column of type \(column.type), not \(type)") }
        let nullCount = columns.reduce(0) { $0 + $1.nullCount }
        let validity = nullCount == 0 ? nil : joinedValidity(columns, count: count)
        switch type.layout {
        case .empty: return Column(type: type, count: count)
        case .bits:
            let bits = Bits.zeroed(count)
            var row = 0
            for column in columns {
                if let values = column.values {
                    unsafe Bits.copy(values, from: column.offset, count: column.count, to: bits.start, at: row)
                }
                row += column.count
            }
            return Column(type: type, count: count, nullCount: nullCount, validity: validity, values: bits.finish())
        case .fixedWidth:
            return Column(
                type: type, count: count, nullCount: nullCount, validity: validity, values: joinedValues(columns))
        case .variableBytes:
            let (offsets, ranges) = try joinedOffsets(columns, name: name)
            var bytes = MutableBuffer(byteCapacity: ranges.reduce(0) { $0 + $1.count })
            for (column, range) in zip(columns, ranges) {
                guard let values = column.values, !range.isEmpty else { continue }
                unsafe bytes.append(UnsafeRawBufferPointer(rebasing: values.bytes[range]))
            }
            return Column(
                type: type, count: count, nullCount: nullCount, validity: validity, values: bytes.finish(),
                offsets: offsets)
        case .list:
            let (offsets, ranges) = try joinedOffsets(columns, name: name)
            let items = try concatenate(
                zip(columns, ranges).map { $0.children[0].slice($1) }, type: type.childFields[0].type, name: name)
            return Column(
                type: type, count: count, nullCount: nullCount, validity: validity, offsets: offsets, children: [items])
        case .structure:
            var children: [Column] = []
            for (index, field) in type.childFields.enumerated() {
                children.append(
                    try concatenate(
                        columns.map { $0.children[index].slice($0.offset..<($0.offset + $0.count)) }, type: field.type,
                        name: field.name))
            }
            return Column(type: type, count: count, nullCount: nullCount, validity: validity, children: children)
        case .dictionary:
            let (unified, dictionary) = try DictionaryUnifier.unify(columns, type: type)
            return Column(
                type: type, count: count, nullCount: nullCount, validity: validity, values: joinedValues(unified),
                dictionary: dictionary)
        }
    }

    private static func joinedValidity(_ columns: [Column], count: Int) -> Buffer {
        let bits = Bits.zeroed(count)
        var row = 0
        for column in columns {
            if let validity = column.validity {
                unsafe Bits.copy(validity, from: column.offset, count: column.count, to: bits.start, at: row)
            } else {
                unsafe Bits.set(bits.start, at: row, count: column.count)
            }
            row += column.count
        }
        return bits.finish()
    }

    private static func joinedValues(_ columns: [Column]) -> Buffer {
        var joined = MutableBuffer(byteCapacity: columns.reduce(0) { $0 + $1.count * $1.fixedByteWidth })
        for column in columns where column.count > 0 {
            guard let start = unsafe column.fixedWidthBytes(0).baseAddress else { continue }
            unsafe joined.append(UnsafeRawBufferPointer(start: start, count: column.count * column.fixedByteWidth))
        }
        return joined.finish()
    }

    /// The offsets of all columns counted on, and which of each column's bytes or items they mean.
    private static func joinedOffsets(
        _ columns: [Column], name: String
    ) throws(ColumnarError) -> (Buffer, [Range<Int>]) {
        var joined = MutableBuffer(byteCapacity: (columns.reduce(0) { $0 + $1.count } + 1) * 4)
        joined.append(Int32(0))
        var ranges: [Range<Int>] = []
        var total = 0
        for column in columns {
            guard column.count > 0, let offsets = column.offsets else {
                ranges.append(0..<0)
                continue
            }
            let values = unsafe offsets.base.assumingMemoryBound(to: Int32.self) + column.offset
            let range = Int(unsafe values[0])..<Int(unsafe values[column.count])
            guard total + range.count <= Int(Int32.max) else {
                throw .doesNotFit(column: name, count: total + range.count)
            }
            let shift = Int32(total - range.lowerBound)
            for row in 1...column.count { unsafe joined.append(values[row] &+ shift) }
            ranges.append(range)
            total += range.count
        }
        return (joined.finish(), ranges)
    }
}
