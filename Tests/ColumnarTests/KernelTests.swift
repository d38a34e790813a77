import Base
import Columnar
import Testing

@Suite struct KernelTests {
    @Test(arguments: 0..<40)
    func takeMatchesScalars(seed: Int) {
        var generator = BatchGenerator(seed: UInt64(seed))
        let batch = generator.batch(generator.schema(columns: 5, depth: 3), rows: generator.int(1..<80))
        let rows = (0..<generator.int(1..<120)).map { _ in Int32(generator.int(-1..<batch.count)) }
        let taken = batch.take(rows.span)
        for (index, row) in rows.enumerated() {
            for column in batch.columns.indices {
                let (found, source) = (taken.columns[column], batch.columns[column])
                if row < 0 {
                    #expect(found.isNull(index))
                } else {
                    #expect(found.isEqual(index, source, Int(row)), "\(source.type) row \(row)")
                }
            }
        }
    }

    @Test(arguments: 0..<20)
    func filterKeepsWhatIsTrue(seed: Int) {
        var generator = BatchGenerator(seed: UInt64(seed))
        let schema = Schema([Field("mask", .bool), Field("n", .int64), Field("s", .utf8)])
        let batch = generator.batch(schema, rows: generator.int(0..<300))
        let expected = (0..<batch.count).filter { batch.columns[0].scalar(at: $0) == .bool(true) }
        let filtered = batch.filter(batch.columns[0])
        #expect(filtered.count == expected.count)
        for (index, row) in expected.enumerated() { #expect(filtered.row(index) == batch.row(row)) }
    }

    @Test(arguments: 0..<40)
    func concatenateMatchesItsParts(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed))
        let schema = generator.schema(columns: 5, depth: 3)
        let batches = (0..<3).map { _ in generator.batch(schema, rows: generator.int(0..<90)) }
        let joined = try RecordBatch.concatenate(batches, schema: schema)
        var row = 0
        for batch in batches {
            #expect(joined.slice(row..<row + batch.count).isEqual(to: batch))
            #expect(try batch.compacted().isEqual(to: batch))
            row += batch.count
        }
        #expect(row == joined.count)
    }

    @Test func dictionariesThatDoNotFitAreRefused() throws {
        let type = DataType.dictionary(index: .int8, value: .utf8, ordered: false)
        let columns = try (0..<2).map { part in
            let builder = ColumnBuilder.make(type)
            for value in 0..<100 { try builder.append(.string("\(part) \(value)")) }
            return builder.finish()
        }
        #expect(throws: ColumnarError.dictionaryFull(type: .int8)) {
            _ = try Column.concatenate(columns, type: type)
        }
    }

    @Test(arguments: 0..<30)
    func hashesDependOnValuesOnly(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed))
        let batch = generator.batch(generator.schema(columns: 4, depth: 3), rows: 50)
        let all = Array(batch.columns.indices)
        let hashes = batch.rowHashes(all)
        #expect(try batch.compacted().rowHashes(all) == hashes)
        #expect(Array(hashes[7..<30]) == batch.slice(7..<30).rowHashes(all))
    }

    @Test func hashesSpread() throws {
        let builder = PrimitiveColumnBuilder<Int64>(.int64)
        for value in 0..<65_536 { builder.append(Int64(value)) }
        let batch = RecordBatch(schema: Schema([Field("n", .int64)]), columns: [builder.finish()], count: 65_536)
        let hashes = batch.rowHashes([0])
        #expect(Set(hashes).count == 65_536)
        for shift in [0, 20, 56] {
            var buckets = [Int](repeating: 0, count: 256)
            for hash in hashes { buckets[Int(truncatingIfNeeded: hash >> UInt64(shift)) & 255] += 1 }
            #expect(buckets.allSatisfy { (150...370).contains($0) })
        }
    }
}

@Suite struct RowKeyTests {
    static let ordered = BatchGenerator.leafTypes.filter { $0 != .intervalMonthDayNano && $0 != .null }

    /// Keys compare as their values do, for every type and direction.
    @Test(arguments: ordered)
    func keysKeepTheOrder(type: DataType) throws {
        var generator = BatchGenerator(seed: 23)
        let column = generator.batch(Schema([Field("x", type)]), rows: 60).columns[0]
        for (descending, nullsFirst) in [(false, true), (true, true), (false, false), (true, false)] {
            let part = RowKeyEncoder.Part(type, descending: descending, nullsFirst: nullsFirst)
            let keys = RowKeyEncoder([part]).encode([column])
            for left in 0..<60 {
                for right in 0..<60 {
                    let (first, second) = (column.scalar(at: left), column.scalar(at: right))
                    let expected: Int
                    if first.isNull || second.isNull {
                        expected = first.isNull == second.isNull ? 0 : (first.isNull == nullsFirst ? -1 : 1)
                    } else {
                        expected = compare(first, second) * (descending ? -1 : 1)
                    }
                    #expect(compare(keys.scalar(at: left), keys.scalar(at: right)) == expected, "\(first) \(second)")
                }
            }
        }
    }

    @Test(arguments: 0..<40)
    func keysDecode(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed))
        let batch = generator.batch(generator.schema(columns: 4, depth: 3), rows: 40)
        let encoder = RowKeyEncoder(
            batch.schema.fields.enumerated().map { .init($1.type, descending: $0 % 2 == 1, nullsFirst: $0 < 2) })
        let keys = encoder.encode(batch.columns)
        let back = try encoder.decode(keys)
        #expect(encoder.encode(back).isEqual(to: keys))
        for (found, column) in zip(back, batch.columns) {
            #expect(
                "\((0..<40).map { found.scalar(at: $0) })".replacing("-0.0", with: "0.0")
                    == "\((0..<40).map { column.scalar(at: $0) })".replacing("-0.0", with: "0.0"))
        }
    }

    @Test(arguments: 0..<60)
    func brokenKeysAreRefusedOrRead(seed: Int) throws {
        var generator = BatchGenerator(seed: UInt64(seed))
        let batch = generator.batch(generator.schema(columns: 3, depth: 2), rows: 1)
        let encoder = RowKeyEncoder(types: batch.schema.fields.map(\.type))
        guard case .bytes(let whole) = encoder.encode(batch.columns).scalar(at: 0) else { return }
        for cut in 0..<whole.count {
            let builder = BytesColumnBuilder(.binary)
            try builder.append(.bytes(Array(whole.prefix(cut))))
            let keys = builder.finish()
            #expect(throws: ColumnarError.self) { _ = try encoder.decode(keys) }
        }
    }

    private func compare(_ left: Scalar, _ right: Scalar) -> Int {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): sign(a ? 1 : 0, b ? 1 : 0)
        case (.int(let a), .int(let b)): sign(a, b)
        case (.uint(let a), .uint(let b)): sign(a, b)
        case (.decimal(let a), .decimal(let b)): sign(a, b)
        case (.double(let a), .double(let b)):
            a.isNaN || b.isNaN ? (a.isNaN == b.isNaN ? 0 : (a.isNaN ? 1 : -1)) : sign(a, b)
        case (.string(let a), .string(let b)): bytes(Array(a.utf8), Array(b.utf8))
        case (.bytes(let a), .bytes(let b)): bytes(a, b)
        default: 2
        }
    }

    private func sign<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }
    private func bytes(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }
}
