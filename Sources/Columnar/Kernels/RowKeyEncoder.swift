/// Turns rows of several columns into byte keys whose order as bytes is the order of the rows, and back.
///
/// Layout of a key: its parts one after another, each a flag and, unless null, a payload.
///
///     flag     0x01 a value; a null is 0x00 where nulls come first, 0x02 where they come last
///     bool     0 or 1
///     integer  big-endian, the sign bit flipped (dates, times, timestamps, durations and decimals likewise)
///     float    IEEE 754 big-endian, all bits flipped if negative, else the sign bit; -0 becomes 0, every NaN one that is last
///     interval months, days, nanoseconds as integers
///     bytes    as they are, 0x00 as 0x00 0xFF; then 0x00 0x00, so that a prefix comes first
///     list     0x01 and the item as a part, for each; then 0x00. Maps are lists of structures.
///     struct   its fields as parts
///
/// Descending parts have the bytes of their payload flipped. Dictionaries are encoded as their values.
public struct RowKeyEncoder: Sendable {
    /// How one column takes part.
    public struct Part: Sendable, Hashable {
        public var type: DataType
        public var descending: Bool
        public var nullsFirst: Bool
        public init(_ type: DataType, descending: Bool = false, nullsFirst: Bool = true) {
            (self.type, self.descending, self.nullsFirst) = (type, descending, nullsFirst)
        }
    }

    public let parts: [Part]

    public init(_ parts: [Part]) { self.parts = parts }
    /// Ascending, nulls first.
    public init(types: [DataType]) { self.init(types.map { Part($0) }) }

    /// The keys of all rows, as a column of `binary`.
    ///
    /// - Precondition: a column a part, of its type, all of one length; the keys together are below 2 GiB.
    public func encode(_ columns: [Column]) -> Column {
        precondition(columns.count == parts.count, "\(columns.count) columns for \(parts.count) parts")
        let rows = columns.first?.count ?? 0
        let writers = zip(columns, parts).map { column, part in
            precondition(column.type == part.type && column.count == rows, "a column of another type or length")
            return (part: part, writer: KeyPartWriter.make(column))
        }
        let keys = BytesColumnBuilder(.binary)
        var key = MutableBuffer(byteCapacity: 256)
        for row in 0..<rows {
            key.byteCount = 0
            for (part, writer) in writers {
                if writer.column.isNull(row) {
                    key.append(part.nullsFirst ? UInt8(0) : 2)
                    continue
                }
                key.append(UInt8(1))
                let start = key.byteCount
                writer.write(row, &key)
                if part.descending { KeyBytes.flip(&key, from: start) }
            }
            unsafe keys.append(UnsafeRawBufferPointer(start: key.start, count: key.byteCount))
        }
        return keys.finish()
    }

    /// The columns that `encode` made `keys` of, but for the sign of zeros and the bits of NaNs.
    ///
    /// - Parameter keys: a column of `binary` without nulls.
    /// - Throws: `malformedKey`, also for bytes left over.
    public func decode(_ keys: Column) throws(ColumnarError) -> [Column] {
        let view = BytesView(keys)
        let builders = parts.map { ColumnBuilder.make($0.type) }
        for row in 0..<keys.count {
            var reader = unsafe KeyPartReader(view[row])
            for (part, builder) in zip(parts, builders) { try reader.readPart(part, into: builder) }
            guard reader.isAtEnd else { throw .malformedKey("bytes left over behind \(parts.count) parts") }
        }
        return builders.map { $0.finish() }
    }
}

/// What the writers of parts share.
enum KeyBytes {
    static func flip(_ key: inout MutableBuffer, from start: Int) {
        for index in start..<key.byteCount {
            let byte = unsafe key.start + index
            unsafe byte.storeBytes(of: ~byte.load(as: UInt8.self), as: UInt8.self)
        }
    }

    @inline(__always)
    static func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, _ key: inout MutableBuffer) {
        let flipped = Value.isSigned ? value ^ (Value(1) << (Value.bitWidth - 1)) : value
        key.reserve(MemoryLayout<Value>.size)
        unsafe (key.start + key.byteCount).storeBytes(of: flipped.bigEndian, as: Value.self)
        key.byteCount += MemoryLayout<Value>.size
    }

    @inline(__always)
    static func ordered(_ value: Double) -> UInt64 {
        if value.isNaN { return .max }
        let bits = value == 0 ? 0 : value.bitPattern
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }

    static func unordered(_ bits: UInt64) -> Double {
        if bits == .max { return .nan }
        return Double(bitPattern: bits >> 63 == 1 ? bits & ~(1 << 63) : ~bits)
    }

    static func bytes(_ value: UnsafeRawBufferPointer, _ key: inout MutableBuffer) {
        var start = 0
        for index in 0..<value.count where unsafe value[index] == 0 {
            unsafe key.append(UnsafeRawBufferPointer(rebasing: value[start...index]))
            key.append(UInt8(0xff))
            start = index + 1
        }
        unsafe key.append(UnsafeRawBufferPointer(rebasing: value[start...]))
        key.append(UInt16(0))
    }
}
