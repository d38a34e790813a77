import Base
import Columnar
import SQL
import Testing

@testable import Streaming

/// Accumulators against the plainest model, with rows added and taken back in random order.
@Suite struct AggregateTests {
    static let functions: [(AggregateCall.Function, DataType)] = [
        (.count, .int64), (.sum, .decimal128(precision: 38, scale: 0)), (.average, .float64), (.minimum, .int64),
        (.maximum, .int64),
        (.countDistinct, .int64), (.sumDistinct, .int64), (.quantileContinuous(0.25), .float64),
        (.quantileDiscrete(0.9), .int64),
        (.anyValue, .int64),
    ]

    @Test(arguments: 0..<12 as Range<UInt64>)
    func retractionsLeaveNoTrace(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let argument = Expression(.column(0), type: .int64)
        let accumulators = try Self.functions.map {
            try AccumulatorFactory.make(AggregateCall($0.0, arguments: [argument], type: $0.1), insertOnly: false)
        }
        let groups = 5
        for accumulator in accumulators { accumulator.ensure(groups) }
        var model = [[Int64]](repeating: [], count: groups)
        for _ in 0..<30 {
            var (slots, values, weights): ([Int32], [Scalar], [Int64]) = ([], [], [])
            for _ in 0..<20 {
                let group = Int.random(in: 0..<groups, using: &random)
                if !model[group].isEmpty, Int.random(in: 0..<3, using: &random) == 0 {
                    let index = model[group].indices.randomElement(using: &random) ?? 0
                    values.append(.int(model[group].remove(at: index)))
                    weights.append(-1)
                } else {
                    let value = Int64.random(in: -15...15, using: &random)
                    model[group].append(value)
                    values.append(.int(value))
                    weights.append(1)
                }
                slots.append(Int32(group))
            }
            let batch = try makeBatch(
                Schema([Field("v", .int64), Field("w", .int64)]), zip(values, weights).map { [$0, .int($1)] })
            try unsafe slots.withUnsafeBufferPointer { pointer in
                for accumulator in accumulators {
                    unsafe try accumulator.fold(
                        FoldInput(
                            count: slots.count, slots: pointer.baseAddress.unsafelyUnwrapped, weights: batch.columns[1],
                            arguments: [batch.columns[0]]))
                }
            }
        }
        // Through the store and back.
        let copies = try Self.functions.map {
            try AccumulatorFactory.make(AggregateCall($0.0, arguments: [argument], type: $0.1), insertOnly: false)
        }
        for (original, copy) in zip(accumulators, copies) {
            copy.ensure(groups)
            for slot in 0..<Int32(groups) {
                var writer = ByteWriter()
                original.encode(slot, into: &writer)
                try unsafe writer.bytes.withUnsafeBytes { raw in
                    var reader = unsafe ByteReader(raw)
                    try #require(copy.decode(slot, from: &reader) != nil)
                    #expect(reader.remaining == 0)
                }
            }
            let all = (0..<Int32(groups)).map { $0 }
            let (first, second) = (try original.results(all), try copy.results(all))
            for row in 0..<groups { #expect(first.scalar(at: row) == second.scalar(at: row)) }
        }
        for group in 0..<groups {
            let values = model[group].sorted()
            let answers = try accumulators.map { try $0.results([Int32(group)]).scalar(at: 0) }
            #expect(answers[0] == .int(Int64(values.count)))
            guard !values.isEmpty else { continue }
            #expect(answers[1] == .decimal(Int128(values.reduce(0, +))))
            #expect(answers[2] == .double(Double(values.reduce(0, +)) / Double(values.count)))
            #expect(answers[3] == .int(values[0]))
            #expect(answers[4] == .int(values[values.count - 1]))
            #expect(answers[5] == .int(Int64(Set(values).count)))
            #expect(answers[6] == .int(Set(values).reduce(0, +)))
            let exact = Double(values.count - 1) * 0.25
            let (low, high) = (Double(values[Int(exact)]), Double(values[Int(exact.rounded(.up))]))
            #expect(
                answers[7]
                    == .double(
                        (high * (exact - exact.rounded(.down))).addingProduct(low, 1 - (exact - exact.rounded(.down)))))
            let rank = max(1, values.count - Int(Double(values.count) / 10)) - 1
            #expect(answers[8] == .int(values[rank]))
        }
    }

