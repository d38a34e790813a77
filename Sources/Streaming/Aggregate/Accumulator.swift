internal import Base
internal import Columnar
internal import SQL

/// The rows of a batch that an accumulator folds in.
///
/// `slots[row]` is the row's group. A weight of 0 leaves a row out (FILTER); nil weights are all +1.
@safe
struct FoldInput {
    let count: Int
    let slots: UnsafePointer<Int32>
    let weights: Column?
    let arguments: [Column]

    @inline(__always)
    func slot(_ row: Int) -> Int { unsafe Int(slots[row]) }
}

/// One aggregate of every group, a slot a group. Concrete classes fold whole batches.
///
/// They are called through this class, which leads into the general code of generic ones; so those name with
/// `@specialized` the types that are to have code of their own.
class Accumulator {
    /// Bytes that the slots hold beside their arrays.
    var heapBytes: Int { 0 }
    /// Bytes of every slot's arrays.
    var slotBytes: Int { 0 }

    func ensure(_ slots: Int) { preconditionFailure("an accumulator without ensure") }
    /// Makes a slot ready for a new group.
    func reset(_ slot: Int32) { preconditionFailure("an accumulator without reset") }
    func fold(_ input: FoldInput) throws { preconditionFailure("an accumulator without fold") }
    /// The answers of these groups.
    func results(_ slots: [Int32]) throws -> Column { preconditionFailure("an accumulator without results") }
    func encode(_ slot: Int32, into writer: inout ByteWriter) { preconditionFailure("an accumulator without encode") }
    /// nil where the bytes are not what `encode` wrote.
    func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        preconditionFailure("an accumulator without decode")
    }
}

extension ByteReader {
    mutating func double() -> Double? { littleEndian(UInt64.self).map { Double(bitPattern: $0) } }
}

extension ByteWriter {
    mutating func double(_ value: Double) { littleEndian(value.bitPattern) }
}

/// `count(*)`, and `count(x)`, which leaves nulls out.
final class CountAccumulator: Accumulator {
    private let counts = SlotArray<Int64>(0)
    private let countsNulls: Bool
    init(countsNulls: Bool) { self.countsNulls = countsNulls }
    override var slotBytes: Int { 8 }
    override func ensure(_ slots: Int) { counts.ensure(slots) }
    override func reset(_ slot: Int32) { counts.reset(slot) }

    override func fold(_ input: FoldInput) {
        let base = unsafe counts.base
        let nullable = countsNulls ? nil : input.arguments.first.flatMap { $0.nullCount > 0 ? $0 : nil }
        if let weights = input.weights {
            let view = PrimitiveView<Int64>(weights)
            for row in 0..<input.count where nullable?.isNull(row) != true {
                unsafe base[input.slot(row)] &+= view[row]
            }
        } else if let nullable {
            for row in 0..<input.count where !nullable.isNull(row) { unsafe base[input.slot(row)] &+= 1 }
        } else {
            for row in 0..<input.count { unsafe base[input.slot(row)] &+= 1 }
        }
    }

    override func results(_ slots: [Int32]) -> Column {
        let output = FixedOutput<Int64>(count: slots.count)
        for (index, slot) in slots.enumerated() { output[index] = counts[slot] }
        return Column(type: .int64, count: slots.count, values: output.finish())
    }

    override func encode(_ slot: Int32, into writer: inout ByteWriter) { writer.zigzagVarint(counts[slot]) }
    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let value = reader.zigzagVarint() else { return nil }
        counts[slot] = value
        return ()
    }
}

/// Sums of integers and decimals, kept in 128 bits: `sum`, and `avg` as the exact sum over the count.
final class IntegerSumAccumulator<Value: FixedWidthInteger & BitwiseCopyable>: Accumulator {
    private let sums = SlotArray<Int128>(0)
    private let counts = SlotArray<Int64>(0)
    private let type: DataType
    private let averageScale: Int?

    /// - Parameter averageScale: the decimals of the argument, for an average; nil for a sum.
    init(type: DataType, averageScale: Int?) {
        self.type = type
        self.averageScale = averageScale
    }

