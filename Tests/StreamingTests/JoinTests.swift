import Base
import Columnar
import SQL
import Testing

@testable import Streaming

@Suite struct JoinTests {
    let airlines = Schema([Field("code", .utf8), Field("name", .utf8)])
    let weather = Schema([Field("station", .utf8), Field("seen", micros), Field("wind", .float64)])

    func run(
        _ plan: RelationalPlan, _ events: [[[Scalar]]], tables: [String: any TableSource],
        dead: MemorySink = MemorySink()
    ) throws -> [[Scalar]: Int64] {
        let folder = try TemporaryFolder()
        let sink = MemorySink()
        let job = try StreamJob(
            plan: plan, emit: .final, sources: ["events": MemorySource(eventSchema, events)], tables: tables,
            sink: sink,
            deadLetterSink: dead, stateDirectory: folder.path, clock: MonotonicClock())
        try job.start(settings(workers: 2))
        try job.waitUntilCaughtUp()
        try job.stop()
        return settle(sink.visible)
    }

    func airlineTable() throws -> MemoryTable {
        MemoryTable(
            schema: airlines,
            batches: [
                try makeBatch(airlines, [[.string("AA"), .string("American")], [.null, .string("nobody")]]),
                try makeBatch(
                    airlines, [[.string("UA"), .string("United")], [.string("UA"), .string("Continental")]]),
            ])
    }

    @Test(arguments: [JoinKind.inner, .left], [false, true])
    func streamsMeetTables(kind: JoinKind, residual: Bool) throws {
        let events = makeEvents(seed: 8, partitions: 2, rows: 100, disorder: 0)
        let scan = RelationalPlan.scan(Scan(relation: "airlines", kind: .table, schema: airlines))
        let joined = RelationalPlan.join(
            Join(
                kind: kind, left: eventScan, right: scan,
                keys: [JoinKey(left: column(eventSchema, "carrier"), right: column(airlines, "code"))],
                residual: residual
                    ? Expression(
                        .call(.greater, [Expression(.column(3), type: .int32), literal(.int(0), .int32)]), type: .bool)
                    : nil))
        let plan = RelationalPlan.project(
            joined,
            [
                named("at", Expression(.column(2), type: micros)), named("delay", Expression(.column(3), type: .int32)),
                named("name", Expression(.column(6), type: .utf8)),
            ])
        var model: [[Scalar]: Int64] = [:]
        for row in events.joined() {
            var names: [Scalar] =
                row[1] == .string("AA")
                ? [.string("American")] : row[1] == .string("UA") ? [.string("United"), .string("Continental")] : []
            if residual { if case .int(let delay) = row[3], delay > 0 {} else { names = [] } }
            if names.isEmpty && kind == .left { names = [.null] }
            for name in names { model[[row[2], row[3], name], default: 0] += 1 }
        }
        #expect(try run(plan, events, tables: ["airlines": airlineTable()]) == model)
    }

    @Test(arguments: [JoinKind.inner, .left], [false, true])
    func asOfJoinsFindTheLatest(kind: JoinKind, strict: Bool) throws {
        var random = SplitMix64(seed: 4)
        let events = makeEvents(seed: 2, partitions: 2, rows: 150, disorder: 0)
        let seen: [[Scalar]] = (0..<60).map { row in
            [
                [.string("JFK"), .string("LGA"), .null][row % 3],
                row % 7 == 0 ? .null : .int(Int64.random(in: 0...140, using: &random) * 50), .double(Double(row)),
            ]
        }
        var times = Set<[Scalar]>()
        let unique = seen.filter { times.insert(Array($0.prefix(2))).inserted }
        let plan = RelationalPlan.asOfJoin(
            AsOfJoin(
                kind: kind, left: eventScan, right: .scan(Scan(relation: "weather", kind: .table, schema: weather)),
                keys: [JoinKey(left: column(eventSchema, "origin"), right: column(weather, "station"))],
                leftTime: column(eventSchema, "at"), rightTime: column(weather, "seen"), strict: strict))
        var model: [[Scalar]: Int64] = [:]
        for row in events.joined() {
            guard case .int(let at) = row[2] else { continue }
            var best: (Int64, [Scalar])?
            for candidate in unique where candidate[0] == row[0] && candidate[0] != .null {
                guard case .int(let time) = candidate[1], strict ? time < at : time <= at else { continue }
                if best.map({ time > $0.0 }) ?? true { best = (time, candidate) }
            }
            if let best {
                model[row + best.1, default: 0] += 1
            } else if kind == .left {
                model[row + [.null, .null, .null], default: 0] += 1
            }
        }
        #expect(
            try run(
                plan, events, tables: ["weather": MemoryTable(schema: weather, batches: [makeBatch(weather, unique)])])
                == model)
    }

    @Test func brokenRowsGoToTheDeadLettersAndNowhereElse() throws {
        var events = makeEvents(seed: 6, partitions: 2, rows: 50, disorder: 0)
        events[0].insert([.string("broken"), .null, .int(0), .null, .null], at: 20)
        events[1].insert([.string("JFK"), .string("AA"), .int(0), .int(Int64(Int32.max)), .null], at: 30)
        let plan = RelationalPlan.project(
            eventScan,
            [
                named(
                    "sum",
                    Expression(.call(.add, [column(eventSchema, "delay"), literal(.int(1), .int32)]), type: .int32))
            ])
        let dead = MemorySink()
        let rows = try run(plan, events, tables: [:], dead: dead)
        #expect(rows.values.reduce(0, +) == 100)
        #expect(Set(dead.visible.map { $0.values[3] }) == [.string("T-1"), .string("STR-060")])
        #expect(dead.visible.count == 2)
    }

    @Test(
        arguments: [
            (
                "two streams",
                RelationalPlan.join(
                    Join(
                        kind: .inner, left: eventScan, right: eventScan,
                        keys: [JoinKey(left: column(eventSchema, "origin"), right: column(eventSchema, "origin"))])),
                "STR-001"
            ),
            ("session", windowedPlan(kind: .session(gapMicros: 10)), "STR-001"),
            (
                "never final",
                .aggregate(
                    Aggregate(input: eventScan, keys: [named("origin", column(eventSchema, "origin"))], aggregates: [])),
                "STR-002"
            ),
            ("a table alone", .scan(Scan(relation: "t", kind: .table, schema: eventSchema)), "STR-001"),
        ] as [(String, RelationalPlan, String)])
    func whatStreamsCannotDoIsRefusedWhenPlanned(name: String, plan: RelationalPlan, code: String) {
        let error = #expect(throws: StreamingError.self) { try StreamCompiler.check(plan, emit: .final) }
        #expect(error?.report.code == code)
    }
}
