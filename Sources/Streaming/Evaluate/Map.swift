internal import Columnar

/// Row-by-row kernels over fixed-width columns. `body` is inlined into the loop; it reports faults through its last
/// argument, which matter only where no argument is null.
enum Map {
    @inline(__always)
    static func unary<A: BitwiseCopyable, R: BitwiseCopyable>(
        _ arguments: [Column], _ frame: Frame, _ type: DataType, _ a: A.Type, _ r: R.Type,
        _ body: (A, inout RowFault) -> R
    ) -> Column {
        let count = frame.count
        let input = PrimitiveView<A>(arguments[0])
        let output = FixedOutput<R>(count: count)
        var faults = FaultCollector()
        for row in 0..<count {
            output[row] = body(input[row], &faults.current)
            if faults.current != .none { faults.note(row) }
        }
        return finish(arguments, frame, type, output, faults)
    }

    @inline(__always)
    static func binary<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
        _ arguments: [Column], _ frame: Frame, _ type: DataType, _ a: A.Type, _ b: B.Type, _ r: R.Type,
        _ body: (A, B, inout RowFault) -> R
    ) -> Column {
        let count = frame.count
        let (left, right) = (PrimitiveView<A>(arguments[0]), PrimitiveView<B>(arguments[1]))
        let output = FixedOutput<R>(count: count)
        var faults = FaultCollector()
        for row in 0..<count {
            output[row] = body(left[row], right[row], &faults.current)
            if faults.current != .none { faults.note(row) }
        }
        return finish(arguments, frame, type, output, faults)
    }

    private static func finish<R: BitwiseCopyable>(
        _ arguments: [Column], _ frame: Frame, _ type: DataType, _ output: consuming FixedOutput<R>,
        _ faults: FaultCollector
    ) -> Column {
        let validity = faults.settle(arguments, frame)
        return Column(type: type, count: frame.count, validity: validity, values: output.finish())
    }

    /// A comparison, or any test of two values.
    @inline(__always)
    static func test<A: BitwiseCopyable>(
        _ arguments: [Column], _ frame: Frame, _ a: A.Type, _ body: (A, A) -> Bool
    ) -> Column {
        let count = frame.count
        let (left, right) = (PrimitiveView<A>(arguments[0]), PrimitiveView<A>(arguments[1]))
        let output = FixedOutput<UInt8>(count: (count + 7) / 8)
        var row = 0
        var byteIndex = 0
        while row < count {
            var byte: UInt8 = 0
            let end = min(8, count - row)
            for bit in 0..<end where body(left[row + bit], right[row + bit]) {
                byte |= 1 &<< UInt8(truncatingIfNeeded: bit)
            }
            output[byteIndex] = byte
            byteIndex += 1
            row += 8
        }
        return Column(
            type: .bool, count: count, validity: Nulls.intersection(arguments, count: count), values: output.finish())
    }

    /// Any function, a row at a time, for results that are not fixed-width or kernels that are not hot. Rows with a
    /// null argument give null.
    static func rows(
        _ arguments: [Column], _ frame: Frame, _ type: DataType,
        _ body: (Int, ColumnBuilder, inout RowFault) -> Void
    ) -> Column {
        let builder = ColumnBuilder.make(type)
        let nullable = arguments.contains { $0.nullCount > 0 }
        for row in 0..<frame.count {
            if nullable && arguments.contains(where: { $0.isNull(row) }) {
                builder.appendNull()
                continue
            }
            var fault = RowFault.none
            body(row, builder, &fault)
            if fault != .none {
                builder.truncate(to: row)
                builder.appendNull()
                if fault != .null { frame.fail(row, fault) }
            }
        }
        return builder.finish()
    }
}

/// Collects the rows of a kernel that failed or turned out null.
struct FaultCollector {
    var current = RowFault.none
    private var rows: [(row: Int32, fault: RowFault)] = []

    @inline(never)
    mutating func note(_ row: Int) {
        rows.append((Int32(row), current))
        current = .none
    }

    mutating func fail(_ row: Int, _ fault: RowFault) { rows.append((Int32(row), fault)) }

    /// Hands the faults of rows without null arguments to the frame, and gives the result's validity.
    func settle(_ arguments: [Column], _ frame: Frame) -> Buffer? {
        let validity = Nulls.intersection(arguments, count: frame.count)
        if rows.isEmpty { return validity }
        let bits = BitOutput(count: frame.count, ones: true)
        if let validity { bits.intersect(validity, offset: 0) }
        for (row, fault) in rows where bits.get(Int(row)) {
            bits.clear(Int(row))
            if fault != .null { frame.fail(Int(row), fault) }
        }
        return bits.finish()
    }
}