    override var slotBytes: Int { 24 }
    override func ensure(_ slots: Int) {
        sums.ensure(slots)
        counts.ensure(slots)
    }
    override func reset(_ slot: Int32) {
        sums.reset(slot)
        counts.reset(slot)
    }

    @specialized(where Value == Int32)
    @specialized(where Value == Int64)
    @specialized(where Value == Int128)
    override func fold(_ input: FoldInput) throws {
        let (sums, counts) = unsafe (self.sums.base, self.counts.base)
        let view = PrimitiveView<Value>(input.arguments[0])
        let nullable = view.column.nullCount > 0
        var overflowed = false
        if let weights = input.weights {
            let weight = PrimitiveView<Int64>(weights)
            for row in 0..<input.count where !nullable || !view.isNull(row) {
                let slot = input.slot(row)
                let (product, first) = Int128(view[row]).multipliedReportingOverflow(by: Int128(weight[row]))
                let (sum, second) = unsafe sums[slot].addingReportingOverflow(product)
                unsafe sums[slot] = sum
                unsafe counts[slot] &+= weight[row]
                overflowed = overflowed || first || second
            }
        } else if Value.bitWidth <= 64 && Value.isSigned {
            // Two words with a carry: 2^63 rows fit, so nothing can overflow here.
            let words = unsafe UnsafeMutableRawPointer(sums).assumingMemoryBound(to: UInt64.self)
            for row in 0..<input.count where !nullable || !view.isNull(row) {
                let slot = input.slot(row)
                let value = Int64(truncatingIfNeeded: view[row])
                let (low, carry) = unsafe words[slot &* 2].addingReportingOverflow(UInt64(bitPattern: value))
                unsafe words[slot &* 2] = low
                unsafe words[slot &* 2 &+ 1] &+= UInt64(bitPattern: value >> 63) &+ (carry ? 1 : 0)
                unsafe counts[slot] &+= 1
            }
        } else {
            for row in 0..<input.count where !nullable || !view.isNull(row) {
                let slot = input.slot(row)
                let (sum, overflow) = unsafe sums[slot].addingReportingOverflow(Int128(truncatingIfNeeded: view[row]))
                unsafe sums[slot] = sum
                unsafe counts[slot] &+= 1
                overflowed = overflowed || overflow
            }
        }
        if overflowed { throw StreamingError.aggregateOverflow("a sum") }
    }

    override func results(_ slots: [Int32]) throws -> Column {
        let builder = ColumnBuilder.make(type)
        let limit = DecimalArithmetic.limit(type)
        for slot in slots {
            let (sum, count) = (sums[slot], counts[slot])
            if count == 0 {
                builder.appendNull()
            } else if let averageScale {
                try builder.append(.double(Average.exact(sum, count, scale: averageScale)))
            } else {
                switch type {
                case .decimal128:
                    guard sum <= limit, sum >= -limit else {
                        throw StreamingError.aggregateOverflow("a sum of type \(type)")
                    }
                    try builder.append(.decimal(sum))
                case .float64: try builder.append(.double(Double(sum)))
                case .uint64:
                    guard let exact = UInt64(exactly: sum) else {
                        throw StreamingError.aggregateOverflow("a sum of type \(type)")
                    }
                    try builder.append(.uint(exact))
                default:
                    guard let exact = Int64(exactly: sum) else {
                        throw StreamingError.aggregateOverflow("a sum of type \(type)")
                    }
                    try builder.append(.int(exact))
                }
            }
        }
        return builder.finish()
    }

    override func encode(_ slot: Int32, into writer: inout ByteWriter) {
        writer.littleEndian(sums[slot])
        writer.zigzagVarint(counts[slot])
    }
    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let sum = reader.littleEndian(Int128.self), let count = reader.zigzagVarint() else { return nil }
        sums[slot] = sum
        counts[slot] = count
        return ()
    }
}

enum Average {
    /// The quotient as DuckDB rounds it: through the processor's extended precision where it has one.
    static func exact(_ sum: Int128, _ count: Int64, scale: Int) -> Double {
        #if arch(x86_64)
            // 64 bits are exact, and converted by one instruction.
            let exact = Int64(exactly: sum).map { Float80($0) } ?? Float80(sum)
            return Double(exact / (Float80(count) * Float80(DecimalArithmetic.power(scale))))
        #else
            return Double(sum) / (Double(count) * Double(DecimalArithmetic.power(scale)))
        #endif
    }
}

