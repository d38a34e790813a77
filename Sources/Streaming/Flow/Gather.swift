internal import Columnar

/// Builds columns out of chosen rows of others.
enum Gather {
    /// The rows `rows` of `column`, in that order; -1 gives a null.
    static func take(_ column: Column, _ rows: [Int32]) -> Column {
        let count = rows.count
        var hasMissing = false
        if column.count == 0 || column.nullCount > 0 {
            hasMissing = true
        } else {
            for row in rows where row < 0 { hasMissing = true; break }
        }
        let validity: Buffer? = hasMissing ? takeValidity(column, rows) : nil
        switch column.type.layout {
        case .empty: return Column(type: column.type, count: count)
        case .bits:
            let bits = BitOutput(count: count)
            if column.count > 0 {
                let view = BoolView(column)
                for (index, row) in rows.enumerated() where row >= 0 && view[Int(row)] { bits.set(index) }
            }
            return Column(type: column.type, count: count, validity: validity, values: bits.finish())
        case .fixedWidth(let width):
            return Column(type: column.type, count: count, validity: validity, values: takeFixed(column, width, rows))
        case .dictionary(let width):
            return Column(
                type: column.type, count: count, validity: validity, values: takeFixed(column, width, rows),
                dictionary: column.dictionary)
        case .variableBytes: return takeBytes(column, rows, validity)
        case .list: return takeLists(column, rows, validity)
        case .structure:
            let children = column.children.map { child in
                take(child.slice(column.offset..<(column.offset + column.count)), rows)
            }
            return Column(type: column.type, count: count, validity: validity, children: children)
        }
    }

    private static func takeValidity(_ column: Column, _ rows: [Int32]) -> Buffer {
        let bits = BitOutput(count: rows.count)
        for (index, row) in rows.enumerated() where row >= 0 && !column.isNull(Int(row)) { bits.set(index) }
        return bits.finish()
    }

    private static func takeFixed(_ column: Column, _ width: Int, _ rows: [Int32]) -> Buffer {
        switch width {
        case 1: fixed(column, rows, UInt8.self)
        case 2: fixed(column, rows, UInt16.self)
        case 4: fixed(column, rows, UInt32.self)
        case 8: fixed(column, rows, UInt64.self)
        case 16: fixed(column, rows, UInt128.self)
        default: wide(column, width, rows)
        }
    }

    private static func fixed<Value: FixedWidthInteger & BitwiseCopyable>(
        _ column: Column, _ rows: [Int32], _ type: Value.Type
    ) -> Buffer {
        let view = PrimitiveView<Value>(column)
        let output = FixedOutput<Value>(count: rows.count)
        for index in 0..<rows.count {
            let row = rows[index]
            output[index] = row >= 0 ? view[Int(row)] : 0
        }
        return output.finish()
    }

    private static func wide(_ column: Column, _ width: Int, _ rows: [Int32]) -> Buffer {
        var memory = MutableBuffer(byteCapacity: rows.count * width)
        for row in rows {
            if row >= 0, let values = column.values {
                let start = (column.offset + Int(row)) * width
                unsafe memory.append(UnsafeRawBufferPointer(start: values.base + start, count: width))
            } else {
                memory.appendZeros(width)
            }
        }
        return memory.finish()
    }

    private static func takeBytes(_ column: Column, _ rows: [Int32], _ validity: Buffer?) -> Column {
        let view = BytesView(column)
        let offsets = FixedOutput<Int32>(count: rows.count + 1)
        var total = 0
        offsets[0] = 0
        for index in 0..<rows.count {
            let row = rows[index]
            if row >= 0 { total += unsafe view[Int(row)].count }
            precondition(total <= Int(Int32.max), "more than 2 GiB of bytes in one column")
            offsets[index + 1] = Int32(truncatingIfNeeded: total)
        }
        let bytes = FixedOutput<UInt8>(count: total)
        var cursor = 0
        for row in rows where row >= 0 {
            let value = unsafe view[Int(row)]
            let length = value.count
            if length > 0, let source = value.baseAddress {
                unsafe UnsafeMutableRawPointer(bytes.base + cursor).copyMemory(from: source, byteCount: length)
                cursor += length
            }
        }
        return Column(
            type: column.type, count: rows.count, validity: validity, values: bytes.finish(), offsets: offsets.finish())
    }

