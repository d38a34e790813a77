/// The values of one field of a record batch, in Arrow's memory layout; never changed once made.
///
/// Which buffers are there follows from the type's layout:
/// - `values`: fixed-width values, bits, dictionary indices, or the bytes of `utf8` and `binary`.
/// - `offsets`: 32-bit offsets of variable-width values and lists; `offsets[offset ... offset + count]` are this column's.
/// - `children`: of lists, structures and maps. Row `r` of a structure is row `offset + r`
///   of each child, so that slices share the children.
///
/// A slice shares its buffers and differs in `offset` and `count`.
@safe
public final class Column: Sendable {
    public let type: DataType
    public let count: Int
    /// The first value's number in the buffers.
    public let offset: Int
    public let nullCount: Int
    /// A bit a value, lowest first, 1 where there is a value; nil where there are no nulls.
    public let validity: Buffer?
    public let values: Buffer?
    public let offsets: Buffer?
    public let children: [Column]
    public let dictionary: Column?

    /// - Parameter nullCount: how many of the `count` values from `offset` are null; nil to have them counted.
    public init(
        type: DataType, count: Int, offset: Int = 0, nullCount: Int? = nil, validity: Buffer? = nil,
        values: Buffer? = nil,
        offsets: Buffer? = nil, children: [Column] = [], dictionary: Column? = nil
    ) {
        self.type = type
        self.count = count
        self.offset = offset
        if case .empty = type.layout {
            self.nullCount = count
        } else if let validity {
            self.nullCount = nullCount ?? (count - Bits.count(validity, from: offset, count: count))
        } else {
            self.nullCount = 0
        }
        self.validity = self.nullCount == 0 ? nil : validity
        self.values = values
        self.offsets = offsets
        self.children = children
        self.dictionary = dictionary
    }

    @inlinable
    public func isNull(_ row: Int) -> Bool {
        precondition(row >= 0 && row < count)
        guard let validity else { return nullCount > 0 }
        return !Bits.get(validity, at: offset + row)
    }

    /// The rows of `range`, sharing this column's memory.
    public func slice(_ range: Range<Int>) -> Column {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        if range.count == count { return self }
        return Column(
            type: type, count: range.count, offset: offset + range.lowerBound, validity: validity, values: values,
            offsets: offsets, children: children, dictionary: dictionary)
    }

    /// Bytes of memory that the buffers of this column hold, whether or not others share them.
    public var byteCount: Int {
        (validity?.byteCount ?? 0) + (values?.byteCount ?? 0) + (offsets?.byteCount ?? 0)
            + children.reduce(0) { $0 + $1.byteCount } + (dictionary?.byteCount ?? 0)
    }
}

/// Bitmaps, lowest bit first, as Arrow keeps validity and booleans.
public enum Bits {
    @inlinable
    public static func get(_ bits: Buffer, at index: Int) -> Bool {
        unsafe bits.base.load(fromByteOffset: index >> 3, as: UInt8.self) & (1 &<< UInt8(truncatingIfNeeded: index & 7))
            != 0
    }

    @inlinable
    public static func get(_ bits: UnsafeRawPointer, at index: Int) -> Bool {
        unsafe bits.load(fromByteOffset: index >> 3, as: UInt8.self) & (1 &<< UInt8(truncatingIfNeeded: index & 7)) != 0
    }

    /// How many of `count` bits from `start` are 1.
    public static func count(_ bits: Buffer, from start: Int, count: Int) -> Int {
        var index = start
        let end = start + count
        var total = 0
        while index < end, index & 63 != 0 {
            total += get(bits, at: index) ? 1 : 0
            index += 1
        }
        while index + 64 <= end {
            total += unsafe bits.base.loadUnaligned(fromByteOffset: index >> 3, as: UInt64.self).nonzeroBitCount
            index += 64
        }
        while index < end {
            total += get(bits, at: index) ? 1 : 0
            index += 1
        }
        return total
    }
}
