import Base
import Columnar
import SQL
import Testing

@testable import Streaming

/// Times that clients send and no calendar has: the row becomes a dead letter, and the job goes on.
@Suite struct AbsurdTimesTests {
    static let sentinels: [Int64] = [.min, .min + 1, -9_223_372_036_854_775_807, .max, .max - 1, 9_223_372_036_854_775]

    static func instant(_ value: Int64, _ unit: TimeUnit) -> Expression {
        literal(.int(value), .timestamp(unit, zone: nil))
    }
    static func interval(months: Int32, days: Int32, nanos: Int64) -> Expression {
        literal(.interval(months: months, days: days, nanos: nanos), .intervalMonthDayNano)
    }

    /// Every function of times, over every unit, with every sentinel: a value or a fault, and never the end of the program.
    @Test(arguments: [TimeUnit.second, .millisecond, .microsecond, .nanosecond])
    func functionsFaultInsteadOfTrapping(unit: TimeUnit) throws {
        let type = DataType.timestamp(unit, zone: nil)
        for value in Self.sentinels {
            let time = Self.instant(value, unit)
            for part in DatePart.allCases {
                let name = literal(.string(part.rawValue), .utf8)
                var calls = [
                    EvaluatorTests.call(.datePart, [name, time], part == .epoch ? .float64 : .int64),
                    EvaluatorTests.call(.dateDifference, [name, time, Self.instant(0, unit)], .int64),
                    EvaluatorTests.call(.dateDifference, [name, Self.instant(.max - 1, unit), time], .int64),
                ]
                if part.truncate(0) != nil { calls.append(EvaluatorTests.call(.dateTrunc, [name, time], type)) }
                for call in calls where (try? ExpressionCompiler.compile(call)) != nil {
                    let (answer, fault) = try EvaluatorTests.evaluate(call)
                    if Calendar.micros(value, unit) == nil {
                        #expect(fault == .timeRange && answer == .null, "\(part) of \(value) \(unit)")
                    }
                }
            }
            let steps = [
                Self.interval(months: .max, days: .max, nanos: .max),
                Self.interval(months: .min, days: .min, nanos: .min),
            ]
            for step in steps {
                for function in [ScalarFunction.timestampPlusInterval, .timestampMinusInterval] {
                    let (answer, fault) = try EvaluatorTests.evaluate(
                        EvaluatorTests.call(function, [time, step], type))
                    if Calendar.micros(value, unit) == nil { #expect(fault == .timeRange && answer == .null) }
                }
            }
            let difference = EvaluatorTests.call(
                .timestampMinusTimestamp, [Self.instant(.max - 1, unit), time], .intervalMonthDayNano)
            _ = try EvaluatorTests.evaluate(difference)
            for function in [ScalarFunction.epochMillis, .epochMicros] {
                _ = try EvaluatorTests.evaluate(EvaluatorTests.call(function, [time], .int64))
            }
            for target in [DataType.date32, .utf8, micros, .timestamp(.nanosecond, zone: nil)] {
                let cast = EvaluatorTests.cast(time, target)
                if (try? ExpressionCompiler.compile(cast)) != nil { _ = try EvaluatorTests.evaluate(cast) }
            }
            #expect(!RowText.describe(try makeBatch(Schema([Field("t", type)]), [[.int(value)]]), 0).isEmpty)
        }
    }

    @Test(arguments: [Int64(Int32.min), Int64(Int32.max), -106_751_992, 106_751_992])
    func datesTooFarAwayAreRefused(days: Int64) throws {
        let date = literal(.int(days), .date32)
        for part in ["year", "day", "hour", "week"] {
            let call = EvaluatorTests.call(.datePart, [literal(.string(part), .utf8), date], .int64)
            let (answer, fault) = try EvaluatorTests.evaluate(call)
            #expect(fault == .timeRange && answer == .null, "\(part)")
        }
    }

    @Test(arguments: ["999999-01-01", "294247-01-10 04:00:54.775807", "999999-12-31 23:59:59-12:00"])
    func textsOfTimesTooFarAwayAreNoTimes(text: String) throws {
        let cast = EvaluatorTests.cast(EvaluatorTests.text(text), micros)
        #expect(try EvaluatorTests.evaluate(cast).1 == .cast)
        #expect(TimestampText.parse("294247-01-10 04:00:54.775806") == Calendar.instants.upperBound)
    }

    @Test func negatedIntervalsThatDoNotFitAreRefused() throws {
        let call = EvaluatorTests.call(
            .negate, [Self.interval(months: 0, days: .min, nanos: 0)], .intervalMonthDayNano)
        #expect(try EvaluatorTests.evaluate(call).1 == .overflow)
    }

    // MARK: Jobs

    static func row(_ time: Int64) -> [Scalar] { [.string("JFK"), .string("AA"), .int(time), .int(1), .double(0)] }

    struct Outcome {
        var answers: Set<[Scalar]>
        var dead: [(origin: Scalar, partition: Scalar, code: Scalar, text: Scalar)]
        var late: Int
        var status: StreamJobStatus
    }

    func run(
        _ source: MemorySource, plan: RelationalPlan = windowedPlan(), settings: StreamJobSettings
    ) throws -> Outcome {
        let folder = try TemporaryFolder()
        let (sink, late, dead) = (MemorySink(), MemorySink(), MemorySink())
        let job = try StreamJob(
            plan: plan, emit: .final, sources: ["events": source], sink: sink, lateSink: late, deadLetterSink: dead,
            stateDirectory: folder.path, clock: MonotonicClock())
        try job.start(settings)
        try job.waitUntilCaughtUp()
        try job.checkpoint()
        let status = job.status()
        try job.stop()
        return Outcome(
            answers: Set(sink.visible.map { Array($0.values.prefix(4)) }),
            dead: dead.visible.map { ($0.values[0], $0.values[1], $0.values[3], $0.values[4]) },
            late: late.visible.count, status: status)
    }

    @Test(arguments: [1, 100])
    func sentinelsAreDeadLettersAndTheRestIsAnswered(batchMax: Int) throws {
        let times: [Int64] = [10, .min, 500, .min + 1, .max, 1_500]
        let source = MemorySource(eventSchema, [times.map(Self.row)], batchMax: batchMax)
        let outcome = try run(source, settings: settings(lateness: 100))
        #expect(outcome.dead.count == 3)
        #expect(outcome.dead.allSatisfy { $0.code == .string("STR-065") })
        #expect(
            outcome.answers == [
                [.int(1_000), .string("JFK"), .string("AA"), .int(2)],
                [.int(2_000), .string("JFK"), .string("AA"), .int(1)],
            ])
        #expect(outcome.late == 0)
        #expect(outcome.status.refused == 3)
        #expect(outcome.status.ledger.allSatisfy { $0.handOver.missing == 0 })
    }

