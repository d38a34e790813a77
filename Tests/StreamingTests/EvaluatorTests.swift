import Base
import Columnar
import SQL
import Testing

@testable import Streaming

/// Answers that DuckDB 2.0 gives to the same expressions.
@Suite struct EvaluatorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        let expression: Expression
        let answer: Scalar
        var testDescription: String { sql }
        init(_ sql: String, _ expression: Expression, _ answer: Scalar) {
            (self.sql, self.expression, self.answer) = (sql, expression, answer)
        }
    }

    static func evaluate(_ expression: Expression) throws -> (Scalar, RowFault?) {
        let frame = Frame([], count: 1)
        let column = try ExpressionCompiler.compile(expression).evaluate(frame)
        return (column.scalar(at: 0), frame.faults[0])
    }

    static func int(_ value: Int64) -> Expression { literal(.int(value), .int64) }
    static func i32(_ value: Int64) -> Expression { literal(.int(value), .int32) }
    static func real(_ value: Double) -> Expression { literal(.double(value), .float64) }
    static func text(_ value: String) -> Expression { literal(.string(value), .utf8) }
    static func bool(_ value: Bool?) -> Expression { literal(value.map { .bool($0) } ?? .null, .bool) }
    static func decimal(_ value: Int128, _ precision: Int, _ scale: Int) -> Expression {
        literal(.decimal(value), .decimal128(precision: precision, scale: scale))
    }
    static func instant(_ text: String) -> Expression { literal(.int(TimestampText.parse(text) ?? 0), micros) }
    static func day(_ text: String) -> Expression { literal(.int(TimestampText.parseDate(text) ?? 0), .date32) }
    static func call(_ function: ScalarFunction, _ arguments: [Expression], _ type: DataType) -> Expression {
        Expression(.call(function, arguments), type: type)
    }
    static func cast(_ inner: Expression, _ type: DataType, isTry: Bool = false) -> Expression {
        Expression(.cast(inner, isTry: isTry), type: type)
    }
    static func time(_ text: String) -> Scalar { .int(TimestampText.parse(text) ?? 0) }

    static let numbers: [Case] = [
        Case("1/0", call(.divide, [real(1), real(0)], .float64), .double(.infinity)),
        Case("-7 // 2", call(.integerDivide, [int(-7), int(2)], .int64), .int(-3)),
        Case("-7 % 2", call(.modulo, [int(-7), int(2)], .int64), .int(-1)),
        Case("5.5 % 2", call(.modulo, [real(5.5), real(2)], .float64), .double(1.5)),
        Case("round(2.675, 2)", call(.round, [real(2.675), i32(2)], .float64), .double(2.68)),
        Case("round(0.285, 2)", call(.round, [real(0.285), i32(2)], .float64), .double(0.28)),
        Case("round(-2.5)", call(.round, [real(-2.5)], .float64), .double(-3)),
        Case("round(1e300, 10)", call(.round, [real(1e300), i32(10)], .float64), .double(1e300)),
        Case("round(1255, -1)", call(.round, [i32(1255), i32(-1)], .int32), .int(1260)),
        Case(
            "round(1234.567, 1)",
            call(.round, [decimal(1_234_567, 10, 3), i32(1)], .decimal128(precision: 10, scale: 1)), .decimal(12346)),
        Case("floor(-2.5)", call(.floor, [decimal(-25, 3, 1)], .decimal128(precision: 3, scale: 0)), .decimal(-3)),
        Case("2.5::int", cast(real(2.5), .int32), .int(2)),
        Case("3.5::int", cast(real(3.5), .int32), .int(4)),
        Case("2.5::decimal::int", cast(decimal(25, 3, 1), .int32), .int(3)),
        Case("2.55::decimal(4,1)", cast(decimal(255, 4, 2), .decimal128(precision: 4, scale: 1)), .decimal(26)),
        Case("0.125::decimal(5,2)", cast(real(0.125), .decimal128(precision: 5, scale: 2)), .decimal(13)),
        Case("try_cast(300 as tinyint)", cast(i32(300), .int8, isTry: true), .null),
        Case(
            "1.5 * 2.25",
            call(.multiply, [decimal(150, 5, 2), decimal(225, 5, 2)], .decimal128(precision: 10, scale: 4)),
            .decimal(33750)),
        Case("nan = nan", call(.equal, [real(.nan), real(.nan)], .bool), .bool(true)),
        Case("nan > 1e300", call(.greater, [real(.nan), real(1e300)], .bool), .bool(true)),
        Case("greatest(1, null, 3)", call(.greatest, [int(1), literal(.null, .int64), int(3)], .int64), .int(3)),
        Case("nullif(1, 1)", call(.nullIf, [int(1), int(1)], .int64), .null),
        Case("5 in (1, null)", call(.inList, [int(5), int(1), literal(.null, .int64)], .bool), .null),
        Case("null and false", call(.and, [bool(nil), bool(false)], .bool), .bool(false)),
        Case("null or true", call(.or, [bool(nil), bool(true)], .bool), .bool(true)),
        Case("null is distinct from 1", call(.distinctFrom, [literal(.null, .int64), int(1)], .bool), .bool(true)),
        Case("ln(0)", call(.ln, [real(0)], .float64), .double(-.infinity)),
        Case("sign(-2)", call(.sign, [int(-2)], .int8), .int(-1)),
    ]

    static let texts: [Case] = [
        Case("1e20::varchar", cast(real(1e20), .utf8), .string("1e+20")),
        Case("1.0::varchar", cast(real(1), .utf8), .string("1.0")),
        Case("1e15::varchar", cast(real(1e15), .utf8), .string("1000000000000000.0")),
        Case("1e16::varchar", cast(real(1e16), .utf8), .string("1e+16")),
        Case("1e-5::varchar", cast(real(1e-5), .utf8), .string("1e-05")),
        Case("0.0001::varchar", cast(real(0.0001), .utf8), .string("0.0001")),
        Case("123456789012345680.0::varchar", cast(real(123456789012345680), .utf8), .string("1.2345678901234568e+17")),
        Case("(-0.5)::decimal(5,2)::varchar", cast(decimal(-50, 5, 2), .utf8), .string("-0.50")),
        Case("'  12 '::int", cast(text("  12 "), .int32), .int(12)),
        Case("'12.5'::int", cast(text("12.5"), .int32), .int(13)),
        Case("'1e3'::int", cast(text("1e3"), .int32), .int(1000)),
        Case("'1_000'::int", cast(text("1_000"), .int32), .int(1000)),
        Case("'1.005'::decimal(5,2)", cast(text("1.005"), .decimal128(precision: 5, scale: 2)), .decimal(101)),
        Case("try_cast('abc' as double)", cast(text("abc"), .float64, isTry: true), .null),
        Case("'yes'::bool", cast(text("yes"), .bool), .bool(true)),
        Case("ts::varchar", cast(instant("2013-01-02 03:04:05.5"), .utf8), .string("2013-01-02 03:04:05.5")),
        Case("'2013-1-2'::date", cast(text("2013-1-2"), .date32), .int(15707)),
        Case("substring('hello', 0, 3)", call(.substring, [text("hello"), int(0), int(3)], .utf8), .string("he")),
        Case("substring('hello', -3, 2)", call(.substring, [text("hello"), int(-3), int(2)], .utf8), .string("ll")),
        Case("left('hello', -2)", call(.left, [text("hello"), int(-2)], .utf8), .string("hel")),
        Case("right('hello', -2)", call(.right, [text("hello"), int(-2)], .utf8), .string("llo")),
        Case("lpad('hi', 5, 'xy')", call(.leftPad, [text("hi"), i32(5), text("xy")], .utf8), .string("xyxhi")),
        Case("lpad('hello', 2, 'x')", call(.leftPad, [text("hello"), i32(2), text("x")], .utf8), .string("he")),
        Case(
            "split_part('a,b,c', ',', -1)", call(.splitPart, [text("a,b,c"), text(","), int(-1)], .utf8), .string("c")),
        Case("split_part('a,b,c', ',', 0)", call(.splitPart, [text("a,b,c"), text(","), int(0)], .utf8), .string("")),
        Case(
            "concat('a', null, 'b')", call(.concat, [text("a"), literal(.null, .utf8), text("b")], .utf8), .string("ab")
        ),
        Case("'a' || null", call(.concatOperator, [text("a"), literal(.null, .utf8)], .utf8), .null),
        Case("length('héé')", call(.length, [text("héé")], .int64), .int(3)),
        Case("reverse('héa')", call(.reverse, [text("héa")], .utf8), .string("aéh")),
        Case("trim('xxaxx', 'x')", call(.trim, [text("xxaxx"), text("x")], .utf8), .string("a")),
        Case("trim('  a \\t ')", call(.trim, [text("  a \t ")], .utf8), .string("a \t")),
        Case("upper('straße')", call(.upper, [text("straße")], .utf8), .string("STRAẞE")),
        Case("'a_b' like 'a$_b' escape '$'", call(.like, [text("a_b"), text("a$_b"), text("$")], .bool), .bool(true)),
        Case("'axxbyc' like 'a%b_c'", call(.like, [text("axxbyc"), text("a%b_c")], .bool), .bool(true)),
        Case("'ABC' ilike 'a%'", call(.likeIgnoringCase, [text("ABC"), text("a%")], .bool), .bool(true)),
        Case("replace('aaa', '', 'x')", call(.replace, [text("aaa"), text(""), text("x")], .utf8), .string("aaa")),
        Case("contains('abc', '')", call(.contains, [text("abc"), text("")], .bool), .bool(true)),
    ]

    static let times: [Case] = [
        Case(
            "date_trunc('month', date)", call(.dateTrunc, [text("month"), day("2013-01-02")], micros),
            time("2013-01-01")),
        Case(
            "date_trunc('week', ts)", call(.dateTrunc, [text("week"), instant("2013-01-02 03:04:05")], micros),
            time("2012-12-31")),
        Case(
            "date_trunc('decade', ts)", call(.dateTrunc, [text("decade"), instant("2013-01-02 03:04:05")], micros),
            time("2010-01-01")),
        Case(
            "date_trunc('century', date)", call(.dateTrunc, [text("century"), day("2000-12-31")], micros),
            time("2000-01-01")),
        Case(
            "date_trunc('hour', before 1970)",
            call(.dateTrunc, [text("hour"), instant("1969-12-31 23:30:00")], micros), time("1969-12-31 23:00:00")),
        Case("date_part('week', date)", call(.datePart, [text("week"), day("2012-12-31")], .int64), .int(1)),
        Case("date_part('century', date)", call(.datePart, [text("century"), day("2000-12-31")], .int64), .int(20)),
        Case("date_part('decade', date)", call(.datePart, [text("decade"), day("2012-12-31")], .int64), .int(201)),
        Case(
            "date_part('milliseconds', ts)",
            call(.datePart, [text("milliseconds"), instant("2013-01-02 03:04:05.5")], .int64), .int(5500)),
        Case("date_part('dow', date)", call(.datePart, [text("dow"), day("2013-01-06")], .int64), .int(0)),
        Case(
            "date + interval 1 month",
            call(
                .dateAdd, [day("2013-01-31"), literal(.interval(months: 1, days: 0, nanos: 0), .intervalMonthDayNano)],
                micros),
            time("2013-02-28")),
        Case(
            "ts - ts",
            call(
                .timestampMinusTimestamp, [instant("2013-01-02 05:00:00"), instant("2012-11-01 06:00:00")],
                .intervalMonthDayNano),
            .interval(months: 0, days: 61, nanos: 82_800_000_000_000)),
        Case(
            "date_diff('month')", call(.dateDifference, [text("month"), day("2013-01-31"), day("2013-02-01")], .int64),
            .int(1)),
        Case(
            "date_diff('week')", call(.dateDifference, [text("week"), day("2013-01-05"), day("2013-01-07")], .int64),
            .int(0)),
        Case("ts::date before 1970", cast(instant("1969-12-31 23:00:00"), .date32), .int(-1)),
        Case("epoch_us(ts)", call(.epochMicros, [instant("2013-01-02")], .int64), .int(1_357_084_800_000_000)),
        Case(
            "'2013-01-02T03:04:05Z'::timestamp", cast(text("2013-01-02T03:04:05Z"), micros), time("2013-01-02 03:04:05")
        ),
    ]

    @Test(arguments: numbers + texts + times)
    func answersAreDuckDBs(_ test: Case) throws {
        let (answer, fault) = try Self.evaluate(test.expression)
        #expect(answer == test.answer)
        #expect(fault == nil)
    }

    @Test(
        arguments: [
            ("overflow", call(.add, [int(.max), int(1)], .int64), RowFault.overflow),
            ("division by zero", call(.integerDivide, [int(1), int(0)], .int64), .divisionByZero),
            ("cast", cast(i32(300), .int8), .cast), ("text", cast(text("abc"), .int32), .cast),
            ("abs", call(.abs, [int(.min)], .int64), .overflow),
        ] as [(String, Expression, RowFault)])
    func faultyRowsAreNamed(name: String, expression: Expression, fault: RowFault) throws {
        #expect(try Self.evaluate(expression).1 == fault)
        // Where the branch is not taken, nothing is wrong.
        let skipped = Expression(
            .conditional(
                [.init(condition: Self.bool(false), result: expression)], otherwise: literal(.null, expression.type)),
            type: expression.type)
        #expect(try Self.evaluate(skipped).1 == nil)
        let first = Expression(.call(.coalesce, [literal(.null, expression.type), expression]), type: expression.type)
        #expect(try Self.evaluate(first).1 == fault)
    }

    @Test func whatCannotRunIsFoundWhenCompiled() {
        let error = #expect(throws: StreamingError.self) {
            try ExpressionCompiler.compile(Self.call(.md5, [Self.text("a")], .utf8))
        }
        #expect(error?.report.code == "STR-001")
    }

    /// Every kernel over slices and nulls gives what it gives row by row.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func slicesAndNullsDoNotMatter(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let schema = Schema([Field("a", .int64), Field("b", .int64), Field("s", .utf8), Field("f", .bool)])
        let rows: [[Scalar]] = (0..<100).map { _ in
            [
                Int.random(in: 0..<4, using: &random) == 0 ? .null : .int(Int64.random(in: -9...9, using: &random)),
                .int(Int64.random(in: -9...9, using: &random)),
                Int.random(in: 0..<4, using: &random) == 0
                    ? .null : .string(String(repeating: "é", count: Int.random(in: 0..<5, using: &random))),
                .bool(Bool.random(using: &random)),
            ]
        }
        let (a, b, s, f) = (column(schema, "a"), column(schema, "b"), column(schema, "s"), column(schema, "f"))
        let expressions = [
            Self.call(.add, [a, b], .int64), Self.call(.less, [a, b], .bool), Self.call(.length, [s], .int64),
            Self.call(.coalesce, [a, b], .int64), Self.call(.or, [f, Self.call(.isNull, [a], .bool)], .bool),
            Expression(.conditional([.init(condition: f, result: a)], otherwise: b), type: .int64),
            Self.call(.modulo, [a, b], .int64), Self.cast(a, .utf8), Self.call(.greatest, [a, b], .int64),
        ]
        let batch = try makeBatch(schema, rows)
        for expression in expressions {
            let evaluator = try ExpressionCompiler.compile(expression)
            let start = Int.random(in: 0..<40, using: &random)
            let slice = batch.slice(start..<100)
            let whole = evaluator.evaluate(Frame(slice))
            for row in 0..<slice.count {
                let single = evaluator.evaluate(Frame(try makeBatch(schema, [rows[start + row]])))
                #expect(whole.scalar(at: row) == single.scalar(at: 0))
            }
        }
    }
}
