internal import Base
internal import Columnar

/// Keeps every value of a group with its weight, for answers that need them all: quantiles, distinct counts, and minima
/// of inputs that take rows back.
final class BagAccumulator<Key: OrderedKey>: Accumulator {
    /// The answer out of a group's values in order, none of weight 0.
    typealias Finish = (_ bag: [Entry], _ builder: ColumnBuilder) throws -> Void
    struct Entry {
        var key: Key
        var weight: Int64
    }

    /// Values as they came; the first `sorted` are in order, without repetition.
    private struct Bag {
        var entries: [Entry] = []
        var sorted = 0

        mutating func add(_ key: Key, _ weight: Int64) {
            entries.append(Entry(key: key, weight: weight))
            if entries.count > 32, entries.count > 2 * sorted { settle() }
        }

        /// Sorts, and adds up the weights of equal values.
        mutating func settle() {
            if sorted == entries.count { return }
            entries.sort { $0.key < $1.key }
            var kept = 0
            for entry in entries {
                if kept > 0, entries[kept - 1].key == entry.key {
                    entries[kept - 1].weight += entry.weight
                } else {
                    if kept > 0, entries[kept - 1].weight == 0 { kept -= 1 }
                    entries[kept] = entry
                    kept += 1
                }
            }
            if kept > 0, entries[kept - 1].weight == 0 { kept -= 1 }
            entries.removeSubrange(kept...)
            sorted = kept
        }
    }

    private let codec: KeyCodec<Key>
    private let type: DataType
    private let finish: Finish
    private var bags: [Bag] = []
    private var held = 0

    init(codec: KeyCodec<Key>, type: DataType, finish: @escaping Finish) {
        self.codec = codec
        self.type = type
        self.finish = finish
    }

    override var heapBytes: Int { held }
    override var slotBytes: Int { MemoryLayout<Bag>.stride }
    private func bytes(_ bag: Bag) -> Int {
        bag.entries.capacity * MemoryLayout<Entry>.stride
            + (Key.self == BytesKey.self ? bag.entries.reduce(0) { $0 + $1.key.heapBytes } : 0)
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func ensure(_ slots: Int) {
        while bags.count < slots { bags.append(Bag()) }
    }
    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func reset(_ slot: Int32) {
        held -= bytes(bags[Int(slot)])
        bags[Int(slot)] = Bag()
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func fold(_ input: FoldInput) {
        let argument = input.arguments[0]
        let key = codec.reader(argument)
        let weights = input.weights.map { PrimitiveView<Int64>($0) }
        for row in 0..<input.count where !argument.isNull(row) {
            let weight = weights?[row] ?? 1
            if weight == 0 { continue }
            let slot = input.slot(row)
            let (before, value) = (bags[slot].entries.capacity, key(row))
            let small = bags[slot].entries.count
            bags[slot].add(value, weight)
            held += (bags[slot].entries.capacity - before) * MemoryLayout<Entry>.stride
            if bags[slot].entries.count > small { held += value.heapBytes }
        }
    }

    /// Sorts and merges a bag, which may change how much memory it holds.
    private func settle(_ slot: Int) {
        let before = bytes(bags[slot])
        bags[slot].settle()
        held += bytes(bags[slot]) - before
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func results(_ slots: [Int32]) throws -> Column {
        let builder = ColumnBuilder.make(type)
        for slot in slots {
            settle(Int(slot))
            try finish(bags[Int(slot)].entries, builder)
        }
        return builder.finish()
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func encode(_ slot: Int32, into writer: inout ByteWriter) {
        settle(Int(slot))
        let entries = bags[Int(slot)].entries
        writer.unsignedVarint(UInt64(entries.count))
        for entry in entries {
            Key.write(entry.key, into: &writer)
            writer.zigzagVarint(entry.weight)
        }
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let count = reader.unsignedVarint(), count <= UInt64(reader.remaining) else { return nil }
        var bag = Bag()
        bag.entries.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let key = Key.read(from: &reader), let weight = reader.zigzagVarint() else { return nil }
            bag.entries.append(Entry(key: key, weight: weight))
        }
        bag.sorted = bag.entries.count
        held += bytes(bag) - bytes(bags[Int(slot)])
        bags[Int(slot)] = bag
        return ()
    }
}

/// The least or greatest value of inputs that only grow.
final class ExtremeAccumulator<Key: OrderedKey>: Accumulator {
    private let codec: KeyCodec<Key>
    private let type: DataType
    private let greatest: Bool
    private var best: [Key?] = []
    private var held = 0

    init(codec: KeyCodec<Key>, type: DataType, greatest: Bool) {
        self.codec = codec
        self.type = type
        self.greatest = greatest
    }

    override var slotBytes: Int { MemoryLayout<Key?>.stride }
    override var heapBytes: Int { held }
    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func ensure(_ slots: Int) {
        while best.count < slots { best.append(nil) }
    }
    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func reset(_ slot: Int32) { set(Int(slot), nil) }
    private func set(_ slot: Int, _ key: Key?) {
        held += (key?.heapBytes ?? 0) - (best[slot]?.heapBytes ?? 0)
        best[slot] = key
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func fold(_ input: FoldInput) {
        let argument = input.arguments[0]
        let reader = codec.reader(argument)
        let weights = input.weights.map { PrimitiveView<Int64>($0) }
        for row in 0..<input.count where !argument.isNull(row) {
            if let weights, weights[row] == 0 { continue }
            let (slot, key) = (input.slot(row), reader(row))
            if let old = best[slot] { if greatest ? key > old : key < old { set(slot, key) } } else { set(slot, key) }
        }
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func results(_ slots: [Int32]) throws -> Column {
        let builder = ColumnBuilder.make(type)
        for slot in slots {
            if let key = best[Int(slot)] { try codec.append(key, builder) } else { builder.appendNull() }
        }
        return builder.finish()
    }

    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func encode(_ slot: Int32, into writer: inout ByteWriter) {
        writer.littleEndian(UInt8(best[Int(slot)] == nil ? 0 : 1))
        if let key = best[Int(slot)] { Key.write(key, into: &writer) }
    }
    @specialized(where Key == Int64)
    @specialized(where Key == Int128)
    @specialized(where Key == BytesKey)
    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let tag = reader.littleEndian(UInt8.self) else { return nil }
        if tag == 0 {
            set(Int(slot), nil)
            return ()
        }
        guard let key = Key.read(from: &reader) else { return nil }
        set(Int(slot), key)
        return ()
    }
}
