internal import CDuckDB
internal import Columnar

/// Writes rows of a column into one of DuckDB's vectors.
@safe
struct VectorWriter {
    /// The column's name, for errors.
    let name: String

    /// Writes `rows` of `column` to the places of `vector` from 0 on.
    func write(_ column: Column, _ rows: Range<Int>, to vector: duckdb_vector?) throws(DuckDBError) {
        guard let vector = unsafe vector else { throw .internalFailure("a chunk without column \(name)") }
        if case .dictionary(_, let value, _) = column.type {
            return try unsafe writeDecoded(column, rows, value, to: vector)
        }
        unsafe writeValidity(column, rows, to: vector)
        switch column.type {
        case .null: break
        case .bool: unsafe writeBools(column, rows, to: vector)
        case .int8, .uint8, .int16, .uint16, .int32, .uint32, .float32, .int64, .uint64, .float64, .date32,
            .time64, .timestamp(_, nil), .timestamp(.microsecond, _), .timestamp(.nanosecond, _):
            unsafe copyValues(column, rows, to: vector)
        case .float16:
            let view = PrimitiveView<UInt16>(column)
            try unsafe convert(rows, to: vector) { Float(HalfFloat.number(view[$0])) }
        case .decimal128(let precision, _):
            let view = PrimitiveView<Int128>(column)
            switch precision {
            case ...4:
                try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                    try exactly(view[row], Int16.self, column, row)
                }
            case ...9:
                try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                    try exactly(view[row], Int32.self, column, row)
                }
            case ...18:
                try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                    try exactly(view[row], Int64.self, column, row)
                }
            default: unsafe copyValues(column, rows, to: vector)
            }
        case .date64:
            let view = PrimitiveView<Int64>(column)
            try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                try exactly(view[row] / 86_400_000, Int32.self, column, row)
            }
        case .time32(let unit):
            let view = PrimitiveView<Int32>(column)
            try unsafe convert(rows, to: vector) { Int64(view[$0]) * (1_000_000 / unit.perSecond) }
        case .timestamp(let unit, _):
            let view = PrimitiveView<Int64>(column)
            try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                try micros(view[row], unit, column, row)
            }
        case .duration(let unit):
            let view = PrimitiveView<Int64>(column)
            try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                duckdb_interval(months: 0, days: 0, micros: try micros(view[row], unit, column, row))
            }
        case .intervalMonthDayNano:
            let view = PrimitiveView<MonthDayNano>(column)
            try unsafe convert(rows, to: vector) { row throws(DuckDBError) in
                let value = view[row]
                return duckdb_interval(
                    months: value.months, days: value.days,
                    micros: try micros(value.nanos, .nanosecond, column, row))
            }
        case .utf8, .binary: try unsafe writeBytes(column, rows, to: vector)
        case .fixedSizeBinary(let width): unsafe writeFixedBytes(column, rows, width, to: vector)
        case .list, .map: try unsafe writeList(column, rows, to: vector)
        case .structure:
            for (index, child) in column.children.enumerated() {
                let range = column.offset + rows.lowerBound..<column.offset + rows.upperBound
                try unsafe write(child, range, to: duckdb_struct_vector_get_child(vector, UInt64(index)))
            }
        case .dictionary: break
        }
    }

    private func writeValidity(_ column: Column, _ rows: Range<Int>, to vector: duckdb_vector) {
        guard column.nullCount > 0 else { return }
        unsafe duckdb_vector_ensure_validity_writable(vector)
        guard let mask = unsafe duckdb_vector_get_validity(vector) else { return }
        for (place, row) in rows.enumerated() where column.isNull(row) {
            unsafe mask[place >> 6] &= ~(1 << UInt64(place & 63))
        }
    }

    private func data(_ vector: duckdb_vector) -> UnsafeMutableRawPointer {
        unsafe duckdb_vector_get_data(vector).unsafelyUnwrapped
    }

    private func copyValues(_ column: Column, _ rows: Range<Int>, to vector: duckdb_vector) {
        guard case .fixedWidth(let width) = column.type.layout, let values = column.values, !rows.isEmpty else {
            return
        }
        let start = unsafe values.base + (column.offset + rows.lowerBound) * width
        unsafe data(vector).copyMemory(from: start, byteCount: rows.count * width)
    }

    @inline(__always)
    private func convert<Value: BitwiseCopyable>(
        _ rows: Range<Int>, to vector: duckdb_vector, _ value: (Int) throws(DuckDBError) -> Value
    ) throws(DuckDBError) {
        let places = unsafe data(vector).assumingMemoryBound(to: Value.self)
        var place = 0
        for row in rows {
            unsafe places[place] = try value(row)
            place += 1
        }
    }

    private func writeBools(_ column: Column, _ rows: Range<Int>, to vector: duckdb_vector) {
        let view = BoolView(column)
        let places = unsafe data(vector)
        for (place, row) in rows.enumerated() {
            unsafe places.storeBytes(of: view[row] ? 1 : 0, toByteOffset: place, as: UInt8.self)
        }
    }

    /// Strings of up to 12 bytes lie in place, behind their length; DuckDB copies longer ones into its own memory.
    private func writeBytes(_ column: Column, _ rows: Range<Int>, to vector: duckdb_vector) throws(DuckDBError) {
        guard !rows.isEmpty else { return }
        let view = BytesView(column)
        if column.type == .utf8 { try checkText(view, rows) }
        let places = unsafe data(vector)
        for (place, row) in rows.enumerated() {
            if view.isNull(row) { continue }
            let value = unsafe view[row]
            let entry = unsafe places + place * 16
            if value.count <= 12 {
                unsafe entry.storeBytes(of: UInt128(UInt32(value.count)), as: UInt128.self)
                if let start = value.baseAddress { unsafe (entry + 4).copyMemory(from: start, byteCount: value.count) }
            } else {
                unsafe duckdb_unsafe_vector_assign_string_element_len(
                    vector, UInt64(place), value.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64(value.count))
            }
        }
    }

    /// DuckDB trusts that strings are UTF-8. ASCII, which most data is, is told from the bytes of all rows at once.
    private func checkText(_ view: BytesView, _ rows: Range<Int>) throws(DuckDBError) {
        let start = Int(unsafe view.offsets[rows.lowerBound])
        let end = Int(unsafe view.offsets[rows.upperBound])
        if unsafe isASCII(view.bytes + start, end - start) { return }
        for row in rows where !view.isNull(row) {
            let value = unsafe view[row]
            var problem = unsafe duckdb_valid_utf8_check(
                value.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64(value.count))
            guard unsafe problem != nil else { continue }
            unsafe duckdb_destroy_error_data(&problem)
            throw .valueOutOfRange(
                column: name, value: unsafe "the bytes \(Array(value.prefix(16)))", type: "text in UTF-8")
        }
    }

    private func isASCII(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        var all: UInt64 = 0
        var position = 0
        while position + 8 <= count {
            all |= unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            position += 8
        }
        while position < count {
            all |= UInt64(unsafe bytes.load(fromByteOffset: position, as: UInt8.self))
            position += 1
        }
        return all & 0x8080_8080_8080_8080 == 0
    }

    private func writeFixedBytes(_ column: Column, _ rows: Range<Int>, _ width: Int, to vector: duckdb_vector) {
        guard let values = column.values else { return }
        for (place, row) in rows.enumerated() where !column.isNull(row) {
            let start = unsafe values.base + (column.offset + row) * width
            unsafe duckdb_unsafe_vector_assign_string_element_len(
                vector, UInt64(place), start.assumingMemoryBound(to: CChar.self), UInt64(width))
        }
    }

    private func writeList(_ column: Column, _ rows: Range<Int>, to vector: duckdb_vector) throws(DuckDBError) {
        guard !rows.isEmpty else { return }
        let first = column.itemRange(rows.lowerBound).lowerBound
        let end = column.itemRange(rows.upperBound - 1).upperBound
        let places = unsafe data(vector).assumingMemoryBound(to: duckdb_list_entry.self)
        for (place, row) in rows.enumerated() {
            let range = column.itemRange(row)
            unsafe places[place] = duckdb_list_entry(
                offset: UInt64(range.lowerBound - first), length: UInt64(range.count))
        }
        let count = UInt64(end - first)
        guard unsafe duckdb_list_vector_reserve(vector, count) == DuckDBSuccess,
            unsafe duckdb_list_vector_set_size(vector, count) == DuckDBSuccess
        else { throw .internalFailure("no memory for \(count) items of column \(name)") }
        try unsafe write(column.children[0], first..<end, to: duckdb_list_vector_get_child(vector))
    }

    /// Writes a dictionary column as its values. The indices are gone through once, a batch of entries is not copied.
    private func writeDecoded(_ column: Column, _ rows: Range<Int>, _ type: DataType, to vector: duckdb_vector)
        throws(DuckDBError)
    {
        let builder = ColumnBuilder.make(type)
        for row in rows {
            do throws(ColumnarError) { try builder.append(column.scalar(at: row)) } catch {
                throw .valueOutOfRange(column: name, value: "\(column.scalar(at: row))", type: "\(type)")
            }
        }
        try unsafe write(builder.finish(), 0..<rows.count, to: vector)
    }

    private func exactly<Wide: FixedWidthInteger, Narrow: FixedWidthInteger>(
        _ value: Wide, _ type: Narrow.Type, _ column: Column, _ row: Int
    ) throws(DuckDBError) -> Narrow {
        if let narrow = Narrow(exactly: value) { return narrow }
        // A null's place may hold anything.
        guard column.isNull(row) else {
            throw .valueOutOfRange(column: name, value: "\(value)", type: "\(column.type)")
        }
        return 0
    }

    /// Microseconds; nanoseconds must be whole microseconds.
    private func micros(_ value: Int64, _ unit: TimeUnit, _ column: Column, _ row: Int) throws(DuckDBError) -> Int64 {
        let (micros, overflow) =
            unit == .nanosecond
            ? (value / 1_000, value % 1_000 != 0) : value.multipliedReportingOverflow(by: 1_000_000 / unit.perSecond)
        if !overflow { return micros }
        guard column.isNull(row) else {
            throw .valueOutOfRange(
                column: name, value: "\(value) \(unit)s", type: "whole microseconds in 64 bits")
        }
        return 0
    }
}
