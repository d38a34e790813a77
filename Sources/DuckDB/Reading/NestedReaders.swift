internal import CDuckDB
internal import Columnar

/// Lists and maps. A value's items lie anywhere in the child vector, most often one value's after another's.
final class ListReader: VectorReader {
    private let items: VectorReader
    private var offsets = MutableBuffer()

    init(_ type: DataType, column: String, items: VectorReader) {
        self.items = items
        super.init(type, column: column)
        offsets.append(Int32(0))
    }

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let entries = unsafe duckdb_vector_get_data(vector).unsafelyUnwrapped
            .assumingMemoryBound(to: duckdb_list_entry.self)
        let child = unsafe duckdb_list_vector_get_child(vector)
        // Neighbouring values whose items lie one after another are taken in one piece.
        var (start, end) = (0, 0)
        var total = items.count
        for row in range {
            if unsafe VectorReader.isValid(mask, row) {
                let (offset, length) = (Int(unsafe entries[row].offset), Int(unsafe entries[row].length))
                if length > 0 {
                    if offset != end {
                        if end > start { try unsafe items.append(child, start..<end) }
                        start = offset
                    }
                    end = offset + length
                    total += length
                }
            }
            guard total <= Int(Int32.max) else {
                throw .valueOutOfRange(column: column, value: "\(total) items in one batch", type: "32-bit offsets")
            }
            offsets.append(Int32(truncatingIfNeeded: total))
        }
        if end > start { try unsafe items.append(child, start..<end) }
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        var taken = MutableBuffer()
        taken.append(Int32(0))
        swap(&taken, &offsets)
        return Column(
            type: type, count: rows, nullCount: nulls, validity: validity, offsets: taken.finish(),
            children: [items.finish()])
    }
}

/// DuckDB's ARRAY, whose values all have `width` items, as lists.
final class ArrayReader: VectorReader {
    private let items: VectorReader
    private let width: Int

    init(_ type: DataType, column: String, items: VectorReader, width: Int) {
        self.items = items
        self.width = width
        super.init(type, column: column)
    }

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let child = unsafe duckdb_array_vector_get_child(vector)
        try unsafe items.append(child, range.lowerBound * width..<range.upperBound * width)
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        let offsets = Buffer.of((0...rows).map { Int32(truncatingIfNeeded: $0 * width) })
        return Column(
            type: type, count: rows, nullCount: nulls, validity: validity, offsets: offsets, children: [items.finish()])
    }
}

final class StructureReader: VectorReader {
    private let fields: [VectorReader]

    init(_ type: DataType, column: String, fields: [VectorReader]) {
        self.fields = fields
        super.init(type, column: column)
    }

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        for (index, field) in fields.enumerated() {
            try unsafe field.append(duckdb_struct_vector_get_child(vector, UInt64(index)), range)
        }
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        Column(
            type: type, count: rows, nullCount: nulls, validity: validity, children: fields.map { $0.finish() })
    }
}
