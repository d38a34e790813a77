internal import Base
internal import Columnar

/// Writes the key columns of every row as one string of bytes that are equal exactly where the keys are, and hashes it.
///
/// Layout of a key: for a windowed key first the window, 8 bytes, big-endian with the sign flipped, so that stored keys
/// of a window stand together; then a column after another: a byte 0 (null) or 1, then the value: fixed-width values
/// little-endian, strings and bytes as a 32-bit length and the bytes. The buffers are reused from batch to batch.
@safe
final class KeyEncoder {
    let types: [DataType]
    let hasWindow: Bool
    private(set) var bytes: UnsafeMutableRawPointer
    private var bytesCapacity = 1 << 16
    /// Where each row's key begins; one more than rows.
    private(set) var offsets: UnsafeMutablePointer<Int32>
    private(set) var hashes: UnsafeMutablePointer<UInt64>
    private var cursors: UnsafeMutablePointer<Int32>
    private var rowCapacity = 1 << 13

    init(types: [DataType], hasWindow: Bool) {
        self.types = types
        self.hasWindow = hasWindow
        unsafe bytes = .allocate(byteCount: bytesCapacity, alignment: 16)
        unsafe offsets = .allocate(capacity: rowCapacity + 1)
        unsafe hashes = .allocate(capacity: rowCapacity)
        unsafe cursors = .allocate(capacity: rowCapacity)
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe offsets.deallocate()
        unsafe hashes.deallocate()
        unsafe cursors.deallocate()
    }

    static func supports(_ type: DataType) -> Bool {
        switch type.layout {
        case .bits, .fixedWidth, .variableBytes: type != .intervalMonthDayNano
        default: false
        }
    }

    @inline(__always)
    func key(_ row: Int) -> UnsafeRawBufferPointer {
        let start = unsafe Int(offsets[row])
        return unsafe UnsafeRawBufferPointer(start: bytes + start, count: Int(offsets[row + 1]) - start)
    }

    @inline(__always)
    func hash(_ row: Int) -> UInt64 { unsafe hashes[row] }

    /// - Parameter windows: the window of each row, where keys have one.
    func encode(_ columns: [Column], windows: Column?, count: Int) {
        reserve(rows: count)
        measure(columns, windows: windows, count: count)
        if let windows {
            let view = PrimitiveView<Int64>(windows)
            for row in 0..<count {
                let flipped = UInt64(bitPattern: view[row] ^ Int64.min).bigEndian
                unsafe (bytes + Int(cursors[row])).storeBytes(of: flipped, as: UInt64.self)
                unsafe cursors[row] &+= 8
            }
        }
        for (column, type) in zip(columns, types) { write(column, type, count) }
        for row in 0..<count {
            let start = unsafe Int(offsets[row])
            unsafe hashes[row] = Hashing.hash(bytes + start, Int(offsets[row + 1]) - start)
        }
    }

    private func reserve(rows: Int) {
        guard rows > rowCapacity else { return }
        rowCapacity = rows
        unsafe offsets.deallocate()
        unsafe hashes.deallocate()
        unsafe cursors.deallocate()
        unsafe offsets = .allocate(capacity: rows + 1)
        unsafe hashes = .allocate(capacity: rows)
        unsafe cursors = .allocate(capacity: rows)
    }

