internal import Columnar
internal import SQL

/// Chooses the accumulator of an aggregate call by its types.
enum AccumulatorFactory {
    /// - Parameter insertOnly: whether no row is ever taken back, so that minima need not keep all values.
    static func make(_ call: AggregateCall, insertOnly: Bool) throws -> Accumulator {
        let types = call.arguments.map(\.type)
        let made: Accumulator?
        switch call.function {
        case .countRows: made = CountAccumulator(countsNulls: true)
        case .count: made = CountAccumulator(countsNulls: types.isEmpty)
        case .sum: made = types.count == 1 ? sum(types[0], call.type, average: false) : nil
        case .average: made = types.count == 1 && call.type == .float64 ? sum(types[0], call.type, average: true) : nil
        case .varianceSample, .variancePopulation, .deviationSample, .deviationPopulation:
            let sample = call.function == .varianceSample || call.function == .deviationSample
            let root = call.function == .deviationSample || call.function == .deviationPopulation
            made = types == [.float64] ? DoubleSumAccumulator(.variance(sample: sample, root: root)) : nil
        case .anyTrue, .allTrue: made = types == [.bool] ? TruthAccumulator(any: call.function == .anyTrue) : nil
        case .minimum, .maximum:
            made =
                types.count == 1 && types[0] == call.type
                ? extreme(types[0], greatest: call.function == .maximum, insertOnly) : nil
        case .anyValue:
            made = types.count == 1 && types[0] == call.type ? extreme(types[0], greatest: false, insertOnly) : nil
        case .countDistinct: made = types.count == 1 ? distinct(types[0]) : nil
        case .sumDistinct: made = types.count == 1 ? sumDistinct(types[0], call.type) : nil
        case .quantileContinuous(let rank):
            made = types.count == 1 ? Quantile.continuous(types[0], call.type, rank) : nil
        case .quantileDiscrete(let rank):
            made = types.count == 1 && types[0] == call.type ? Quantile.discrete(types[0], rank) : nil
        case .argumentOfMaximum, .argumentOfMinimum:
            made =
                types.count == 2 && types[0] == call.type
                ? ArgumentAccumulator(
                    types[0], by: types[1], greatest: call.function == .argumentOfMaximum, insertOnly: insertOnly) : nil
        }
        guard let made else {
            throw StreamingError.unsupported(
                "\(call.function)(\(types.map(\.description).joined(separator: ", ")))", found: "result \(call.type)",
                hint: "Cast the argument, or do it in a batch model downstream.")
        }
        return made
    }

    private static func sum(_ argument: DataType, _ type: DataType, average: Bool) -> Accumulator? {
        switch argument {
        case .int8: return IntegerSumAccumulator<Int8>(type: type, averageScale: average ? 0 : nil)
        case .int16: return IntegerSumAccumulator<Int16>(type: type, averageScale: average ? 0 : nil)
        case .int32: return IntegerSumAccumulator<Int32>(type: type, averageScale: average ? 0 : nil)
        case .int64: return IntegerSumAccumulator<Int64>(type: type, averageScale: average ? 0 : nil)
        case .uint8: return IntegerSumAccumulator<UInt8>(type: type, averageScale: average ? 0 : nil)
        case .uint16: return IntegerSumAccumulator<UInt16>(type: type, averageScale: average ? 0 : nil)
        case .uint32: return IntegerSumAccumulator<UInt32>(type: type, averageScale: average ? 0 : nil)
        case .uint64: return IntegerSumAccumulator<UInt64>(type: type, averageScale: average ? 0 : nil)
        case .decimal128(_, let scale):
            if !average, DecimalArithmetic.scale(type) != scale { return nil }
            return IntegerSumAccumulator<Int128>(type: type, averageScale: average ? scale : nil)
        case .float32, .float64:
            return type == .float64 ? DoubleSumAccumulator(average ? .average : .sum) : nil
        default: return nil
        }
    }

    private static func extreme(_ type: DataType, greatest: Bool, _ insertOnly: Bool) -> Accumulator? {
        func make<Key>(_ codec: KeyCodec<Key>) -> Accumulator {
            if insertOnly { return ExtremeAccumulator(codec: codec, type: type, greatest: greatest) }
            return BagAccumulator(codec: codec, type: type) { bag, builder in
                guard let entry = greatest ? bag.last : bag.first else { return builder.appendNull() }
                try codec.append(entry.key, builder)
            }
        }
        return KeyCodecs.words(type).map(make) ?? KeyCodecs.wide(type).map(make) ?? KeyCodecs.bytes(type).map(make)
    }

    private static func distinct(_ type: DataType) -> Accumulator? {
        func make<Key>(_ codec: KeyCodec<Key>) -> Accumulator {
            BagAccumulator(codec: codec, type: .int64) { bag, builder in try builder.append(.int(Int64(bag.count))) }
        }
        return KeyCodecs.words(type).map(make) ?? KeyCodecs.wide(type).map(make) ?? KeyCodecs.bytes(type).map(make)
    }

