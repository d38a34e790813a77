internal import Columnar
internal import SQL

/// A table's rows by key, built once before the job starts and then read by all workers.
@safe
final class TableArrangement: @unchecked Sendable {
    // Sendable: nothing changes once it is built; each worker has an encoder of its own.
    let batch: RecordBatch
    let keyTypes: [DataType]
    let version: String
    private let table = KeyTable()
    /// Rows of group g are `rows[starts[g]..<starts[g + 1]]`, ordered by time in an as-of join.
    private var starts: [Int32] = [0]
    private var rows: [Int32] = []
    private var times: [Int64] = []

    /// - Parameter time: the expression that orders the rows of a key, in an as-of join.
    init(_ batch: RecordBatch, keys: [Expression], time: Expression?, version: String) throws {
        self.batch = batch
        self.version = version
        keyTypes = keys.map(\.type)
        let frame = Frame(batch)
        let columns = try keys.map { try ExpressionCompiler.compile($0).evaluate(frame) }
        let timeColumn = try time.map { try ExpressionCompiler.compile($0).evaluate(frame) }
        let timeKey = timeColumn.flatMap { column in KeyCodecs.words(column.type).map { $0.reader(column) } }
        let encoder = KeyEncoder(types: keyTypes, hasWindow: false)
        encoder.encode(columns, windows: nil, count: batch.count)
        var groups: [[Int32]] = []
        for row in 0..<batch.count {
            if columns.contains(where: { $0.isNull(row) }) || timeColumn?.isNull(row) == true { continue }
            if frame.faults[Int32(row)] != nil { continue }
            let (key, hash) = unsafe (encoder.key(row), encoder.hash(row))
            let slot = unsafe table.find(key, hash: hash)
            if slot >= 0 {
                groups[Int(slot)].append(Int32(row))
            } else {
                _ = unsafe table.insert(key, hash: hash)
                groups.append([Int32(row)])
            }
        }
        for group in groups {
            let ordered = timeKey.map { key in
                group.map { ($0, key(Int($0))) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            }
            if let ordered {
                rows += ordered.map(\.0)
                times += ordered.map(\.1)
            } else {
                rows += group
            }
            starts.append(Int32(rows.count))
        }
    }

    var byteCount: Int { batch.byteCount + table.keyBytes + table.count * 48 + rows.count * 12 }

    /// The rows with this key.
    func matches(_ key: UnsafeRawBufferPointer, hash: UInt64) -> ArraySlice<Int32> {
        let slot = unsafe Int(table.find(key, hash: hash))
        return slot < 0 ? [] : rows[Int(starts[slot])..<Int(starts[slot + 1])]
    }

    /// The row with this key and the newest time that is not after `time` (or, if `strict`, before it); -1 if none.
    func latest(_ key: UnsafeRawBufferPointer, hash: UInt64, time: Int64, strict: Bool) -> Int32 {
        let slot = unsafe Int(table.find(key, hash: hash))
        if slot < 0 { return -1 }
        var (low, high) = (Int(starts[slot]), Int(starts[slot + 1]))
        let first = low
        while low < high {
            let middle = (low + high) / 2
            if strict ? times[middle] < time : times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low > first ? rows[low - 1] : -1
    }
}

/// Reads a table's side of a join: scans, filters and projections, all at once.
enum TableReader {
    static func read(_ plan: RelationalPlan, needed: ColumnSet, tables: [String: any TableSource]) throws -> RecordBatch
    {
        switch plan {
        case .scan(let scan): return try self.scan(scan, needed, tables)
        case .filter(let input, let predicate):
            let wanted = needed.indices.map { ColumnSet(indices: $0.union(predicate.inputColumns)) } ?? .all
            let batch = try read(input, needed: wanted, tables: tables)
            let frame = Frame(batch)
            let truth = BoolView(try ExpressionCompiler.compile(predicate).evaluate(frame))
            try check(frame, batch)
            let rows = (0..<Int32(batch.count)).filter { !truth.isNull(Int($0)) && truth[Int($0)] }
            return ChangeBatch(batch).taking(rows, needed: needed).batch
        case .project(let input, let columns):
            let wanted = columns.reduce(into: Set<Int>()) { $0.formUnion($1.expression.inputColumns) }
            let batch = try read(input, needed: ColumnSet(indices: wanted), tables: tables)
            let frame = Frame(batch)
            let results = try columns.map { try ExpressionCompiler.compile($0.expression).evaluate(frame) }
            try check(frame, batch)
            return RecordBatch(schema: plan.schema, columns: results, count: batch.count)
        default:
            throw StreamingError.unsupported(
                "this table side of a join", found: "\(plan.schema)",
                hint: "Make a table model of it, and join that.")
        }
    }

    private static func check(_ frame: Frame, _ batch: RecordBatch) throws {
        guard let (row, fault) = frame.faults.min(by: { $0.key < $1.key }) else { return }
        throw StreamingError.connector(
            "a table of a join", problem: "\(fault.cause): \(RowText.describe(batch, Int(row)))")
    }

    private static func scan(_ scan: Scan, _ needed: ColumnSet, _ tables: [String: any TableSource]) throws
        -> RecordBatch
    {
        guard let table = tables[scan.relation] else { throw StreamingError.missingInput(relation: scan.relation) }
        let wanted = scan.schema.fields.indices.filter { needed.contains($0) }
        let source = table.schema
        let numbers = try wanted.map { index -> Int in
            let field = scan.schema[index]
            guard let number = source.index(of: field.name), source[number].type == field.type else {
                throw StreamingError.schemaMismatch(
                    relation: scan.relation, expected: "\(scan.schema)", found: "\(source)")
            }
            return number
        }
        // A count of rows needs one column even if nobody looks at any.
        let asked = numbers.isEmpty && source.count > 0 ? [0] : numbers
        var batches: [RecordBatch] = []
        try table.scan(columns: asked) { batches.append($0) }
        let schema = Schema(asked.map { source[$0] })
        let count = batches.reduce(0) { $0 + $1.count }
        let all =
            batches.isEmpty
            ? RecordBatch(
                schema: schema, columns: schema.fields.map { Placeholder.column($0.type, count: 0) }, count: 0)
            : Gather.concatenate(batches, schema: schema)
        let columns = scan.schema.fields.enumerated().map { index, field in
            wanted.firstIndex(of: index).map { all.columns[$0] } ?? Placeholder.column(field.type, count: count)
        }
        return RecordBatch(schema: scan.schema, columns: columns, count: count)
    }
}
