import Base
import Columnar
import Foundation
import SQL
import Synchronization

@testable import Streaming

typealias Expression = SQL.Expression

/// A row and its weight, to be compared as a set.
struct WeightedRow: Hashable {
    let values: [Scalar]
    let weight: Int64
}

func makeBatch(_ schema: Schema, _ rows: [[Scalar]]) throws -> RecordBatch {
    let builders = schema.fields.map { ColumnBuilder.make($0.type) }
    for row in rows { for (builder, value) in zip(builders, row) { try builder.append(value) } }
    return RecordBatch(schema: schema, columns: builders.map { $0.finish() }, count: rows.count)
}

func rows(of batch: RecordBatch) -> [[Scalar]] {
    (0..<batch.count).map { row in batch.columns.map { $0.scalar(at: row) } }
}

/// Partitions in memory. The number of rows a poll gives is drawn from a seed, to vary batch boundaries.
final class MemorySource: StreamSource {
    struct State {
        var partitions: [[[Scalar]]]
        var finished: Bool
        var wakes: [SourceWake] = []
        var random: SplitMix64
        var identity: String
    }
    let schema: Schema
    var partitionCount: Int { state.withLock { $0.partitions.count } }
    /// When each row of each partition was appended; nil for a source that does not tell.
    let appendTimes: [[Int64]]?
    let batchMax: Int
    let onDataLoss: DataLoss
    let state: Mutex<State>

    init(
        _ schema: Schema, _ partitions: [[[Scalar]]], batchMax: Int = 7, finished: Bool = true, seed: UInt64 = 1,
        identity: String = "memory", onDataLoss: DataLoss = .fail, appendTimes: [[Int64]]? = nil
    ) {
        self.schema = schema
        self.batchMax = batchMax
        self.onDataLoss = onDataLoss
        self.appendTimes = appendTimes
        state = Mutex(
            State(partitions: partitions, finished: finished, random: SplitMix64(seed: seed), identity: identity))
    }

    func identity() -> String { state.withLock { $0.identity } }
    func addPartition() { state.withLock { $0.partitions.append([]) } }

    func append(_ rows: [[Scalar]], to partition: Int) {
        let wakes = state.withLock { state -> [SourceWake] in
            state.partitions[partition] += rows
            return state.wakes
        }
        for wake in wakes { wake() }
    }

    func finish() {
        let wakes = state.withLock { state -> [SourceWake] in
            state.finished = true
            return state.wakes
        }
        for wake in wakes { wake() }
    }

    func openPartition(_ index: Int, at position: SourcePosition?, wake: SourceWake) throws -> any PartitionReader {
        state.withLock { $0.wakes.append(wake) }
        var start = 0
        if case .offset(let offset)? = position { start = Int(offset) }
        return Reader(source: self, partition: index, next: start)
    }

    final class Reader: PartitionReader {
        let source: MemorySource
        let partition: Int
        var next: Int
        init(source: MemorySource, partition: Int, next: Int) {
            (self.source, self.partition, self.next) = (source, partition, next)
        }

        func poll(rowsMax: Int) throws -> SourceBatch? {
            let rows = source.state.withLock { state -> [[Scalar]] in
                let all = state.partitions[partition]
                let count = Int.random(in: 1...source.batchMax, using: &state.random)
                return Array(all[min(next, all.count)..<min(all.count, next + count)])
            }
            if rows.isEmpty { return nil }
            // A row whose first value is the text "broken" cannot be decoded.
            let good = rows.filter { $0.first != .string("broken") }
            var appends: [SourceBatch.AppendRun] = []
            if let times = source.appendTimes?[partition] {
                for (index, row) in rows.enumerated() {
                    let rowEnd = (appends.last?.rowEnd ?? 0) + (row.first != .string("broken") ? 1 : 0)
                    appends.append(.init(rowEnd: rowEnd, micros: times[next + index]))
                }
            }
            next += rows.count
            let letters = (0..<(rows.count - good.count)).map { _ in
                DeadLetter(
                    origin: "memory", partition: partition, position: "\(next)", code: "T-1", cause: "broken",
                    payload: [1, 2])
            }
            return SourceBatch(
                batch: try makeBatch(source.schema, good), next: .offset(Int64(next)), deadLetters: letters,
                appends: appends)
        }
        var isFinished: Bool { source.state.withLock { $0.finished && next >= $0.partitions[partition].count } }
    }
}

struct SinkFault: Error {}