    /// The windows of the first and last instants that there are would begin before time, or end after it.
    @Test func windowsAtTheEndsOfTimeAreRefused() throws {
        let ends = [Calendar.instants.lowerBound, Calendar.instants.upperBound]
        for kind in [
            WindowAssignment.Kind.tumble(sizeMicros: 1_000, offsetMicros: 7), .hop(slideMicros: 500, sizeMicros: 1_000),
        ] {
            let source = MemorySource(eventSchema, [[Self.row(10)] + ends.map(Self.row)])
            let outcome = try run(source, plan: windowedPlan(kind: kind), settings: settings())
            #expect(outcome.dead.map(\.code) == [.string("STR-065"), .string("STR-065")])
            #expect(!outcome.answers.isEmpty)
            #expect(outcome.status.ledger.allSatisfy { $0.handOver.missing == 0 })
        }
    }

    /// One event of the year 2999 does not make all that come after it late; an hour ahead is fine where a day is allowed.
    @Test(arguments: [1, 3, 100])
    func eventsFarAheadOfTheirAppendAreDeadLetters(batchMax: Int) throws {
        let (now, hour) = (Int64(1_700_000_000_000_000), Int64(3_600_000_000))
        let times = [now, now + hour, 32_472_144_000_000_000, now + 2 * hour, now + 25 * hour, now + 26 * hour]
        // By the time the last came, it was no longer a day ahead.
        let appended = [now, now, now, now, now, now + 3 * hour]
        let source = MemorySource(
            eventSchema, [times.map(Self.row)], batchMax: batchMax, appendTimes: [appended])
        let outcome = try run(
            source, plan: windowedPlan(sizeMicros: hour), settings: settings(lateness: hour, aheadMax: 24 * hour))
        #expect(outcome.dead.map(\.code) == [.string("STR-066"), .string("STR-066")])
        #expect(outcome.dead.allSatisfy { $0.origin == .string("events") && $0.partition == .int(0) })
        #expect(
            outcome.dead.first.map { "\($0.text)" }?.contains("event_time_ahead_max") == true, "it names the setting")
        #expect(outcome.late == 0)
        #expect(outcome.answers.count == 4)
    }

    @Test func withoutALimitTheFutureIsAsGoodAsThePast() throws {
        let times: [Int64] = [0, 32_472_144_000_000_000]
        let source = MemorySource(eventSchema, [times.map(Self.row)], appendTimes: [[5, 6]])
        #expect(try run(source, settings: settings()).dead.isEmpty)
    }
}
