internal import Base
internal import Columnar

/// `arg_max(argument, by)` and `arg_min`. Rows where either is null do not take part.
///
/// Among rows with equal `by` the least argument wins, so that the answer does not depend on the order of arrival.
final class ArgumentAccumulator: Accumulator {
    /// `by` and argument of a row, each as bytes in SQL's order.
    private struct Pair: Hashable {
        let by: [UInt8]
        let argument: [UInt8]
    }

    private let type: DataType
    private let argument: SortableBytes
    private let by: SortableBytes
    private let greatest: Bool
    private let insertOnly: Bool
    /// For inputs that only grow, one pair a slot.
    private var pairs: [[Pair: Int64]] = []
    private var held = 0

    init?(_ argument: DataType, by: DataType, greatest: Bool, insertOnly: Bool) {
        guard let argumentBytes = SortableBytes(argument), let byBytes = SortableBytes(by) else { return nil }
        type = argument
        (self.argument, self.by) = (argumentBytes, byBytes)
        self.greatest = greatest
        self.insertOnly = insertOnly
    }

    override var slotBytes: Int { 8 }
    override var heapBytes: Int { held }
    override func ensure(_ slots: Int) {
        while pairs.count < slots { pairs.append([:]) }
    }
    override func reset(_ slot: Int32) {
        for pair in pairs[Int(slot)].keys { held -= size(pair) }
        pairs[Int(slot)] = [:]
    }
    private func size(_ pair: Pair) -> Int { pair.by.count + pair.argument.count + 112 }

    private func better(_ left: Pair, _ right: Pair) -> Bool {
        if left.by == right.by { return left.argument.lexicographicallyPrecedes(right.argument) }
        return left.by.lexicographicallyPrecedes(right.by) != greatest
    }

    private func add(_ slot: Int, _ pair: Pair, _ weight: Int64) {
        if insertOnly {
            if let best = pairs[slot].keys.first {
                guard better(pair, best) else { return }
                held -= size(best)
            }
            pairs[slot] = [pair: 1]
            held += size(pair)
            return
        }
        let old = pairs[slot][pair] ?? 0
        if old == 0 { held += size(pair) }
        pairs[slot][pair] = old + weight == 0 ? nil : old + weight
        if old + weight == 0 { held -= size(pair) }
    }

    override func fold(_ input: FoldInput) {
        let weights = input.weights.map { PrimitiveView<Int64>($0) }
        let (arguments, keys) = (input.arguments[0], input.arguments[1])
        for row in 0..<input.count where !arguments.isNull(row) && !keys.isNull(row) {
            let weight = weights?[row] ?? 1
            if weight == 0 { continue }
            add(input.slot(row), Pair(by: by.encode(keys, row), argument: argument.encode(arguments, row)), weight)
        }
    }

    override func results(_ slots: [Int32]) throws -> Column {
        let builder = ColumnBuilder.make(type)
        for slot in slots {
            let best = pairs[Int(slot)].lazy.filter { $0.value > 0 }.map(\.key).min { better($0, $1) }
            if let best { try builder.append(argument.decode(best.argument)) } else { builder.appendNull() }
        }
        return builder.finish()
    }

    override func encode(_ slot: Int32, into writer: inout ByteWriter) {
        let all = pairs[Int(slot)]
        writer.unsignedVarint(UInt64(all.count))
        for (pair, weight) in all {
            BytesKey.write(BytesKey(bytes: pair.by), into: &writer)
            BytesKey.write(BytesKey(bytes: pair.argument), into: &writer)
            writer.zigzagVarint(weight)
        }
    }

    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let count = reader.unsignedVarint(), count <= UInt64(reader.remaining) else { return nil }
        reset(slot)
        for _ in 0..<count {
            guard let by = BytesKey.read(from: &reader), let argument = BytesKey.read(from: &reader),
                let weight = reader.zigzagVarint()
            else { return nil }
            add(Int(slot), Pair(by: by.bytes, argument: argument.bytes), weight)
        }
        return ()
    }
}

/// Values as bytes whose lexicographic order is SQL's.
struct SortableBytes {
    let encode: (Column, Int) -> [UInt8]
    let decode: ([UInt8]) -> Scalar

    init?(_ type: DataType) {
        func flipped<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            let wide = Value.isSigned ? value ^ Value.min : value
            return (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: wide >> (Value.bitWidth - 8 - 8 * $0)) }
        }
        func restored<Value: FixedWidthInteger>(_ bytes: [UInt8], _: Value.Type) -> Value {
            bytes.reduce(Value(0)) { ($0 << 8) | Value(truncatingIfNeeded: $1) } ^ (Value.isSigned ? Value.min : 0)
        }
        switch type {
        case .utf8, .binary:
            encode = { column, row in unsafe Array(BytesView(column)[row]) }
            decode = { type == .utf8 ? .string(String(decoding: $0, as: UTF8.self)) : .bytes($0) }
        case .decimal128:
            encode = { column, row in flipped(PrimitiveView<Int128>(column)[row]) }
            decode = { .decimal(restored($0, Int128.self)) }
        case .uint64:
            encode = { column, row in flipped(PrimitiveView<UInt64>(column)[row]) }
            decode = { .uint(restored($0, UInt64.self)) }
        default:
            guard let codec = KeyCodecs.words(type) else { return nil }
            encode = { column, row in flipped(codec.reader(column)(row)) }
            decode = { bytes in
                let key = restored(bytes, Int64.self)
                if type == .bool { return .bool(key != 0) }
                if type.isFloating { return .double(KeyCodecs.double(key)) }
                switch type {
                case .uint8, .uint16, .uint32: return .uint(UInt64(bitPattern: key))
                default: return .int(key)
                }
            }
        }
    }
}