/// A sum of doubles in twice their precision, so that order of arrival and retractions leave no trace.
///
/// Source: Dekker, "A floating-point technique for extending the available precision", 1971.
struct DoubleDouble: BitwiseCopyable {
    var high = 0.0
    var low = 0.0

    var value: Double { high + low }

    @inline(__always)
    mutating func add(_ term: Double) {
        let sum = high + term
        let virtual = sum - high
        let error = (high - (sum - virtual)) + (term - virtual)
        let tail = low + error
        high = sum + tail
        low = tail - (high - sum)
    }

    @inline(__always)
    mutating func add(product left: Double, _ right: Double) {
        let product = left * right
        add(product)
        add((-product).addingProduct(left, right))
    }
}

/// `sum`, `avg`, variance and deviation of DOUBLE.
final class DoubleSumAccumulator: Accumulator {
    enum Kind { case sum, average, variance(sample: Bool, root: Bool) }
    private let kind: Kind
    private let sums = SlotArray<DoubleDouble>(DoubleDouble())
    private let squares = SlotArray<DoubleDouble>(DoubleDouble())
    private let counts = SlotArray<Int64>(0)
    /// Values that are not finite, which cannot be taken out of a sum again.
    private var special: [Int32: Special] = [:]
    struct Special { var (positive, negative, nan): (Int64, Int64, Int64) = (0, 0, 0) }

    init(_ kind: Kind) { self.kind = kind }
    private var needsSquares: Bool { if case .variance = kind { true } else { false } }
    override var slotBytes: Int { needsSquares ? 40 : 24 }
    override var heapBytes: Int { special.count * 64 }
    override func ensure(_ slots: Int) {
        sums.ensure(slots)
        counts.ensure(slots)
        if needsSquares { squares.ensure(slots) }
    }
    override func reset(_ slot: Int32) {
        sums.reset(slot)
        counts.reset(slot)
        if needsSquares { squares.reset(slot) }
        special[slot] = nil
    }

    override func fold(_ input: FoldInput) {
        let argument = input.arguments[0]
        let singles = argument.type == .float32 ? PrimitiveView<Float>(argument) : nil
        let doubles = singles == nil ? PrimitiveView<Double>(argument) : nil
        let weights = input.weights.map { PrimitiveView<Int64>($0) }
        let nullable = argument.nullCount > 0
        let (sums, counts) = unsafe (self.sums.base, self.counts.base)
        for row in 0..<input.count where !nullable || !argument.isNull(row) {
            let slot = input.slot(row)
            let value = unsafe doubles?[row] ?? Double(singles.unsafelyUnwrapped[row])
            let weight = weights?[row] ?? 1
            if weight == 0 { continue }
            unsafe counts[slot] &+= weight
            guard value.isFinite else {
                note(Int32(slot), value, weight)
                continue
            }
            if weight == 1 {
                unsafe sums[slot].add(value)
            } else {
                unsafe sums[slot].add(product: value, Double(weight))
            }
            if needsSquares {
                unsafe squares.base[slot].add(product: value, value * Double(weight))
            }
        }
    }

    private func note(_ slot: Int32, _ value: Double, _ weight: Int64) {
        var counts = special[slot] ?? Special()
        if value.isNaN {
            counts.nan += weight
        } else if value > 0 {
            counts.positive += weight
        } else {
            counts.negative += weight
        }
        special[slot] = counts.nan == 0 && counts.positive == 0 && counts.negative == 0 ? nil : counts
    }

    override func results(_ slots: [Int32]) -> Column {
        let output = FixedOutput<Double>(count: slots.count)
        let valid = BitOutput(count: slots.count, ones: true)
        var nulls = false
        for (index, slot) in slots.enumerated() {
            if let answer = answer(slot) {
                output[index] = answer
            } else {
                output[index] = 0
                valid.clear(index)
                nulls = true
            }
        }
        return Column(
            type: .float64, count: slots.count, validity: nulls ? valid.finish() : nil, values: output.finish())
    }

