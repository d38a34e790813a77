internal import CDuckDB
internal import Columnar

/// Every value is null.
final class NullReader: VectorReader {
    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>) {}
    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        Column(type: type, count: rows)
    }
}

/// DuckDB has a byte a boolean; batches have a bit.
final class BoolReader: VectorReader {
    private var bits = MutableBuffer()

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>) {
        let bytes = unsafe UnsafeRawPointer(duckdb_vector_get_data(vector).unsafelyUnwrapped)
        var position = count
        for row in range {
            // A null's byte may hold anything.
            let bit = unsafe bytes.load(fromByteOffset: row, as: UInt8.self) == 1 && VectorReader.isValid(mask, row)
            BitWriting.append(&bits, at: position, bit)
            position += 1
        }
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        var taken = MutableBuffer()
        swap(&taken, &bits)
        return Column(type: type, count: rows, nullCount: nulls, validity: validity, values: taken.finish())
    }
}

/// Values that lie in memory in the same way on both sides: one copy a vector.
class FixedWidthReader: VectorReader {
    final var values = MutableBuffer()
    private let width: Int

    override init(_ type: DataType, column: String) {
        switch type.layout {
        case .fixedWidth(let byteWidth), .dictionary(let byteWidth): width = byteWidth
        default: preconditionFailure("\(type) has no fixed width")
        }
        super.init(type, column: column)
    }

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let data = unsafe UnsafeRawPointer(duckdb_vector_get_data(vector).unsafelyUnwrapped)
        unsafe values.append(
            UnsafeRawBufferPointer(start: data + range.lowerBound * width, count: range.count * width))
    }

    final func takeValues() -> Buffer {
        var taken = MutableBuffer()
        swap(&taken, &values)
        return taken.finish()
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        Column(type: type, count: rows, nullCount: nulls, validity: validity, values: takeValues())
    }
}

/// Decimals of up to 18 digits, which DuckDB keeps in narrower integers.
final class DecimalReader<Narrow: FixedWidthInteger & SignedInteger & BitwiseCopyable>: FixedWidthReader {
    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>) {
        let data = unsafe duckdb_vector_get_data(vector).unsafelyUnwrapped.assumingMemoryBound(to: Narrow.self)
        values.reserve(range.count * 16)
        for row in range { values.append(Int128(unsafe data[row])) }
    }
}

/// HUGEINT and UHUGEINT, as decimals of 38 digits; larger values are errors.
final class HugeIntegerReader: FixedWidthReader {
    private let signed: Bool
    private static let limit: Int128 = 99_999_999_999_999_999_999_999_999_999_999_999_999

    init(_ type: DataType, column: String, signed: Bool) {
        self.signed = signed
        super.init(type, column: column)
    }

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let data = unsafe UnsafeRawPointer(duckdb_vector_get_data(vector).unsafelyUnwrapped)
        values.reserve(range.count * 16)
        for row in range {
            guard unsafe VectorReader.isValid(mask, row) else {
                values.append(Int128(0))
                continue
            }
            let value = unsafe data.loadUnaligned(fromByteOffset: row * 16, as: Int128.self)
            guard value <= HugeIntegerReader.limit, value >= (signed ? -HugeIntegerReader.limit : 0) else {
                let text = signed ? "\(value)" : "\(UInt128(truncatingIfNeeded: value))"
                throw .valueOutOfRange(column: column, value: text, type: "an integer of 38 digits")
            }
            values.append(value)
        }
    }
}

/// DuckDB counts microseconds in an interval, batches nanoseconds.
final class IntervalReader: FixedWidthReader {
    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let data = unsafe duckdb_vector_get_data(vector).unsafelyUnwrapped
            .assumingMemoryBound(to: duckdb_interval.self)
        for row in range {
            guard unsafe VectorReader.isValid(mask, row) else {
                values.append(MonthDayNano(months: 0, days: 0, nanos: 0))
                continue
            }
            let interval = unsafe data[row]
            let (nanos, overflow) = interval.micros.multipliedReportingOverflow(by: 1_000)
            guard !overflow else {
                throw .valueOutOfRange(
                    column: column, value: "\(interval.micros) microseconds", type: "an interval in nanoseconds")
            }
            values.append(MonthDayNano(months: interval.months, days: interval.days, nanos: nanos))
        }
    }
}

/// ENUM values as indices into a dictionary that all batches share.
final class EnumReader: FixedWidthReader {
    private let dictionary: Column

    init(_ type: DataType, column: String, names: [String]) {
        let builder = BytesColumnBuilder(.utf8)
        for name in names { builder.append(name) }
        dictionary = builder.finish()
        super.init(type, column: column)
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        Column(
            type: type, count: rows, nullCount: nulls, validity: validity, values: takeValues(), dictionary: dictionary)
    }
}
