/// Builds strings and byte strings. At most 2 GiB of bytes a column, as 32-bit offsets allow.
public final class BytesColumnBuilder: ColumnBuilder {
    @usableFromInline var offsets = MutableBuffer(byteCapacity: 64)
    @usableFromInline var bytes = MutableBuffer()

    public init(_ type: DataType) {
        precondition(type.layout == .variableBytes, "\(type) is not a type of bytes")
        super.init(type: type)
        offsets.append(Int32(0))
    }

    /// Bytes of all values so far, so that callers can end a batch before it grows too large.
    @inlinable public var byteCount: Int { bytes.byteCount }

    @inlinable
    public func append(_ value: UnsafeRawBufferPointer) {
        unsafe bytes.append(value)
        precondition(bytes.byteCount <= Int(Int32.max), "more than 2 GiB of bytes in one column")
        offsets.append(Int32(truncatingIfNeeded: bytes.byteCount))
        validity.appendValid()
        length += 1
    }

    @inlinable
    public func append(_ value: String) {
        var copy = value
        copy.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    public override func appendNull() {
        offsets.append(Int32(truncatingIfNeeded: bytes.byteCount))
        validity.appendNull(at: count)
        length += 1
    }

    public override func append(_ scalar: Scalar) throws(ColumnarError) {
        switch scalar {
        case .null: appendNull()
        case .string(let value) where type == .utf8: append(value)
        case .bytes(let value): unsafe value.withUnsafeBytes { unsafe append($0) }
        default: throw .wrongValue("\(scalar)", type: type)
        }
    }

    public override func truncate(to newCount: Int) {
        offsets.byteCount = (newCount + 1) * 4
        bytes.byteCount = Int(unsafe (offsets.start + newCount * 4).load(as: Int32.self))
        validity.truncate(to: newCount)
        length = newCount
    }

    public override func finish() -> Column {
        var takenOffsets = MutableBuffer(byteCapacity: 64)
        var takenBytes = MutableBuffer()
        takenOffsets.append(Int32(0))
        swap(&takenOffsets, &offsets)
        swap(&takenBytes, &bytes)
        let (rows, nulls) = (count, validity.nullCount)
        length = 0
        return Column(
            type: type, count: rows, nullCount: nulls, validity: validity.finish(), values: takenBytes.finish(),
            offsets: takenOffsets.finish())
    }
}
