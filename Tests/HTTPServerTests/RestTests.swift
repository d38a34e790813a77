import Base
import Columnar
import Testing

@testable import HTTPServer

private let endpoint = RestEndpoint(
    name: "delays", path: "/v1/delays", summary: "Delays.", relation: "\"main\".\"delays\"",
    schema: Schema([
        Field("origin", .utf8), Field("flights", .int64), Field("mean", .float64),
        Field("at", .timestamp(.microsecond, zone: nil)), Field("a.b", .utf8), Field("a.desc", .int8),
        Field("limit", .date32), Field("tags", .list(Field("item", .int32))),
    ]), key: ["at", "origin"], pageSize: 2, pageSizeMax: 10)

/// Answers with the rows it was made with, cut to the statement's limit, and remembers what it was asked.
private struct FixedData: RestData {
    let batch: RecordBatch
    var tag: String? = "7"
    func version(of endpoint: RestEndpoint) throws -> String? { tag }
    var isCut = false
    func rows(_ sql: String, parameters: [Scalar]) throws -> RestRows { RestRows(batches: [batch], isCut: isCut) }
}

private func items(_ text: String) -> [HTTPExchange.QueryItem] { PercentCoding.query(text[...])! }

private func statement(_ query: String) throws -> RestStatement {
    RestStatement(try RestQuery(items(query), endpoint: endpoint), endpoint: endpoint)
}

@Test(arguments: [
    ("origin=EWR", "(\"origin\" = ?)"), ("flights.gte=3", "\"flights\" >= cast(? as BIGINT)"),
    ("origin.in=EWR,JFK", "\"origin\" in (?, ?)"), ("mean.null=true", "\"mean\" is null"),
    ("origin.like=E%25", "\"origin\" like ?"), ("a.b=EWR", "\"a.b\" = ?"), ("a.b.in=x", "\"a.b\" in (?)"),
    ("limit.eq=2013-01-02", "\"limit\" = cast(? as DATE)"), ("a.desc.gt=3", "\"a.desc\" > cast(? as TINYINT)"),
    ("at.lt=2013-01-02", "\"at\" < cast(? as TIMESTAMP)"),
])
func filtersBecomeParameters(query: String, expected: String) throws {
    let statement = try statement(query)
    #expect(statement.sql.contains("where " + expected.trimmingParentheses), "\(statement.sql)")
    #expect(!statement.sql.contains("EWR"), "no text of the caller's in the SQL")
}

extension String {
    fileprivate var trimmingParentheses: String { hasPrefix("(") ? String(dropFirst().dropLast()) : self }
}

@Test(arguments: [
    ("nothing=1", "HTTP-002"), ("limit=0", "HTTP-003"), ("limit=11", "HTTP-003"), ("limit=x", "HTTP-003"),
    ("flights=abc", "HTTP-003"), ("flights.about=1", "HTTP-003"), ("order=nothing", "HTTP-002"),
    ("order=origin.up", "HTTP-003"), ("cursor=zzz", "HTTP-003"), ("fields=", "HTTP-003"),
    ("limit=1&limit=2", "HTTP-003"),
    ("at.gt=abc", "HTTP-003"), ("at=2013-13-01", "HTTP-003"), ("limit.eq=2013-02-29", "HTTP-003"),
    ("mean.gt=0x10", "HTTP-003"), ("mean.gt=1e400", "HTTP-003"), ("a.desc=128", "HTTP-003"),
    ("origin.in=%22open", "HTTP-003"), ("order=a.c", "HTTP-003"), ("order=a.b.up", "HTTP-003"),
    ("mean.null=perhaps", "HTTP-003"), ("flights.like=1", "HTTP-003"), ("order=origin,origin", "HTTP-003"),
])
func mistakesAreProblems(query: String, code: String) throws {
    let error = #expect(throws: RestProblem.self) { try RestQuery(items(query), endpoint: endpoint) }
    #expect(error?.problem.code == code)
    #expect(error?.problem.status == 400)
}

@Test func everyOrderEndsWithTheKey() throws {
    let query = try RestQuery(items("order=mean.desc,origin"), endpoint: endpoint)
    #expect(query.order == [.init("mean", descending: true), .init("origin"), .init("at")])
}

@Test func namesWithDotsComeBeforeOperators() throws {
    let query = try RestQuery(items("order=a.b.desc,a.desc&fields=a.b,%22origin%22"), endpoint: endpoint)
    #expect(query.order.prefix(2) == [.init("a.b", descending: true), .init("a.desc")])
    #expect(query.fields == ["a.b", "origin"])
}

@Test func aChangedCursorIsRefused() throws {
    let order = ["at", "origin"]
    for values in [["2013-01-01 00:00:00", "x"], ["2013-01-01 00:00:00.5", nil]] {
        let text = RestCursor(order: order, values: values).text
        #expect(try RestQuery(items("cursor=\(text)"), endpoint: endpoint).unjudged.isEmpty)
    }
    let odd = RestCursor(order: order, values: ["infinity", "x"]).text
    #expect(try RestQuery(items("cursor=\(odd)"), endpoint: endpoint).unjudged == ["cursor"])
    let number = RestCursor(order: ["flights"] + order, values: ["1; drop", "2013-01-01 00:00:00", "x"]).text
    #expect(throws: RestProblem.self) { try RestQuery(items("order=flights&cursor=\(number)"), endpoint: endpoint) }
}