    private func answer(_ slot: Int32) -> Double? {
        let count = counts[slot]
        guard count != 0 else { return nil }
        let infinite: Double? = special[slot].map {
            $0.nan > 0 || ($0.positive > 0 && $0.negative > 0) ? .nan : $0.positive > 0 ? .infinity : -.infinity
        }
        switch kind {
        case .sum: return infinite ?? sums[slot].value
        case .average: return infinite ?? sums[slot].value / Double(count)
        case .variance(let sample, let root):
            let divisor = sample ? count - 1 : count
            guard divisor > 0 else { return nil }
            if infinite != nil { return .nan }
            // sum((x - mean)^2) = sum(x^2) - sum(x) * mean, in twice the precision.
            var moment = squares[slot]
            let sum = sums[slot]
            let mean = sum.value / Double(count)
            var rest = sum  // The mean's own rounding error, times the count.
            rest.add(product: -mean, Double(count))
            let correction = rest.value / Double(count)
            moment.add(product: -sum.high, mean)
            moment.add(product: -sum.high, correction)
            moment.add(product: -sum.low, mean)
            let variance = max(0, moment.value) / Double(divisor)
            return root ? variance.squareRoot() : variance
        }
    }

    override func encode(_ slot: Int32, into writer: inout ByteWriter) {
        writer.zigzagVarint(counts[slot])
        for sum in needsSquares ? [sums[slot], squares[slot]] : [sums[slot]] {
            writer.double(sum.high)
            writer.double(sum.low)
        }
        let values = special[slot] ?? Special()
        for value in [values.positive, values.negative, values.nan] { writer.zigzagVarint(value) }
    }

    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let count = reader.zigzagVarint(), let high = reader.double(), let low = reader.double() else {
            return nil
        }
        counts[slot] = count
        sums[slot] = DoubleDouble(high: high, low: low)
        if needsSquares {
            guard let high = reader.double(), let low = reader.double() else { return nil }
            squares[slot] = DoubleDouble(high: high, low: low)
        }
        guard let positive = reader.zigzagVarint(), let negative = reader.zigzagVarint(),
            let nan = reader.zigzagVarint()
        else { return nil }
        if positive != 0 || negative != 0 || nan != 0 {
            special[slot] = Special(positive: positive, negative: negative, nan: nan)
        }
        return ()
    }
}

/// `bool_or` and `bool_and`: how many true and false values there are.
final class TruthAccumulator: Accumulator {
    private let trues = SlotArray<Int64>(0)
    private let falses = SlotArray<Int64>(0)
    private let any: Bool
    init(any: Bool) { self.any = any }
    override var slotBytes: Int { 16 }
    override func ensure(_ slots: Int) {
        trues.ensure(slots)
        falses.ensure(slots)
    }
    override func reset(_ slot: Int32) {
        trues.reset(slot)
        falses.reset(slot)
    }
    override func fold(_ input: FoldInput) {
        let view = BoolView(input.arguments[0])
        let weights = input.weights.map { PrimitiveView<Int64>($0) }
        for row in 0..<input.count where !view.isNull(row) {
            let slot = Int32(input.slot(row))
            if view[row] { trues[slot] += weights?[row] ?? 1 } else { falses[slot] += weights?[row] ?? 1 }
        }
    }
    override func results(_ slots: [Int32]) throws -> Column {
        let builder = BoolColumnBuilder()
        for slot in slots {
            if trues[slot] == 0 && falses[slot] == 0 {
                builder.appendNull()
            } else {
                builder.append(any ? trues[slot] > 0 : falses[slot] == 0)
            }
        }
        return builder.finish()
    }
    override func encode(_ slot: Int32, into writer: inout ByteWriter) {
        writer.zigzagVarint(trues[slot])
        writer.zigzagVarint(falses[slot])
    }
    override func decode(_ slot: Int32, from reader: inout ByteReader) -> Void? {
        guard let (yes, no) = reader.zigzagVarint().flatMap({ yes in reader.zigzagVarint().map { (yes, $0) } }) else {
            return nil
        }
        (trues[slot], falses[slot]) = (yes, no)
        return ()
    }
}
