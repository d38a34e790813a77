internal import CDuckDB
internal import Columnar

/// Strings and byte strings: gathers bytes and 32-bit offsets.
class BytesReader: VectorReader {
    private var offsets = MutableBuffer()
    final var bytes = MutableBuffer()

    override init(_ type: DataType, column: String) {
        super.init(type, column: column)
        offsets.append(Int32(0))
    }

    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let data = unsafe UnsafeRawPointer(duckdb_vector_get_data(vector).unsafelyUnwrapped)
        for row in range {
            if unsafe VectorReader.isValid(mask, row) {
                // 16 bytes: the length, then up to 12 bytes in place, or 4 of them and a pointer to all.
                let entry = unsafe data + row * 16
                let length = Int(unsafe entry.load(as: UInt32.self))
                let start =
                    unsafe length <= 12 ? entry + 4 : entry.load(fromByteOffset: 8, as: UnsafeRawPointer.self)
                unsafe bytes.append(UnsafeRawBufferPointer(start: start, count: length))
            }
            try endValue()
        }
    }

    final func endValue() throws(DuckDBError) {
        guard bytes.byteCount <= Int(Int32.max) else {
            throw .valueOutOfRange(
                column: column, value: "\(bytes.byteCount) bytes in one batch", type: "at most 2 GiB a batch")
        }
        offsets.append(Int32(truncatingIfNeeded: bytes.byteCount))
    }

    override func makeColumn(_ rows: Int, _ nulls: Int, _ validity: Buffer?) -> Column {
        var takenOffsets = MutableBuffer()
        var takenBytes = MutableBuffer()
        takenOffsets.append(Int32(0))
        swap(&takenOffsets, &offsets)
        swap(&takenBytes, &bytes)
        return Column(
            type: type, count: rows, nullCount: nulls, validity: validity, values: takenBytes.finish(),
            offsets: takenOffsets.finish())
    }
}

/// UUIDs as their 36 characters. DuckDB keeps one as a 128-bit integer with the highest bit turned over.
final class UUIDReader: BytesReader {
    override func appendValues(_ vector: duckdb_vector, _ mask: UnsafeMutablePointer<UInt64>?, _ range: Range<Int>)
        throws(DuckDBError)
    {
        let data = unsafe UnsafeRawPointer(duckdb_vector_get_data(vector).unsafelyUnwrapped)
        for row in range {
            if unsafe VectorReader.isValid(mask, row) {
                let stored = unsafe data.loadUnaligned(fromByteOffset: row * 16, as: UInt128.self)
                appendText(stored ^ (1 << 127))
            }
            try endValue()
        }
    }

    private func appendText(_ value: UInt128) {
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 { bytes.append(UInt8(ascii: "-")) }
            let nibble = UInt8(truncatingIfNeeded: (value >> UInt128(124 - 4 * digit)) & 15)
            bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
