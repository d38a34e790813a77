extension RecordBatch {
    /// A 64-bit hash a row of some columns, for hash tables and for spreading rows over workers.
    ///
    /// Equal rows have equal hashes, whatever their slices, dictionaries or integer widths; 0 and -0, and all NaNs, count as
    /// equal, as `RowKeyEncoder` has it. The same in every run and on every machine: stored state may depend on it.
    public func rowHashes(_ columns: [Int], seed: UInt64 = 0) -> [UInt64] {
        var hashes = [UInt64](repeating: seed ^ RowHash.first, count: count)
        for index in columns {
            let values = columns.isEmpty ? [] : self.columns[index].valueHashes()
            for row in 0..<count { hashes[row] = RowHash.mix(hashes[row] ^ values[row]) }
        }
        return hashes
    }
}

/// The mixing of hashes: a 64 by 64 bit product folded, as wyhash does.
@frozen
public enum RowHash {
    @inlinable static var first: UInt64 { 0xa076_1d64_78bd_642f }
    @inlinable static var second: UInt64 { 0xe703_7ed1_a0b4_28db }
    /// What a null is taken for.
    @inlinable static var null: UInt64 { 0x8ebc_6af0_9c88_c6e3 }

    @inlinable
    public static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ first).multipliedFullWidth(by: second)
        return product.high ^ product.low
    }

    /// Bytes, eight at a time; the length goes in, so that a prefix differs.
    @inlinable
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: bytes.count) &* second
        var index = 0
        while index + 8 <= bytes.count {
            hash = unsafe mix(hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = unsafe rest &<< 8 | UInt64(bytes[index])
            index += 1
        }
        return mix(hash ^ rest)
    }

    @inlinable
    static func canonical(_ value: Double) -> UInt64 {
        if value == 0 { return 0 }
        return value.isNaN ? Double.nan.bitPattern : value.bitPattern
    }
}

extension Column {
    /// A number a row that equal values share.
    func valueHashes() -> [UInt64] {
        var hashes = rawHashes()
        guard nullCount > 0 else { return hashes }
        for row in 0..<count where isNull(row) { hashes[row] = RowHash.null }
        return hashes
    }

    private func integers<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> [UInt64] {
        let view = PrimitiveView<Value>(self)
        return unsafe [UInt64](unsafeUninitializedCapacity: count) { target, written in
            for row in 0..<view.count { unsafe target[row] = UInt64(truncatingIfNeeded: view[row]) }
            written = view.count
        }
    }

    private func rawHashes() -> [UInt64] {
        switch type {
        case .null: return [UInt64](repeating: RowHash.null, count: count)
        case .bool:
            let view = BoolView(self)
            return (0..<count).map { view[$0] ? 1 : 0 }
        case .int8: return integers(Int8.self)
        case .uint8: return integers(UInt8.self)
        case .int16: return integers(Int16.self)
        case .uint16: return integers(UInt16.self)
        case .int32, .date32, .time32: return integers(Int32.self)
        case .uint32: return integers(UInt32.self)
        case .int64, .date64, .time64, .timestamp, .duration: return integers(Int64.self)
        case .uint64: return integers(UInt64.self)
        case .float16:
            let view = PrimitiveView<UInt16>(self)
            return (0..<count).map { RowHash.canonical(HalfFloat.number(view[$0])) }
        case .float32:
            let view = PrimitiveView<Float>(self)
            return (0..<count).map { RowHash.canonical(Double(view[$0])) }
        case .float64:
            let view = PrimitiveView<Double>(self)
            return (0..<count).map { RowHash.canonical(view[$0]) }
        case .decimal128:
            let view = PrimitiveView<Int128>(self)
            return (0..<count).map { row in
                let (low, high) = (UInt64(truncatingIfNeeded: view[row]), Int64(truncatingIfNeeded: view[row] >> 64))
                // Decimals that fit 64 bits hash as integers do.
                return high == Int64(bitPattern: low) >> 63 ? low : low ^ RowHash.mix(UInt64(bitPattern: high))
            }
        case .intervalMonthDayNano, .fixedSizeBinary: return (0..<count).map { unsafe RowHash.of(fixedWidthBytes($0)) }
        case .utf8, .binary:
            let view = BytesView(self)
            return (0..<count).map { unsafe RowHash.of(view[$0]) }
        case .list, .map:
            guard count > 0 else { return [] }
            let from = itemRange(0).lowerBound
            let items = children[0].slice(from..<itemRange(count - 1).upperBound).valueHashes()
            return (0..<count).map { row in
                let range = itemRange(row)
                var hash = UInt64(truncatingIfNeeded: range.count)
                for item in range { hash = RowHash.mix(hash ^ items[item - from]) }
                return hash
            }
        case .structure:
            var hashes = [UInt64](repeating: 0, count: count)
            for child in children {
                let values = child.slice(offset..<(offset + count)).valueHashes()
                for row in 0..<count { hashes[row] = RowHash.mix(hashes[row] ^ values[row]) }
            }
            return hashes
        case .dictionary:
            guard let dictionary else { return [UInt64](repeating: RowHash.null, count: count) }
            let entries = dictionary.valueHashes()
            return (0..<count).map { isNull($0) ? RowHash.null : entries[dictionaryIndex($0)] }
        }
    }
}
