/// The values of a fixed-width column as numbers of one type. Null rows hold some value that means nothing.
///
/// Made once a batch; reading a row is one load. Holds the column, so that its memory stays.
@frozen @safe
public struct PrimitiveView<Value: BitwiseCopyable> {
    public let column: Column
    public let base: UnsafePointer<Value>
    public let count: Int

    /// - Precondition: the column's values are as wide as `Value`.
    @inlinable
    public init(_ column: Column, as type: Value.Type = Value.self) {
        self.column = column
        count = column.count
        switch column.type.layout {
        case .fixedWidth(let width), .dictionary(let width):
            precondition(width == MemoryLayout<Value>.stride, "values of another width")
        default: preconditionFailure("not a fixed-width column")
        }
        if let values = column.values {
            unsafe base = values.base.assumingMemoryBound(to: Value.self) + column.offset
        } else {
            precondition(column.count == 0, "a column without values")
            unsafe base = UnsafePointer(bitPattern: MemoryLayout<Value>.alignment).unsafelyUnwrapped
        }
    }

    @inlinable
    public subscript(row: Int) -> Value {
        assert(row >= 0 && row < count)
        return unsafe base[row]
    }

    @inlinable public func isNull(_ row: Int) -> Bool { column.nullCount > 0 && column.isNull(row) }
}

/// The values of a `utf8` or `binary` column as bytes.
@frozen @safe
public struct BytesView {
    public let column: Column
    public let offsets: UnsafePointer<Int32>
    public let bytes: UnsafeRawPointer
    public let count: Int

    @inlinable
    public init(_ column: Column) {
        precondition(column.type.layout == .variableBytes, "not a column of strings or bytes")
        self.column = column
        count = column.count
        if let buffer = column.offsets {
            unsafe offsets = buffer.base.assumingMemoryBound(to: Int32.self) + column.offset
        } else {
            precondition(column.count == 0, "a column without offsets")
            unsafe offsets = UnsafePointer(bitPattern: 4).unsafelyUnwrapped
        }
        unsafe bytes = column.values?.base ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    }

    /// The bytes of one value, good for as long as the column.
    @inlinable
    public subscript(row: Int) -> UnsafeRawBufferPointer {
        assert(row >= 0 && row < count)
        let start = Int(unsafe offsets[row])
        return unsafe UnsafeRawBufferPointer(start: bytes + start, count: Int(offsets[row + 1]) - start)
    }

    public func string(_ row: Int) -> String { unsafe String(decoding: self[row], as: UTF8.self) }
    @inlinable public func isNull(_ row: Int) -> Bool { column.nullCount > 0 && column.isNull(row) }
}

/// The values of a `bool` column.
@frozen @safe
public struct BoolView {
    public let column: Column
    public let count: Int

    @inlinable
    public init(_ column: Column) {
        precondition(column.type == .bool, "not a column of booleans")
        self.column = column
        count = column.count
    }

    @inlinable
    public subscript(row: Int) -> Bool {
        assert(row >= 0 && row < count)
        return unsafe Bits.get(column.values.unsafelyUnwrapped, at: column.offset + row)
    }

    @inlinable public func isNull(_ row: Int) -> Bool { column.nullCount > 0 && column.isNull(row) }
}
