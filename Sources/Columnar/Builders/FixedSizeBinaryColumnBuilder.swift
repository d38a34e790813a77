/// Builds byte strings that all have one length.
public final class FixedSizeBinaryColumnBuilder: ColumnBuilder {
    private let byteWidth: Int
    private var bytes = MutableBuffer()

    public init(byteWidth: Int) {
        self.byteWidth = byteWidth
        super.init(type: .fixedSizeBinary(byteWidth: byteWidth))
    }

    public func append(_ value: UnsafeRawBufferPointer) {
        precondition(value.count == byteWidth, "\(value.count) bytes, not \(byteWidth)")
        unsafe bytes.append(value)
        validity.appendValid()
        length += 1
    }

    public override func appendNull() {
        bytes.appendZeros(byteWidth)
        validity.appendNull(at: count)
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        switch scalar {
        case .null: appendNull()
        case .bytes(let value) where value.count == byteWidth: unsafe value.withUnsafeBytes { unsafe append($0) }
        default: throw .wrongValue("\(scalar)", type: type)
        }
    }

    public override func truncate(to newCount: Int) {
        bytes.byteCount = newCount * byteWidth
        validity.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        var taken = MutableBuffer()
        swap(&taken, &bytes)
        let (rows, nulls) = (count, validity.nullCount)
        length = 0
        return Column(type: type, count: rows, nullCount: nulls, validity: validity.finish(), values: taken.finish())
    }
}
