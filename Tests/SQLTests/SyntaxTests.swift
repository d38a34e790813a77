import Base
import Columnar
import DuckDB
import SQL
import Testing

@Suite struct SyntaxTests {
    /// A parser whose answer is given.
    private struct Canned: SyntaxTreeSource {
        struct Broken: Error {}
        let answer: String?
        func serializedSyntaxTree(of text: String) throws -> String {
            guard let answer else { throw Broken() }
            return answer
        }
    }

    private func failure(_ answer: String?) -> String {
        do {
            _ = try SelectStatement(parsing: "select 1", with: Canned(answer: answer))
            return "none"
        } catch {
            return error.report.code
        }
    }

    @Test func positionsCountBytes() throws {
        let sql = "select 'é€😀' as text, café.x from café"
        let statement = try SelectStatement(parsing: sql, with: try Fixtures.parser())
        guard case .select(let node) = statement.query.body else {
            Issue.record("no SELECT")
            return
        }
        let bytes = Array(sql.utf8)
        let position = try #require(node.items[1].position)
        #expect(String(decoding: bytes[position...].prefix(5), as: UTF8.self) == "café")
        #expect(node.items[0].node == .literal(.string("é€😀")))
        let place = SQLText.location(ofByte: position, in: sql, file: "m.sql")
        #expect(place == SourceLocation(file: "m.sql", line: 1, column: 23))
    }