/// Keeps committed rows in memory, and fails where it is told to.
final class MemorySink: StreamSink {
    enum Fault: Equatable { case none, prepare(UInt64), beforeCommit(UInt64), afterCommit(UInt64) }
    struct State {
        var prepared: [String: [WeightedRow]] = [:]
        var visible: [WeightedRow] = []
        var committed: Set<UInt64> = []
        var fault = Fault.none
        var serial = 0
    }
    let state = Mutex(State())

    func openWriter(worker: Int) throws -> any SinkWriter { Writer(sink: self, worker: worker) }

    func commit(epoch: Epoch, handles: [[UInt8]]) throws {
        try state.withLock { state in
            if state.fault == .beforeCommit(epoch.rawValue) {
                state.fault = .none
                throw SinkFault()
            }
            guard state.committed.insert(epoch.rawValue).inserted else { return }
            for handle in handles where !handle.isEmpty {
                guard let rows = state.prepared.removeValue(forKey: String(decoding: handle, as: UTF8.self)) else {
                    preconditionFailure("a handle that was never prepared")
                }
                state.visible += rows
            }
            if state.fault == .afterCommit(epoch.rawValue) {
                state.fault = .none
                throw SinkFault()
            }
        }
    }

    func abort(after epoch: Epoch) { state.withLock { $0.prepared = [:] } }

    var visible: [WeightedRow] { state.withLock { $0.visible } }

    final class Writer: SinkWriter {
        let sink: MemorySink
        let worker: Int
        var pending: [WeightedRow] = []
        init(sink: MemorySink, worker: Int) { (self.sink, self.worker) = (sink, worker) }
        func write(_ changes: ChangeBatch) {
            for (index, row) in rows(of: changes.batch).enumerated() {
                pending.append(WeightedRow(values: row, weight: changes.weight(index)))
            }
        }
        func prepare(epoch: Epoch) throws -> [UInt8] {
            defer { pending = [] }
            return try sink.state.withLock { state in
                if state.fault == .prepare(epoch.rawValue) {
                    state.fault = .none
                    throw SinkFault()
                }
                if pending.isEmpty { return [] }
                state.serial += 1
                let handle = "\(epoch)-\(worker)-\(state.serial)"
                state.prepared[handle] = pending
                return Array(handle.utf8)
            }
        }
        func discard() { pending = [] }
    }
}