    private static func takeLists(_ column: Column, _ rows: [Int32], _ validity: Buffer?) -> Column {
        let offsets = FixedOutput<Int32>(count: rows.count + 1)
        var items: [Int32] = []
        offsets[0] = 0
        for (index, row) in rows.enumerated() {
            if row >= 0, let bounds = listBounds(column, Int(row)) { items.append(contentsOf: bounds) }
            offsets[index + 1] = Int32(items.count)
        }
        return Column(
            type: column.type, count: rows.count, validity: validity, offsets: offsets.finish(),
            children: [take(column.children[0], items)])
    }

    /// The numbers of one list's items in its child.
    static func listBounds(_ column: Column, _ row: Int) -> Range<Int32>? {
        guard let offsets = column.offsets else { return nil }
        let base = unsafe offsets.base.assumingMemoryBound(to: Int32.self) + column.offset + row
        return unsafe base[0]..<base[1]
    }

    /// The rows of all batches one after another.
    static func concatenate(_ batches: [RecordBatch], schema: Schema) -> RecordBatch {
        let count = batches.reduce(0) { $0 + $1.count }
        if batches.count == 1 { return batches[0] }
        let columns = schema.fields.indices.map { index in
            concatenate(batches.map { $0.columns[index] }, type: schema[index].type, count: count)
        }
        return RecordBatch(schema: schema, columns: columns, count: count)
    }

    private static func concatenate(_ columns: [Column], type: DataType, count: Int) -> Column {
        var validity: Buffer?
        if columns.contains(where: { $0.nullCount > 0 }) {
            let bits = BitOutput(count: count, ones: true)
            var start = 0
            for column in columns {
                for row in 0..<column.count where column.isNull(row) { bits.clear(start + row) }
                start += column.count
            }
            validity = bits.finish()
        }
        switch type.layout {
        case .empty: return Column(type: type, count: count)
        case .bits:
            let bits = BitOutput(count: count)
            var start = 0
            for column in columns where column.count > 0 {
                let view = BoolView(column)
                for row in 0..<column.count where view[row] { bits.set(start + row) }
                start += column.count
            }
            return Column(type: type, count: count, validity: validity, values: bits.finish())
        case .fixedWidth(let width):
            var memory = MutableBuffer(byteCapacity: count * width)
            for column in columns {
                guard let values = column.values else { continue }
                unsafe memory.append(
                    UnsafeRawBufferPointer(start: values.base + column.offset * width, count: column.count * width))
            }
            return Column(type: type, count: count, validity: validity, values: memory.finish())
        case .variableBytes:
            let offsets = FixedOutput<Int32>(count: count + 1)
            var memory = MutableBuffer()
            offsets[0] = 0
            var next = 1
            for column in columns where column.count > 0 {
                let view = BytesView(column)
                for row in 0..<column.count {
                    unsafe memory.append(view[row])
                    offsets[next] = Int32(memory.byteCount)
                    next += 1
                }
            }
            return Column(
                type: type, count: count, validity: validity, values: memory.finish(), offsets: offsets.finish())
        case .list:
            let offsets = FixedOutput<Int32>(count: count + 1)
            var children: [Column] = []
            offsets[0] = 0
            var (next, total) = (1, Int32(0))
            for column in columns where column.count > 0 {
                let rows = (0..<column.count).map { Int32($0) }
                let compact = takeLists(column, rows, nil)
                for row in 0..<column.count {
                    total += Int32(listBounds(compact, row)?.count ?? 0)
                    offsets[next] = total
                    next += 1
                }
                children.append(compact.children[0])
            }
            let items = concatenate(children, type: type.childFields[0].type, count: Int(total))
            return Column(type: type, count: count, validity: validity, offsets: offsets.finish(), children: [items])
        case .structure:
            let children = type.childFields.indices.map { index in
                concatenate(
                    columns.map { $0.children[index].slice($0.offset..<($0.offset + $0.count)) },
                    type: type.childFields[index].type, count: count)
            }
            return Column(type: type, count: count, validity: validity, children: children)
        case .dictionary:
            // Dictionaries differ between batches, so the values are written again.
            let builder = ColumnBuilder.make(type)
            for column in columns {
                for row in 0..<column.count {
                    if (try? builder.append(column.scalar(at: row))) == nil { builder.appendNull() }
                }
            }
            return builder.finish()
        }
    }
}