    private static func sumDistinct(_ argument: DataType, _ type: DataType) -> Accumulator? {
        if argument.isFloating, let codec = KeyCodecs.words(argument), type == .float64 {
            return BagAccumulator(codec: codec, type: type) { bag, builder in
                if bag.isEmpty { return builder.appendNull() }
                var sum = DoubleDouble()
                for entry in bag { sum.add(KeyCodecs.double(entry.key)) }
                try builder.append(.double(sum.value))
            }
        }
        func finish(_ values: [Int128], _ builder: ColumnBuilder) throws {
            if values.isEmpty { return builder.appendNull() }
            var sum: Int128 = 0
            for value in values {
                let (next, overflow) = sum.addingReportingOverflow(value)
                if overflow { throw StreamingError.aggregateOverflow("a sum") }
                sum = next
            }
            if case .decimal128 = type { return try builder.append(.decimal(sum)) }
            guard type == .int64, let exact = Int64(exactly: sum) else {
                throw StreamingError.aggregateOverflow("a sum")
            }
            try builder.append(.int(exact))
        }
        switch type {
        case .int64: break
        case .decimal128(_, let scale) where scale == DecimalArithmetic.scale(argument) ?? 0: break
        default: return nil
        }
        guard argument.isNumeric else { return nil }
        if let codec = KeyCodecs.words(argument) {
            return BagAccumulator(codec: codec, type: type) { try finish($0.map { Int128($0.key) }, $1) }
        }
        return KeyCodecs.wide(argument).map { codec in
            BagAccumulator(codec: codec, type: type) { try finish($0.map(\.key), $1) }
        }
    }
}

/// PERCENTILE_CONT and PERCENTILE_DISC over a group's values in order.
enum Quantile {
    static func discrete(_ type: DataType, _ rank: Double) -> Accumulator? {
        func make<Key>(_ codec: KeyCodec<Key>) -> Accumulator {
            BagAccumulator(codec: codec, type: type) { bag, builder in
                let count = bag.reduce(Int64(0)) { $0 + max(0, $1.weight) }
                if count == 0 { return builder.appendNull() }
                try codec.append(item(bag, discreteIndex(rank, count), \.key, \.weight), builder)
            }
        }
        return KeyCodecs.words(type).map(make) ?? KeyCodecs.wide(type).map(make) ?? KeyCodecs.bytes(type).map(make)
    }

    /// DOUBLE for numbers, equal to DuckDB's to the last bit; timestamps and decimals interpolate to their own type,
    /// where the last unit can differ from DuckDB's in some of a thousand cases.
    static func continuous(_ argument: DataType, _ type: DataType, _ rank: Double) -> Accumulator? {
        switch (argument, type) {
        case (_, .float64) where argument.isInteger && argument != .uint64, (.float64, .float64), (.float32, .float64):
            guard let codec = KeyCodecs.words(argument) else { return nil }
            let number: (Int64) -> Double = argument.isFloating ? { KeyCodecs.double($0) } : { Double($0) }
            return BagAccumulator(codec: codec, type: type) { bag, builder in
                guard let (low, high, part) = bounds(bag, rank, \.key, \.weight) else { return builder.appendNull() }
                let (from, to) = (number(low), number(high))
                // As DuckDB 2.0 computes it, to the last bit: with one rounding for the second product and the sum.
                try builder.append(.double(part == 0 ? from : (to * part).addingProduct(from, 1 - part)))
            }
        case (.timestamp, .timestamp) where argument == type:
            guard let codec = KeyCodecs.words(argument) else { return nil }
            return BagAccumulator(codec: codec, type: type) { bag, builder in
                guard let (low, high, part) = bounds(bag, rank, \.key, \.weight) else { return builder.appendNull() }
                // Times that are no times may lie further apart than their type reaches.
                let (distance, overflow) = high.subtractingReportingOverflow(low)
                let exact = Double(low) + (overflow ? Double(high) - Double(low) : Double(distance)) * part
                let rounded = Int64(exactly: exact.rounded(.toNearestOrAwayFromZero)) ?? (exact < 0 ? low : high)
                try builder.append(.int(part == 0 ? low : rounded))
            }
        case (.decimal128(_, let from), .decimal128(_, let to)) where from == to:
            guard let codec = KeyCodecs.wide(argument) else { return nil }
            return BagAccumulator(codec: codec, type: type) { bag, builder in
                guard let (low, high, part) = bounds(bag, rank, \.key, \.weight) else { return builder.appendNull() }
                let exact = (Double(low) * (1 - part)).addingProduct(part, Double(high))
                try builder.append(.decimal(part == 0 ? low : Int128(exact)))
            }
        default: return nil
        }
    }

    private static func bounds<Entry, Key>(
        _ bag: [Entry], _ rank: Double, _ key: KeyPath<Entry, Key>, _ weight: KeyPath<Entry, Int64>
    ) -> (Key, Key, Double)? {
        let count = bag.reduce(Int64(0)) { $0 + max(0, $1[keyPath: weight]) }
        if count == 0 { return nil }
        let exact = Double(count - 1) * rank
        let low = exact.rounded(.down)
        return (
            item(bag, Int64(low), key, weight), item(bag, Int64(exact.rounded(.up)), key, weight), exact - low
        )
    }

    private static func item<Entry, Key>(
        _ bag: [Entry], _ index: Int64, _ key: KeyPath<Entry, Key>, _ weight: KeyPath<Entry, Int64>
    ) -> Key {
        var passed: Int64 = 0
        for entry in bag {
            passed += max(0, entry[keyPath: weight])
            if passed > index { return entry[keyPath: key] }
        }
        return bag[bag.count - 1][keyPath: key]
    }

    /// The rank as the decimal that was written, so that 0.9 of 10 values is the ninth.
    static func discreteIndex(_ rank: Double, _ count: Int64) -> Int64 {
        guard let scaled = DecimalText.parse("\(rank)", scale: 18) else { return 0 }
        let one = DecimalArithmetic.power(18)
        let above = (one - scaled) * Int128(count) / one
        return max(1, count - Int64(above)) - 1
    }
}