    /// Finds where each key begins and makes room for all.
    private func measure(_ columns: [Column], windows: Column?, count: Int) {
        var fixed = windows == nil ? 0 : 8
        var nullableFixed: [(Column, Int32)] = []
        for (column, type) in zip(columns, types) {
            switch type.layout {
            case .variableBytes: fixed += 5
            case .fixedWidth(let width):
                fixed += 1 + width
                if column.nullCount > 0 { nullableFixed.append((column, Int32(width))) }
            default:
                fixed += 2
                if column.nullCount > 0 { nullableFixed.append((column, 1)) }
            }
        }
        let size = Int32(fixed)
        let lengths = unsafe cursors
        for row in 0..<count { unsafe lengths[row] = size }
        for (column, type) in zip(columns, types) where type.layout == .variableBytes {
            let view = BytesView(column)
            if column.nullCount > 0 {
                for row in 0..<count {
                    if view.isNull(row) {
                        unsafe lengths[row] &-= 4
                    } else {
                        unsafe lengths[row] &+= Int32(view[row].count)
                    }
                }
            } else {
                for row in 0..<count { unsafe lengths[row] &+= Int32(truncatingIfNeeded: view[row].count) }
            }
        }
        for (column, width) in nullableFixed {
            for row in 0..<count where column.isNull(row) { unsafe lengths[row] &-= width }
        }
        var total: Int32 = 0
        for row in 0..<count {
            let length = unsafe lengths[row]
            unsafe offsets[row] = total
            unsafe lengths[row] = total
            total += length
        }
        unsafe offsets[count] = total
        if Int(total) + 16 > bytesCapacity {
            bytesCapacity = Int(total) * 2 + 16
            unsafe bytes.deallocate()
            unsafe bytes = .allocate(byteCount: bytesCapacity, alignment: 16)
        }
    }

    private func write(_ column: Column, _ type: DataType, _ count: Int) {
        switch type {
        case .bool:
            let view = BoolView(column)
            unsafe each(column, count) { row, target in
                unsafe target.storeBytes(of: view[row] ? 1 : 0, as: UInt8.self)
                return 1
            }
        case .float32:
            let view = PrimitiveView<Float>(column)
            unsafe each(column, count) { row, target in
                let value = view[row]
                unsafe target.storeBytes(
                    of: value.isNaN ? Float.nan.bitPattern : (value + 0).bitPattern, as: UInt32.self)
                return 4
            }
        case .float64:
            // -0 and 0 are one key, and so are all NaNs.
            let view = PrimitiveView<Double>(column)
            unsafe each(column, count) { row, target in
                let value = view[row]
                unsafe target.storeBytes(
                    of: value.isNaN ? Double.nan.bitPattern : (value + 0).bitPattern, as: UInt64.self)
                return 8
            }
        case .utf8, .binary:
            let view = BytesView(column)
            unsafe each(column, count) { row, target in
                let value = unsafe view[row]
                let length = value.count
                unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: length), as: UInt32.self)
                if let source = value.baseAddress { unsafe Self.copy(source, length, to: target + 4) }
                return 4 + length
            }
        default:
            guard case .fixedWidth(let width) = type.layout else { preconditionFailure("not a type of keys") }
            switch width {
            case 1: fixed(column, count, UInt8.self)
            case 2: fixed(column, count, UInt16.self)
            case 4: fixed(column, count, UInt32.self)
            case 8: fixed(column, count, UInt64.self)
            case 16: fixed(column, count, UInt128.self)
            default:
                guard let values = column.values else { return }
                unsafe each(column, count) { row, target in
                    unsafe target.copyMemory(from: values.base + (column.offset + row) * width, byteCount: width)
                    return width
                }
            }
        }
    }

    /// Short strings are copied in line, for a call costs more than they do.
    @inline(__always)
    private static func copy(_ source: UnsafeRawPointer, _ length: Int, to target: UnsafeMutableRawPointer) {
        if length >= 16 {
            unsafe target.copyMemory(from: source, byteCount: length)
            return
        }
        if length >= 8 {
            unsafe target.storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
            unsafe (target + length - 8).storeBytes(
                of: (source + length - 8).loadUnaligned(as: UInt64.self), as: UInt64.self)
        } else if length >= 4 {
            unsafe target.storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self)
            unsafe (target + length - 4).storeBytes(
                of: (source + length - 4).loadUnaligned(as: UInt32.self), as: UInt32.self)
        } else {
            for index in 0..<length {
                unsafe target.storeBytes(
                    of: source.load(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
            }
        }
    }

    private func fixed<Value: BitwiseCopyable>(_ column: Column, _ count: Int, _: Value.Type) {
        let view = PrimitiveView<Value>(column)
        unsafe each(column, count) { row, target in
            unsafe target.storeBytes(of: view[row], as: Value.self)
            return MemoryLayout<Value>.size
        }
    }

    @inline(__always)
    private func each(_ column: Column, _ count: Int, _ body: (Int, UnsafeMutableRawPointer) -> Int) {
        let (bytes, cursors) = unsafe (self.bytes, self.cursors)
        if column.nullCount > 0 {
            for row in 0..<count {
                let target = unsafe bytes + Int(cursors[row])
                if column.isNull(row) {
                    unsafe target.storeBytes(of: 0, as: UInt8.self)
                    unsafe cursors[row] &+= 1
                } else {
                    unsafe target.storeBytes(of: 1, as: UInt8.self)
                    unsafe cursors[row] &+= 1 &+ Int32(truncatingIfNeeded: body(row, target + 1))
                }
            }
        } else {
            for row in 0..<count {
                let target = unsafe bytes + Int(cursors[row])
                unsafe target.storeBytes(of: 1, as: UInt8.self)
                unsafe cursors[row] &+= 1 &+ Int32(truncatingIfNeeded: body(row, target + 1))
            }
        }
    }
}