@Test func aLongPageFindsItsKeysFirst() throws {
    func sql(_ limit: Int, stored: Bool) throws -> String {
        let wide = RestEndpoint(
            name: "delays", path: "/v1/delays", summary: "", relation: "r", schema: endpoint.schema,
            key: endpoint.key, pageSizeMax: 10_000, isStored: stored)
        let query = try RestQuery(items("order=mean&origin=EWR&limit=\(limit)"), endpoint: wide)
        let statement = RestStatement(query, endpoint: wide)
        #expect(statement.parameters == [.string("EWR")])
        return statement.sql
    }
    #expect(try sql(5000, stored: true).contains("semi join (select \"mean\", \"at\", \"origin\" from r where"))
    #expect(try !sql(5000, stored: false).contains("semi join"))
    #expect(try !sql(100, stored: true).contains("semi join"))
}

@Test func aCursorContinuesBehindItsRow() throws {
    let cursor = RestCursor(order: ["-mean", "at", "origin"], values: ["1.5", "2013-01-01 00:00:00", nil])
    #expect(RestCursor(text: cursor.text) == cursor)
    let statement = try statement("order=mean.desc&cursor=\(cursor.text)")
    let before = "(\"mean\" < cast(? as DOUBLE) or \"mean\" is null)"
    let between = "\"mean\" = cast(? as DOUBLE) and (\"at\" > cast(? as TIMESTAMP) or \"at\" is null)"
    #expect(statement.sql.contains("((\(before)) or (\(between)))"), "\(statement.sql)")
    #expect(statement.parameters == [.string("1.5"), .string("1.5"), .string("2013-01-01 00:00:00")])
    #expect(throws: RestProblem.self) { try RestQuery(items("order=mean&cursor=\(cursor.text)"), endpoint: endpoint) }
}

@Test(arguments: [("\"a\"", true), ("\"b\", W/\"a\"", true), ("*", true), ("\"b\"", false), ("a", false)])
func entityTagsMatch(header: String, expected: Bool) { #expect(RestRoutes.matches(header, "\"a\"") == expected) }

private func rows(_ count: Int) throws -> RecordBatch {
    let fields = [
        Field("origin", .utf8), Field("$cursor0", .utf8), Field("$cursor1", .utf8),
    ]
    let columns = try fields.map { field in
        let builder = ColumnBuilder.make(field.type)
        for row in 0..<count { try builder.append(.string("\(field.name) \(row)")) }
        return builder.finish()
    }
    return RecordBatch(schema: Schema(fields), columns: columns, count: count)
}

@Test(arguments: [(2, false), (3, true)])
func aPageSaysWhetherThereIsAnother(found: Int, more: Bool) throws {
    let routes = RestRoutes(title: "t", version: "1", endpoints: [endpoint], data: FixedData(batch: try rows(found)))
    let answer = try #require(
        routes.answer(HTTPExchange(method: "GET", path: "/v1/delays", query: items("fields=origin&format=json"))))
    let text = String(decoding: answer.body, as: UTF8.self)
    #expect(answer.status == 200)
    #expect(text.contains("origin 1") && !text.contains("origin 2") && !text.contains("$cursor"), "\(text)")
    #expect(text.contains("\"next_cursor\":null") == !more)
    #expect((answer.header("Link") != nil) == more)
}

@Test func aPageThatIsCutGoesOn() throws {
    let data = FixedData(batch: try rows(1), isCut: true)
    let routes = RestRoutes(title: "t", version: "1", endpoints: [endpoint], data: data)
    let exchange = HTTPExchange(method: "GET", path: "/v1/delays", query: items("fields=origin"))
    let text = String(decoding: try #require(routes.answer(exchange)).body, as: UTF8.self)
    #expect(text.contains("origin 0") && !text.contains("\"next_cursor\":null"), "\(text)")
}

@Test func anUnchangedDatasetIsNotSentAgain() throws {
    let routes = RestRoutes(title: "t", version: "1", endpoints: [endpoint], data: FixedData(batch: try rows(1)))
    var exchange = HTTPExchange(method: "GET", path: "/v1/delays", query: items("fields=origin"))
    let tag = try #require(routes.answer(exchange)?.header("ETag"))
    exchange = HTTPExchange(
        method: "GET", path: "/v1/delays", query: items("fields=origin"), headers: ["if-none-match": tag])
    let answer = try #require(routes.answer(exchange))
    #expect(answer.status == 304 && answer.body.isEmpty && answer.header("ETag") == tag)
    let changed = RestRoutes(
        title: "t", version: "1", endpoints: [endpoint], data: FixedData(batch: try rows(1), tag: "8"))
    #expect(changed.answer(exchange)?.status == 200)
}

@Test func onlyReadingIsAllowed() throws {
    let routes = RestRoutes(title: "t", version: "1", endpoints: [endpoint], data: FixedData(batch: try rows(1)))
    let answer = try #require(routes.answer(HTTPExchange(method: "DELETE", path: "/v1/delays")))
    #expect(answer.status == 405 && answer.header("Allow") == "GET, HEAD, OPTIONS")
    #expect(routes.answer(HTTPExchange(method: "GET", path: "/elsewhere")) == nil)
}

@Test func aTakenPortIsNamed() async throws {
    let first = try await HTTPService.start(.init(port: 0), routes: [])
    let error = await #expect(throws: HTTPServerError.self) {
        try await HTTPService.start(.init(port: first.boundPort), routes: [])
    }
    #expect(error == .portTaken(host: "127.0.0.1", port: first.boundPort))
    await first.shutdown()
}
