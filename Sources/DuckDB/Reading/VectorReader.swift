internal import CDuckDB
internal import Columnar

/// Gathers one column of a result from DuckDB's vectors, which hold at most 2048 rows each.
///
/// DuckDB flattens vectors before it hands them over, at every depth: row `n` lies at place `n`.
@safe
class VectorReader {
    let type: DataType
    let column: String
    /// Rows so far.
    final var count = 0
    private var validity = MutableBuffer()
    private var nullCount = 0

    init(_ type: DataType, column: String) {
        self.type = type
        self.column = column
    }

    static func make(_ logical: LogicalType, type: DataType, column: String) throws(DuckDBError) -> VectorReader {
        switch logical.id {
        case DUCKDB_TYPE_SQLNULL: return NullReader(type, column: column)
        case DUCKDB_TYPE_BOOLEAN: return BoolReader(type, column: column)
        case DUCKDB_TYPE_HUGEINT: return HugeIntegerReader(type, column: column, signed: true)
        case DUCKDB_TYPE_UHUGEINT: return HugeIntegerReader(type, column: column, signed: false)
        case DUCKDB_TYPE_DECIMAL:
            switch unsafe duckdb_decimal_internal_type(logical.handle) {
            case DUCKDB_TYPE_SMALLINT: return DecimalReader<Int16>(type, column: column)
            case DUCKDB_TYPE_INTEGER: return DecimalReader<Int32>(type, column: column)
            case DUCKDB_TYPE_BIGINT: return DecimalReader<Int64>(type, column: column)
            default: return FixedWidthReader(type, column: column)
            }
        case DUCKDB_TYPE_INTERVAL: return IntervalReader(type, column: column)
        case DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB: return BytesReader(type, column: column)
        case DUCKDB_TYPE_UUID: return UUIDReader(type, column: column)
        case DUCKDB_TYPE_ENUM: return EnumReader(type, column: column, names: logical.enumNames)
        case DUCKDB_TYPE_LIST, DUCKDB_TYPE_ARRAY:
            let item = logical.itemType
            let items = try make(item, type: type.childFields[0].type, column: column)
            return logical.id == DUCKDB_TYPE_LIST
                ? ListReader(type, column: column, items: items)
                : ArrayReader(type, column: column, items: items, width: logical.arrayCount)
        case DUCKDB_TYPE_MAP:
            let (key, value) = logical.mapTypes
            let entries = type.childFields[0]
            let fields = entries.type.childFields
            return ListReader(
                type, column: column,
                items: StructureReader(
                    entries.type, column: column,
                    fields: [
                        try make(key, type: fields[0].type, column: column),
                        try make(value, type: fields[1].type, column: column),
                    ]))
        case DUCKDB_TYPE_STRUCT:
            var fields: [VectorReader] = []
            for (index, field) in logical.structureFields.enumerated() {
                fields.append(
                    try make(field.type, type: type.childFields[index].type, column: "\(column).\(field.name)"))
            }
            return StructureReader(type, column: column, fields: fields)
        default: return FixedWidthReader(type, column: column)
        }
    }

    /// Adds the rows of `range`.
    final func append(_ vector: duckdb_vector?, _ range: Range<Int>) throws(DuckDBError) {
        guard let vector = unsafe vector else { throw .internalFailure("a result without column \(column)") }
        let mask = unsafe duckdb_vector_get_validity(vector)
        try unsafe appendValues(vector, mask, range)
        unsafe appendValidity(mask, range)
        count += range.count
    }

    /// Adds a null's place to the values, or nothing where the type has none.
    func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        preconditionFailure("a reader without appendValues")
    }

    /// The rows so far as a column; the reader is empty afterwards.
    final func finish() -> Column {
        var bits = MutableBuffer(byteCapacity: 0)
        swap(&bits, &validity)
        let (rows, nulls) = (count, nullCount)
        count = 0
        nullCount = 0
        return makeColumn(rows, nulls, nulls > 0 ? bits.finish() : nil)
    }

    func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        preconditionFailure("a reader without makeColumn")
    }

    @inline(__always)
    static func isValid(_ mask: UnsafeMutablePointer<UInt64>?, _ row: Int) -> Bool {
        guard let mask = unsafe mask else { return true }
        return unsafe mask[row >> 6] & (1 &<< UInt64(truncatingIfNeeded: row & 63)) != 0
    }

    private func appendValidity(_ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>) {
        if unsafe mask == nil, nullCount == 0 { return }
        var nulls = 0
        for row in range where unsafe !VectorReader.isValid(mask, row) { nulls += 1 }
        if nulls == 0, nullCount == 0 { return }
        if nullCount == 0 { BitWriting.appendOnes(&validity, at: 0, count) }
        nullCount += nulls
        if nulls == 0 { return BitWriting.appendOnes(&validity, at: count, range.count) }
        var position = count
        for row in range {
            BitWriting.append(&validity, at: position, unsafe VectorReader.isValid(mask, row))
            position += 1
        }
    }
}

/// Appending to bitmaps, lowest bit first.
enum BitWriting {
    /// Appends the bit number `index`, which must be the next.
    @inline(__always)
    static func append(_ bits: inout MutableBuffer, at index: Int, _ bit: Bool) {
        if index & 7 == 0 { bits.append(UInt8(0)) }
        guard bit else { return }
        let byte = unsafe bits.start + (index >> 3)
        unsafe byte.storeBytes(
            of: byte.load(as: UInt8.self) | (1 &<< UInt8(truncatingIfNeeded: index & 7)), as: UInt8.self)
    }

    static func appendOnes(_ bits: inout MutableBuffer, at index: Int, _ count: Int) {
        var position = index
        let end = index + count
        while position < end, position & 7 != 0 {
            append(&bits, at: position, true)
            position += 1
        }
        while position + 8 <= end {
            bits.append(UInt8(0xff))
            position += 8
        }
        while position < end {
            append(&bits, at: position, true)
            position += 1
        }
    }
}