/// Reads keys back into columns.
struct KeyDecoder {
    let types: [DataType]
    let hasWindow: Bool

    static func window(of key: UnsafeRawBufferPointer) -> Int64 {
        Int64(bitPattern: UInt64(bigEndian: unsafe key.loadUnaligned(as: UInt64.self))) ^ Int64.min
    }

    /// Appends one key to a builder a column.
    func append(_ key: UnsafeRawBufferPointer, to builders: [ColumnBuilder]) throws {
        var reader = unsafe ByteReader(key)
        if hasWindow { _ = reader.skip(8) }
        for (type, builder) in zip(types, builders) {
            guard let tag = reader.littleEndian(UInt8.self) else { throw Self.damaged }
            if tag == 0 {
                builder.appendNull()
                continue
            }
            switch builder {
            case let bytes as BytesColumnBuilder:
                guard let length = reader.littleEndian(UInt32.self), let value = unsafe reader.take(Int(length)) else {
                    throw Self.damaged
                }
                unsafe bytes.append(value)
            case let flags as BoolColumnBuilder:
                guard let value = reader.littleEndian(UInt8.self) else { throw Self.damaged }
                flags.append(value != 0)
            case let fixed as FixedSizeBinaryColumnBuilder:
                guard case .fixedSizeBinary(let width) = type, let value = unsafe reader.take(width) else {
                    throw Self.damaged
                }
                unsafe fixed.append(value)
            case let values as PrimitiveColumnBuilder<Int8>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<UInt8>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<Int16>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<UInt16>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<Int32>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<UInt32>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<Int64>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<UInt64>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<Int128>: try Self.append(&reader, values)
            case let values as PrimitiveColumnBuilder<Float>:
                guard let bits = reader.littleEndian(UInt32.self) else { throw Self.damaged }
                values.append(Float(bitPattern: bits))
            case let values as PrimitiveColumnBuilder<Double>:
                guard let bits = reader.littleEndian(UInt64.self) else { throw Self.damaged }
                values.append(Double(bitPattern: bits))
            default: throw Self.damaged
            }
        }
    }

    private static func append<Value: FixedWidthInteger & BitwiseCopyable>(
        _ reader: inout ByteReader, _ builder: PrimitiveColumnBuilder<Value>
    ) throws {
        guard let value = reader.littleEndian(Value.self) else { throw damaged }
        builder.append(value)
    }

    private static var damaged: StreamingError {
        .stateDamaged(directory: "the job", problem: "a key that ends too early")
    }
}
