/// Builds booleans, a bit a value.
public final class BoolColumnBuilder: ColumnBuilder {
    @usableFromInline var bits = MutableBuffer()

    public init() { super.init(type: .bool) }

    @inlinable
    public func append(_ value: Bool) {
        push(value)
        validity.appendValid()
        length += 1
    }

    @inlinable
    func push(_ value: Bool) {
        if count & 7 == 0 { bits.append(UInt8(0)) }
        guard value else { return }
        let byte = unsafe bits.start + (count >> 3)
        unsafe byte.storeBytes(of: byte.load(as: UInt8.self) | (1 << UInt8(count & 7)), as: UInt8.self)
    }

    public override func appendNull() {
        push(false)
        validity.appendNull(at: count)
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        switch scalar {
        case .null: appendNull()
        case .bool(let value): append(value)
        default: throw .wrongValue("\(scalar)", type: type)
        }
    }

    public override func truncate(to newCount: Int) {
        guard newCount < count else { return }
        bits.byteCount = (newCount + 7) >> 3
        if newCount & 7 != 0 {
            let byte = unsafe bits.start + (newCount >> 3)
            unsafe byte.storeBytes(of: byte.load(as: UInt8.self) & ((1 << UInt8(newCount & 7)) - 1), as: UInt8.self)
        }
        validity.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        var taken = MutableBuffer()
        swap(&taken, &bits)
        let (rows, nulls) = (count, validity.nullCount)
        length = 0
        return Column(type: type, count: rows, nullCount: nulls, validity: validity.finish(), values: taken.finish())
    }
}
