extension RecordBatch {
    /// The rows whose numbers are given, in that order, any of them any number of times.
    ///
    /// - Parameter rows: row numbers; -1 stands for a row of nulls, as outer joins need.
    public func take(_ rows: Span<Int32>) -> RecordBatch {
        RecordBatch(schema: schema, columns: columns.map { $0.take(rows) }, count: rows.count)
    }

    /// The rows where `mask`, a column of booleans, is true; null counts as false.
    public func filter(_ mask: Column) -> RecordBatch {
        precondition(mask.count == count, "a mask of \(mask.count) rows for \(count)")
        let rows = mask.trueRows()
        return rows.count == count ? self : take(rows.span)
    }
}

extension Column {
    /// The values of the rows whose numbers are given, in that order.
    ///
    /// - Parameter rows: row numbers; -1 gives a null.
    /// - Precondition: bytes and list items of the result stay below 2 GiB.
    public func take(_ rows: Span<Int32>) -> Column {
        var (lowest, highest) = (Int32.max, Int32.min)
        for index in rows.indices {
            lowest = min(lowest, unsafe rows[unchecked: index])
            highest = max(highest, unsafe rows[unchecked: index])
        }
        if rows.count == 0 { return slice(0..<0) }
        precondition(lowest >= -1, "row \(lowest)")
        precondition(highest < count, "row \(highest) of \(count)")
        if highest < 0 { return .nulls(type, count: rows.count) }
        let (validity, nullCount) = takenValidity(rows, withNulls: lowest < 0)
        switch type.layout {
        case .empty: return Column(type: type, count: rows.count)
        case .bits:
            return Column(
                type: type, count: rows.count, nullCount: nullCount, validity: validity, values: takenBits(rows))
        case .fixedWidth(let width), .dictionary(let width):
            return Column(
                type: type, count: rows.count, nullCount: nullCount, validity: validity,
                values: takenValues(rows, byteWidth: width), dictionary: dictionary)
        case .variableBytes:
            let (offsets, values) = takenBytes(rows)
            return Column(
                type: type, count: rows.count, nullCount: nullCount, validity: validity, values: values,
                offsets: offsets)
        case .list:
            let (offsets, items) = takenItems(rows)
            return Column(
                type: type, count: rows.count, nullCount: nullCount, validity: validity, offsets: offsets,
                children: [children[0].take(items.span)])
        case .structure:
            var shifted: [Int32] = []
            if offset > 0 {
                shifted.reserveCapacity(rows.count)
                for index in rows.indices { shifted.append(rows[index] < 0 ? -1 : rows[index] + Int32(offset)) }
            }
            return Column(
                type: type, count: rows.count, nullCount: nullCount, validity: validity,
                children: children.map { offset > 0 ? $0.take(shifted.span) : $0.take(rows) })
        }
    }

    /// `count` nulls.
    public static func nulls(_ type: DataType, count: Int) -> Column {
        let builder = ColumnBuilder.make(type)
        for _ in 0..<count { builder.appendNull() }
        return builder.finish()
    }

    /// The numbers of the rows that are true, of a column of booleans.
    public func trueRows() -> [Int32] {
        precondition(type == .bool, "not a column of booleans")
        guard let values else { return [] }
        var rows: [Int32] = []
        rows.reserveCapacity(Bits.count(values, from: offset, count: count))
        var row = 0
        while row < count {
            let step = min(56, count - row)
            var word = unsafe Bits.chunk(values.base, byteCount: values.byteCount, from: offset + row, count: step)
            if let validity {
                word &= unsafe Bits.chunk(
                    validity.base, byteCount: validity.byteCount, from: offset + row, count: step)
            }
            while word != 0 {
                rows.append(Int32(truncatingIfNeeded: row + word.trailingZeroBitCount))
                word &= word &- 1
            }
            row += step
        }
        return rows
    }

    private func takenValidity(_ rows: Span<Int32>, withNulls: Bool) -> (Buffer?, Int) {
        guard withNulls || nullCount > 0 else { return (nil, 0) }
        let bits = Bits.zeroed(rows.count)
        var valid = 0
        for index in rows.indices {
            let row = Int(unsafe rows[unchecked: index])
            guard row >= 0, validity.map({ Bits.get($0, at: offset + row) }) ?? true else { continue }
            unsafe Bits.setOne(bits.start, at: index)
            valid += 1
        }
        return (bits.finish(), rows.count - valid)
    }