struct MemoryTable: TableSource {
    let schema: Schema
    let version = "1"
    let batches: [RecordBatch]
    func scan(columns: [Int], _ body: (RecordBatch) throws -> Void) throws {
        for batch in batches { try body(batch.selecting(columns)) }
    }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "streaming-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Adds up weights; rows of weight 0 are gone.
func settle(_ rows: [WeightedRow]) -> [[Scalar]: Int64] {
    var total: [[Scalar]: Int64] = [:]
    for row in rows { total[row.values, default: 0] += row.weight }
    return total.filter { $0.value != 0 }
}

func settings(
    workers: Int = 1, lateness: Int64 = 0, interval: Int64 = 3_000, state: Int? = nil, idleAfter: Int64 = 60_000_000,
    aheadMax: Int64? = nil
) -> StreamJobSettings {
    StreamJobSettings(
        governor: MemoryGovernor(budgetBytes: 256 << 20), workers: workers, checkpointIntervalMicros: interval,
        latenessMicros: lateness, idleAfterMicros: idleAfter,
        eventTimeAheadMaxMicros: aheadMax.map { ["events": $0] } ?? [:], stateBudgetBytes: state)
}

// MARK: Plans

let micros = DataType.timestamp(.microsecond, zone: nil)
let eventSchema = Schema([
    Field("origin", .utf8), Field("carrier", .utf8), Field("at", micros), Field("delay", .int32),
    Field("amount", .float64),
])

func column(_ schema: Schema, _ name: String) -> Expression {
    let index = schema.index(of: name) ?? 0
    return Expression(.column(index), type: schema[index].type)
}

func named(_ name: String, _ expression: Expression) -> NamedExpression {
    NamedExpression(name: name, expression: expression)
}

let eventScan = RelationalPlan.scan(Scan(relation: "events", kind: .stream, schema: eventSchema, eventTimeColumn: 2))

func literal(_ value: Scalar, _ type: DataType) -> Expression { Expression(.literal(value), type: type) }

/// select window_end, origin, carrier, counts, sums ... from tumble(events, at, size) group by 1, 2, 3
func windowedPlan(sizeMicros: Int64 = 1_000, kind: WindowAssignment.Kind? = nil) -> RelationalPlan {
    let window = RelationalPlan.window(
        eventScan, WindowAssignment(kind: kind ?? .tumble(sizeMicros: sizeMicros, offsetMicros: 0), timeColumn: 2))
    let schema = window.schema
    let delay = column(schema, "delay")
    func call(
        _ function: AggregateCall.Function, _ arguments: [Expression], _ type: DataType, filter: Expression? = nil
    ) -> AggregateCall {
        AggregateCall(function, arguments: arguments, filter: filter, type: type)
    }
    return .aggregate(
        Aggregate(
            input: window,
            keys: [
                named("window_end", column(schema, "window_end")), named("origin", column(schema, "origin")),
                named("carrier", column(schema, "carrier")),
            ],
            aggregates: [
                NamedAggregate(name: "flights", call: call(.countRows, [], .int64)),
                NamedAggregate(name: "known", call: call(.count, [delay], .int64)),
                NamedAggregate(name: "total", call: call(.sum, [delay], .decimal128(precision: 38, scale: 0))),
                NamedAggregate(name: "mean", call: call(.average, [delay], .float64)),
                NamedAggregate(name: "longest", call: call(.maximum, [delay], .int32)),
                NamedAggregate(name: "p90", call: call(.quantileContinuous(0.9), [delay], .float64)),
                NamedAggregate(name: "kinds", call: call(.countDistinct, [delay], .int64)),
                NamedAggregate(
                    name: "late",
                    call: call(
                        .countRows, [], .int64,
                        filter: Expression(.call(.greater, [delay, literal(.int(5), .int32)]), type: .bool))),
            ]))
}

/// Events out of order by at most `disorder`, some with null delays.
func makeEvents(seed: UInt64, partitions: Int, rows: Int, disorder: Int64) -> [[[Scalar]]] {
    var random = SplitMix64(seed: seed)
    return (0..<partitions).map { partition in
        (0..<rows).map { row in
            let time = Int64(row) * 50 + Int64.random(in: -disorder...0, using: &random)
            let delay: Scalar =
                Int.random(in: 0..<8, using: &random) == 0 ? .null : .int(Int64.random(in: -20...60, using: &random))
            return [
                .string(["JFK", "LGA", "EWR"][Int.random(in: 0..<3, using: &random)]),
                Int.random(in: 0..<9, using: &random) == 0
                    ? .null : .string(["AA", "UA", "a longer carrier's name"][Int.random(in: 0..<3, using: &random)]),
                .int(time), delay, .double(Double.random(in: 0..<10, using: &random)),
            ]
        }
    }
}

/// What `windowedPlan` must give in the end, and which rows are late, from the plainest code that can tell.
func windowedModel(_ partitions: [[[Scalar]]], sizeMicros: Int64, lateness: Int64) -> (
    rows: Set<[Scalar]>, late: [[Scalar]: Int]
) {
    var groups: [[Scalar]: [Scalar]] = [:]
    var late: [[Scalar]: Int] = [:]
    for partition in partitions {
        var newest: Int64?
        for row in partition {
            guard case .int(let time) = row[2] else { continue }
            let end = Calendar.floorDivide(time, sizeMicros) * sizeMicros + sizeMicros
            if let newest, end <= newest - lateness {
                late[row, default: 0] += 1
            } else {
                groups[[.int(end), row[0], row[1]], default: []].append(row[3])
            }
            newest = max(newest ?? time, time)
        }
    }
    var rows: Set<[Scalar]> = []
    for (key, delays) in groups {
        let values = delays.compactMap { if case .int(let value) = $0 { value } else { nil } }.sorted()
        let sum = values.reduce(0, +)
        var p90 = Scalar.null
        if !values.isEmpty {
            let exact = Double(values.count - 1) * 0.9
            let (low, high) = (Double(values[Int(exact.rounded(.down))]), Double(values[Int(exact.rounded(.up))]))
            p90 = .double(
                (high * (exact - exact.rounded(.down))).addingProduct(low, 1 - (exact - exact.rounded(.down))))
        }
        var row = key
        row.append(.int(Int64(delays.count)))
        row.append(.int(Int64(values.count)))
        row.append(values.isEmpty ? .null : .decimal(Int128(sum)))
        row.append(values.isEmpty ? .null : .double(Double(sum) / Double(values.count)))
        row.append(values.last.map { Scalar.int($0) } ?? .null)
        row.append(p90)
        row.append(.int(Int64(Set(values).count)))
        row.append(.int(Int64(values.filter { $0 > 5 }.count)))
        rows.insert(row)
    }
    return (rows, late)
}
