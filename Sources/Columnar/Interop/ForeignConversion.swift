/// Rewrites foreign layouts that columns do not have into ones that they have.
enum ForeignConversion {
    /// 64-bit offsets as 32-bit ones that count from the first row's.
    ///
    /// - Parameter offset: the first row; rows before it get offset 0, so that the bitmap still fits.
    /// - Returns: the offsets, what they count from, and the last one.
    static func narrowedOffsets(
        _ wide: Buffer?, from offset: Int, to end: Int, name: String
    ) throws(ColumnarError) -> (offsets: Buffer?, base: Int, count: Int) {
        guard let wide else { return (nil, 0, 0) }
        let values = unsafe wide.base.assumingMemoryBound(to: Int64.self)
        let first = unsafe values[offset]
        var wrong = first
        for row in offset..<end { unsafe wrong |= values[row + 1] | (values[row + 1] &- values[row]) }
        guard wrong >= 0 else { throw .foreignData("the offsets of column \(name) are not in order") }
        let count = unsafe values[end] - first
        guard count <= Int64(Int32.max) else { throw .doesNotFit(column: name, count: Int(count)) }
        var narrow = MutableBuffer(byteCapacity: (end + 1) * 4)
        narrow.appendZeros(offset * 4)
        for row in offset...end { unsafe narrow.append(Int32(truncatingIfNeeded: values[row] - first)) }
        return (narrow.finish(), Int(first), Int(count))
    }

    /// Decimals of 4 or 8 bytes as ones of 16.
    static func widened(_ narrow: Buffer?, byteWidth: Int) -> Buffer? {
        guard let narrow else { return nil }
        let count = narrow.byteCount / byteWidth
        var wide = MutableBuffer(byteCapacity: count * 16)
        for row in 0..<count {
            if byteWidth == 8 {
                wide.append(Int128(unsafe narrow.base.load(fromByteOffset: row * 8, as: Int64.self)))
            } else {
                wide.append(Int128(unsafe narrow.base.load(fromByteOffset: row * 4, as: Int32.self)))
            }
        }
        return wide.finish()
    }

    /// A column of 16-byte views, its bytes gathered into one buffer.
    ///
    /// View layout: INT32 length; up to 12 bytes inline, or 4 bytes of prefix, INT32 buffer number, INT32 position.
    /// Behind the data buffers the interface adds one with the INT64 size of each.
    static func fromViews(
        _ type: DataType, count: Int, offset: Int, buffers: ForeignBuffers
    ) throws(ColumnarError) -> Column {
        guard buffers.count >= 3 else { throw .foreignData("column \(buffers.name) has \(buffers.count) buffers") }
        let validity = try buffers.validity()
        let views = try buffers.required(1, byteCount: buffers.end * 16, alignment: 4)
        let dataCount = buffers.count - 3
        let sizes = try buffers.required(buffers.count - 1, byteCount: dataCount * 8, alignment: 8)
        var offsets = MutableBuffer(byteCapacity: (buffers.end + 1) * 4)
        offsets.appendZeros((offset + 1) * 4)
        var bytes = MutableBuffer()
        for row in offset..<buffers.end {
            if let views, validity.map({ Bits.get($0, at: row) }) ?? true {
                let view = unsafe views.base + row * 16
                let length = Int(unsafe view.load(as: Int32.self))
                var source: UnsafeRawPointer? = unsafe view + 4
                if length > 12 {
                    let index = Int(unsafe view.load(fromByteOffset: 8, as: Int32.self))
                    let position = Int(unsafe view.load(fromByteOffset: 12, as: Int32.self))
                    guard let sizes, index >= 0, index < dataCount, position >= 0,
                        position + length <= Int(unsafe sizes.base.load(fromByteOffset: index * 8, as: Int64.self))
                    else { throw .foreignData("a view of column \(buffers.name) points outside its buffers") }
                    unsafe source = buffers.pointer(2 + index).map { unsafe $0 + position }
                }
                guard length >= 0, let source = unsafe source else {
                    throw .foreignData("a view of column \(buffers.name) has length \(length)")
                }
                unsafe bytes.append(UnsafeRawBufferPointer(start: source, count: length))
            }
            guard bytes.byteCount <= Int(Int32.max) else {
                throw .doesNotFit(column: buffers.name, count: bytes.byteCount)
            }
            offsets.append(Int32(truncatingIfNeeded: bytes.byteCount))
        }
        return Column(
            type: type, count: count, offset: offset, validity: validity, values: bytes.finish(),
            offsets: offsets.finish())
    }

    /// Lists of `items` values each, with offsets counted out.
    static func fromFixedSizeList(
        _ type: DataType, items: Int, count: Int, offset: Int, validity: Buffer?, child: Column
    ) throws(ColumnarError) -> Column {
        let (total, overflow) = (offset + count).multipliedReportingOverflow(by: items)
        guard !overflow, total <= child.count else {
            throw .foreignData("\(count) lists of \(items) values in \(child.count) values")
        }
        guard total <= Int(Int32.max) else { throw .doesNotFit(column: "\(type)", count: total) }
        var offsets = MutableBuffer(byteCapacity: (offset + count + 1) * 4)
        for row in 0...(offset + count) { offsets.append(Int32(truncatingIfNeeded: row * items)) }
        return Column(
            type: type, count: count, offset: offset, validity: validity, offsets: offsets.finish(), children: [child])
    }

    /// A dictionary column whose indices are known to lie in the dictionary; those of null rows may be set to 0 for that.
    static func withCheckedIndices(_ column: Column, name: String) throws(ColumnarError) -> Column {
        guard case .dictionary(let index, _, _) = column.type else { return column }
        return switch index {
        case .int8: try checked(column, Int8.self, name)
        case .uint8: try checked(column, UInt8.self, name)
        case .int16: try checked(column, Int16.self, name)
        case .uint16: try checked(column, UInt16.self, name)
        case .int32: try checked(column, Int32.self, name)
        case .uint32: try checked(column, UInt32.self, name)
        case .int64: try checked(column, Int64.self, name)
        default: try checked(column, UInt64.self, name)
        }
    }

    private static func checked<Index: FixedWidthInteger & BitwiseCopyable>(
        _ column: Column, _ type: Index.Type, _ name: String
    ) throws(ColumnarError) -> Column {
        guard let values = column.values, let dictionary = column.dictionary, column.count > 0 else { return column }
        let indices = unsafe values.base.assumingMemoryBound(to: Index.self)
        var (lowest, highest) = (Index.max, Index.min)
        for row in column.offset..<(column.offset + column.count) {
            unsafe lowest = min(lowest, indices[row])
            unsafe highest = max(highest, indices[row])
        }
        if lowest >= 0, highest < dictionary.count { return column }
        var cleaned = MutableBuffer(byteCapacity: column.count * MemoryLayout<Index>.stride)
        cleaned.appendZeros(column.offset * MemoryLayout<Index>.stride)
        for row in 0..<column.count {
            let index = unsafe indices[column.offset + row]
            if column.isNull(row) {
                cleaned.append(Index(0))
            } else {
                guard index >= 0, index < dictionary.count else {
                    throw .foreignData(
                        "column \(name) has index \(index) into a dictionary of \(dictionary.count) values")
                }
                cleaned.append(index)
            }
        }
        return Column(
            type: column.type, count: column.count, offset: column.offset, validity: column.validity,
            values: cleaned.finish(), dictionary: dictionary)
    }
}