    /// Sums of doubles do not depend on the order of the rows, and forget what is taken back.
    @Test func doubleSumsAreExactEnoughToForget() throws {
        let argument = Expression(.column(0), type: .float64)
        let sum = try AccumulatorFactory.make(
            AggregateCall(.sum, arguments: [argument], type: .float64), insertOnly: false)
        let deviation = try AccumulatorFactory.make(
            AggregateCall(.deviationSample, arguments: [argument], type: .float64), insertOnly: false)
        let rows: [(Double, Int64)] = [(1e9, 1), (0.1, 1), (.infinity, 1), (1e9, -1), (.infinity, -1), (0.3, 1)]
        let batch = try makeBatch(
            Schema([Field("v", .float64), Field("w", .int64)]), rows.map { [.double($0.0), .int($0.1)] })
        let slots = [Int32](repeating: 0, count: rows.count)
        for accumulator in [sum, deviation] {
            accumulator.ensure(1)
            try unsafe slots.withUnsafeBufferPointer { pointer in
                unsafe try accumulator.fold(
                    FoldInput(
                        count: slots.count, slots: pointer.baseAddress.unsafelyUnwrapped, weights: batch.columns[1],
                        arguments: [batch.columns[0]]))
            }
        }
        #expect(try sum.results([0]).scalar(at: 0) == .double(0.4))
        guard case .double(let answer) = try deviation.results([0]).scalar(at: 0) else { throw SinkFault() }
        #expect(abs(answer - 0.1414213562373095) < 1e-9)
    }

    @Test func keysComeBackFromTheirBytes() throws {
        let types: [DataType] = [
            .bool, .int8, .int32, .int64, .uint64, .float32, .float64, .utf8, .binary, .date32, micros,
            .decimal128(precision: 20, scale: 2), .fixedSizeBinary(byteWidth: 3),
        ]
        let schema = Schema(types.enumerated().map { Field("c\($0.offset)", $0.element) })
        let full: [Scalar] = [
            .bool(true), .int(-3), .int(77), .int(.min), .uint(.max), .double(1.5), .double(-2.25),
            .string("straße and some more"), .bytes([0, 255]),
            .int(3), .int(-99), .decimal(-12345), .bytes([1, 2, 3]),
        ]
        let rows =
            [full, types.map { _ in .null }]
            + types.indices.map { index in full.enumerated().map { $0.offset == index ? .null : $0.element } }
        let batch = try makeBatch(schema, rows)
        let encoder = KeyEncoder(types: types, hasWindow: false)
        encoder.encode(batch.columns, windows: nil, count: rows.count)
        let builders = types.map { ColumnBuilder.make($0) }
        let table = KeyTable()
        for row in rows.indices {
            unsafe try KeyDecoder(types: types, hasWindow: false).append(encoder.key(row), to: builders)
            #expect(unsafe table.find(encoder.key(row), hash: encoder.hash(row)) == -1)
            _ = unsafe table.insert(encoder.key(row), hash: encoder.hash(row))
        }
        let columns = builders.map { $0.finish() }
        for (row, expected) in rows.enumerated() {
            #expect(columns.map { $0.scalar(at: row) } == expected)
            #expect(unsafe table.find(encoder.key(row), hash: encoder.hash(row)) == Int32(row))
        }
    }

    /// The hash table under random insertions and removals.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func keyTableForgetsWhatIsRemoved(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let table = KeyTable()
        var model: [[UInt8]: Int32] = [:]
        for _ in 0..<20_000 {
            let key = unsafe withUnsafeBytes(of: Int32.random(in: 0..<3_000, using: &random)) { unsafe Array($0) }
            let hash = Hashing.hash(key) & 0xffff_ffff_0000_00ff  // Few homes, so that searches are long.
            unsafe key.withUnsafeBytes { bytes in
                let found = unsafe table.find(bytes, hash: hash)
                #expect(found == model[key] ?? -1)
                if found >= 0 {
                    table.remove(found)
                    model[key] = nil
                } else {
                    model[key] = unsafe table.insert(bytes, hash: hash)
                }
            }
        }
        #expect(table.count == model.count)
    }
}