    @Test func placesAreLinesAndColumns() {
        let text = "ab\nçd\n"
        let places = [(0, 1, 1), (2, 1, 3), (3, 2, 1), (5, 2, 2), (6, 2, 3), (7, 3, 1), (99, 3, 1)]
        for (byte, line, column) in places {
            #expect(
                SQLText.location(ofByte: byte, in: text, file: "f")
                    == SourceLocation(file: "f", line: line, column: column))
        }
        #expect(SQLText.identifier(path: ["a b", "c\"d"]) == "\"a b\".\"c\"\"d\"")
    }

    @Test func brokenAnswersAreErrorsAndNotCrashes() throws {
        let whole = try Fixtures.parser().serializedSyntaxTree(of: Fixtures.departuresEnriched)
        for cut in stride(from: 0, to: whole.utf8.count, by: 97) {
            #expect(failure(String(decoding: Array(whole.utf8)[..<cut], as: UTF8.self)) == "SQL-020", "cut at \(cut)")
        }
        for garbage in ["", "{", "[1,]", "{\"a\" 1}", "nul", "\"\\ud800\"", "\"\\x\"", "{} x", "\"abc", "\u{1}"] {
            #expect(failure(garbage) == "SQL-020", "\(garbage)")
        }
        #expect(failure(nil) == "SQL-021")
        #expect(failure("{\"statements\":[]}") == "SQL-002")
        #expect(failure("{\"statements\":[{\"node\":{}}]}") == "SQL-020")
        #expect(failure(String(repeating: "[", count: 5_000)) == "SQL-014")
    }

    /// Any byte of a tree may be wrong: reading and binding it gives a plan or an error.
    @Test(arguments: 0..<60) func damagedTreesNeverTrap(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let query = seed.isMultiple(of: 2) ? Fixtures.delaysHourly : Fixtures.departuresEnriched
        let whole = Array(try Fixtures.parser().serializedSyntaxTree(of: query).utf8)
        for _ in 0..<20 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20..<0x7f, using: &random)
            }
            let source = Canned(answer: String(decoding: bytes, as: UTF8.self))
            _ = try? Binder(catalog: Fixtures.catalog).bind("select 1", parsedBy: source)
        }
    }

    @Test func longChainsBindAndEndlessOnesAreRefused() throws {
        let parser = try Fixtures.parser()
        let binder = Binder(catalog: Fixtures.catalog)
        func sum(_ terms: Int) -> String {
            "select \(Array(repeating: "distance", count: terms).joined(separator: " + ")) as x from departures"
        }
        #expect(try binder.bind(sum(250), parsedBy: parser).schema.count == 1)
        #expect(throws: SQLError.self) { try binder.bind(sum(900), parsedBy: parser) }
    }

    @Test(arguments: [
        "1 hour", "90 minutes 30 seconds", "01:30:00", "1h", "2 weeks 3 days", "500 ms", "1 us", "1 day 12:00",
        "1 hour 1 hour", "0.5 days", "10s", "5 min", "1.5 hours", "1", "1hour30minutes", "0.1 seconds", " 1  HOUR ",
    ])
    func windowSizesAreDuckDBs(text: String) throws {
        let connection = try DuckDBDatabase().connect()
        let answer = try connection.query(
            "select (epoch(i) * 1000000)::bigint from (select $1::interval as i)", parameters: [.string(text)])
        guard case .int(let micros)? = try answer.single() else {
            Issue.record("no number")
            return
        }
        let plan = try Binder(catalog: Fixtures.catalog).bind(
            "select window_start from tumble(departures, scheduled_at, interval \(SQLText.literal(text)))",
            parsedBy: try Fixtures.parser())
        #expect(plan.explanation.contains("Window"))
        guard case .project(.window(_, let window), _) = plan else {
            Issue.record("no window")
            return
        }
        #expect(window.kind == .tumble(sizeMicros: micros, offsetMicros: 0))
    }

    /// Literals that are cast while binding have the value that DuckDB gives them.
    @Test(arguments: [
        "2013-01-01", "2000-02-29 23:59:59", "1969-12-31 23:59:59.999999", "1600-03-01T00:00:00.5", "2013-1-1 5:06",
        "9999-12-31",
    ])
    func timestampLiteralsAreDuckDBs(text: String) throws {
        let connection = try DuckDBDatabase().connect()
        let answer = try connection.query("select epoch_us($1::timestamp)", parameters: [.string(text)])
        guard case .int(let micros)? = try answer.single() else {
            Issue.record("no number")
            return
        }
        let plan = try Binder(catalog: Fixtures.catalog).bind(
            "select timestamp \(SQLText.literal(text)) as t from airlines", parsedBy: try Fixtures.parser())
        guard case .project(_, let columns) = plan else {
            Issue.record("no projection")
            return
        }
        #expect(columns[0].expression.node == .literal(.int(micros)))
    }

    /// Lengths and numbers at and beyond the bounds of their types are plans or errors.
    @Test(arguments: [
        "-interval '-2147483648 months'", "interval '2147483647 days' + interval '1 day'",
        "interval '999999999999 hours'",
        "interval '9223372036854 seconds' * 2147483647", "interval '99999999999999999999 us'", "1e400", "-1e400",
        "-170141183460469231731687303715884105728", "9223372036854775807 + 1", "-9223372036854775808 - 1",
        "cast('99999999999999999999999999999999999999999' as bigint)", "round(fare, 9223372036854775807)",
        "99999999999999999999999999999999999999.5", "cast(9999999999999999999999 as decimal(38, 30))",
        "-(-9223372036854775808)",
        "day + 9223372036854775807", "day - -2147483648",
        "timestamp '9999-12-31 23:59:59' + interval '2147483647 days'",
        "quantile_cont(fare, 2)", "stops[99999999999999999999]",
    ])
    func extremesNeverTrap(expression: String) throws {
        let binder = Binder(catalog: Fixtures.catalog)
        let parser = try Fixtures.parser()
        _ = try? binder.bind("select \(expression) as x from departures", parsedBy: parser)
        _ = try? binder.bind("select * from tumble(departures, scheduled_at, \(expression))", parsedBy: parser)
    }

    @Test func codesAreStableAndDifferent() {
        #expect(Set(SQLProblem.Kind.allCases.map(\.rawValue)).count == SQLProblem.Kind.allCases.count)
        #expect(SQLError.parserFailed(detail: "x").report.recovery == .retry)
    }
}