    private func takenBits(_ rows: Span<Int32>) -> Buffer {
        let bits = Bits.zeroed(rows.count)
        guard let values else { return bits.finish() }
        for index in rows.indices {
            let row = max(0, Int(unsafe rows[unchecked: index]))
            if Bits.get(values, at: offset + row) { unsafe Bits.setOne(bits.start, at: index) }
        }
        return bits.finish()
    }

    private func takenValues(_ rows: Span<Int32>, byteWidth: Int) -> Buffer {
        var taken = MutableBuffer(byteCapacity: rows.count * byteWidth)
        guard let values, byteWidth > 0 else { return taken.finish() }
        let source = unsafe values.base + offset * byteWidth
        taken.byteCount = rows.count * byteWidth
        switch byteWidth {
        case 1: unsafe Column.gather(UInt8.self, source, rows, taken.start)
        case 2: unsafe Column.gather(UInt16.self, source, rows, taken.start)
        case 4: unsafe Column.gather(UInt32.self, source, rows, taken.start)
        case 8 where Int(bitPattern: source) & 7 == 0: unsafe Column.gather(UInt64.self, source, rows, taken.start)
        case 16 where Int(bitPattern: source) & 7 == 0:
            unsafe Column.gather(MonthDayNano.self, source, rows, taken.start)
        default:
            for index in rows.indices {
                let row = max(0, Int(unsafe rows[unchecked: index]))
                unsafe (taken.start + index * byteWidth).copyMemory(
                    from: source + row * byteWidth, byteCount: byteWidth)
            }
        }
        return taken.finish()
    }

    @inline(__always)
    private static func gather<Value: BitwiseCopyable>(
        _ type: Value.Type, _ source: UnsafeRawPointer, _ rows: Span<Int32>, _ target: UnsafeMutableRawPointer
    ) {
        let stride = MemoryLayout<Value>.stride
        for index in rows.indices {
            let row = max(0, Int(unsafe rows[unchecked: index]))
            let value = unsafe source.loadUnaligned(fromByteOffset: row &* stride, as: Value.self)
            unsafe target.storeBytes(of: value, toByteOffset: index &* stride, as: Value.self)
        }
    }

    private func takenBytes(_ rows: Span<Int32>) -> (offsets: Buffer, values: Buffer) {
        let view = BytesView(self)
        var offsets = MutableBuffer(byteCapacity: (rows.count + 1) * 4)
        offsets.append(Int32(0))
        var total = 0
        for index in rows.indices {
            let row = Int(unsafe rows[unchecked: index])
            if row >= 0 { unsafe total += Int(view.offsets[row + 1] - view.offsets[row]) }
            offsets.append(Int32(truncatingIfNeeded: total))
        }
        precondition(total <= Int(Int32.max), "more than 2 GiB of bytes in one column")
        var values = MutableBuffer(byteCapacity: total)
        for index in rows.indices {
            let row = Int(unsafe rows[unchecked: index])
            if row >= 0 { unsafe values.append(view[row]) }
        }
        return (offsets.finish(), values.finish())
    }

    /// The offsets of the taken lists, and the numbers of their items.
    private func takenItems(_ rows: Span<Int32>) -> (offsets: Buffer, items: [Int32]) {
        var offsets = MutableBuffer(byteCapacity: (rows.count + 1) * 4)
        offsets.append(Int32(0))
        var items: [Int32] = []
        for index in rows.indices {
            let row = Int(unsafe rows[unchecked: index])
            if row >= 0, !isNull(row) {
                let range = itemRange(row)
                items.append(contentsOf: Int32(range.lowerBound)..<Int32(range.upperBound))
                precondition(items.count <= Int(Int32.max), "more than 2^31 items in one column")
            }
            offsets.append(Int32(items.count))
        }
        return (offsets.finish(), items)
    }
}

extension Bits {
    @inline(__always)
    static func setOne(_ bits: UnsafeMutableRawPointer, at index: Int) {
        let byte = unsafe bits + (index >> 3)
        unsafe byte.storeBytes(
            of: byte.load(as: UInt8.self) | (1 &<< UInt8(truncatingIfNeeded: index & 7)), as: UInt8.self)
    }
}
