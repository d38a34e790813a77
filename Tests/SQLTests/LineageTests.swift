import DuckDB
import SQL
import Testing

@Suite struct LineageTests {
    private func bind(_ sql: String) throws -> ColumnLineage {
        try Binder(catalog: Fixtures.catalog).bind(sql, parsedBy: try Fixtures.parser()).lineage
    }

    private func sources(_ name: String, in lineage: ColumnLineage) -> [String] {
        let column = lineage.columns.first { $0.name == name }
        return column?.sources.map { "\($0.key) \($0.value)" }.sorted() ?? []
    }

    @Test func boundPlansKnowTheirColumns() throws {
        let enriched = try bind(Fixtures.departuresEnriched)
        #expect(sources("airline", in: enriched) == ["nyc.airlines.name direct"])
        #expect(sources("weather_at", in: enriched) == ["nyc.weather.time_hour direct"])
        #expect(sources("month", in: enriched) == ["departures.scheduled_at derived"])
        #expect(enriched.filters.contains(ColumnSource(relation: "nyc.planes", column: "tailnum")))
        let hourly = try bind(Fixtures.delaysHourly)
        #expect(sources("origin", in: hourly) == ["departures.origin direct"])
        #expect(sources("window_end", in: hourly) == ["departures.scheduled_at derived"])
        #expect(sources("cancelled", in: hourly) == ["departures.dep_delay derived"])
        #expect(sources("flights", in: hourly) == [])
        #expect(
            hourly.filters.map(\.column).sorted() == ["carrier", "origin", "scheduled_at"])
    }

    @Test(arguments: [
        Fixtures.delaysHourly, Fixtures.departuresEnriched, "select distinct origin, dest from departures",
    ])
    func bothReadingsAgree(sql: String) throws {
        let bound = try bind(sql)
        let read = try QueryLineage(of: sql, catalog: Fixtures.catalog, parsedBy: try Fixtures.parser())
        #expect(read.isComplete)
        #expect(read.lineage.columns == bound.columns)
    }

    @Test func fullSQLIsReadFromItsSyntax() throws {
        let sql = """
            with late as (select tailnum, dep_delay, row_number() over (partition by origin order by fare) as n from departures)
            select l.tailnum, l.n + 1 as next, p.model,
                (select max(temp) from weather w where w.origin = p.model) as warmest
            from late l join planes p using (tailnum)
            where l.dep_delay in (select year from planes) order by 1 limit 3
            """
        let read = try QueryLineage(of: sql, catalog: Fixtures.catalog, parsedBy: try Fixtures.parser())
        #expect(read.isComplete)
        #expect(read.tables.map(\.path) == [["departures"], ["weather"], ["planes"]])
        #expect(sources("tailnum", in: read.lineage) == ["departures.tailnum direct"])
        #expect(sources("next", in: read.lineage) == ["departures.fare derived", "departures.origin derived"])
        #expect(sources("warmest", in: read.lineage) == ["nyc.weather.temp derived"])
        #expect(read.lineage.filters.contains(ColumnSource(relation: "nyc.planes", column: "year")))
    }

    @Test func unknownRelationsLeaveLineageIncomplete() throws {
        let read = try QueryLineage(
            of: "select a, d.origin from elsewhere.t, departures d", catalog: Fixtures.catalog,
            parsedBy: try Fixtures.parser())
        #expect(!read.isComplete)
        #expect(read.tables.map(\.path) == [["elsewhere", "t"], ["departures"]])
        #expect(sources("origin", in: read.lineage) == ["departures.origin direct"])
    }

    @Test(arguments: [
        ("select * from a.b.c x join \"D\" on true", [["a", "b", "c"], ["D"]]),
        ("with t as (select * from u), v as (select * from t) select * from v, w", [["u"], ["w"]]),
        ("with t as (select * from t) select * from t", [["t"]]),
        ("with recursive t as (select 1 as x union all select x from t) select * from t", []),
        ("select * from tumble(s, moment, interval '1 hour') where x in (select y from z)", [["s"], ["z"]]),
        ("select 1", []), ("from t union all (select * from t except select * from u)", [["t"], ["u"]]),
        ("select (select max(x) from s.t) from (values (1))", [["s", "t"]]),
    ])
    func referencedTables(sql: String, expected: [[String]]) throws {
        #expect(try SQLText.referencedTables(in: sql, parsedBy: try Fixtures.parser()).map(\.path) == expected)
    }
}
