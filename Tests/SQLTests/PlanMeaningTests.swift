import Columnar
import DuckDB
import SQL
import Testing

/// A plan, written back as SQL, gives the rows that DuckDB gives for the query itself.
@Suite struct PlanMeaningTests {
    private static let data = """
        create schema nyc;
        create table departures as select (i % 50)::integer as flight, ['AA', 'UA', 'DL', 'XX'][1 + i % 4] as carrier,
            case when i % 7 = 0 then null else 'N' || (i % 9) end as tailnum, ['JFK', 'LGA', 'EWR'][1 + i % 3] as origin,
            ['LAX', 'SFO', 'BOS', null][1 + i % 4] as dest, timestamp '2013-05-30' + to_minutes(i * 7) as scheduled_at,
            case when i % 11 = 0 then null else (i * 37 % 200 - 20)::integer end as dep_delay,
            (i % 13 * 100)::double as distance, date '2013-05-30' + (i % 5)::integer as day,
            (i % 17 * 1.25)::decimal(10,2) as fare, {'pilot': 'p' || i % 3, 'size': (i % 4)::integer} as crew,
            case when i % 5 = 0 then [] else ['BOS', 'ORD'] end as stops from range(1000) r(i);
        create table nyc.airlines as select * from (values ('AA', 'American'), ('UA', 'United'), ('DL', null), ('ZZ', 'None')) v(carrier, name);
        create table nyc.planes as select 'N' || i as tailnum, (1995 + i)::integer as year, 'M' || i as manufacturer,
            case when i % 2 = 0 then 'T' || i end as model, (i * 60)::bigint as seats from range(12) r(i);
        create table nyc.weather as select ['JFK', 'LGA'][1 + i % 2] as origin, timestamp '2013-05-30' + to_hours(i) as time_hour,
            (i % 10)::double as temp, 1.0::double as wind_speed, 0.0::double as precip, i::double as visib, 5.0::double as humid
            from range(90) r(i);
        create view airlines as from nyc.airlines; create view planes as from nyc.planes; create view weather as from nyc.weather;
        """

    /// DuckDB has no window functions over tables, so those stand as the subquery that they mean.
    private static let tumble = """
        (select *, time_bucket(interval '1 hour', scheduled_at, timestamp '1970-01-01') as window_start,
        window_start + interval '1 hour' as window_end from departures)
        """

    static let queries: [String] =
        GoldenTests.queries.filter {
            !$0.name.hasPrefix("error") && !$0.sql.contains("session(") && !$0.sql.contains("hop(")
        }
        .map(\.sql).filter { !$0.contains("tumble(jfk") && !$0.contains("offset") } + [
            "select carrier, count(*) filter (where dep_delay > 3.5) as n from departures where not (origin in ('JFK', 'x')) and coalesce(dest, '') <> '' group by carrier",
            "select a.flight, b.n from departures a join (select carrier, count(*) as n from departures group by 1) b using (carrier) where b.n > 10 and a.dep_delay between 0 and '90' and b.carrier <> 'UA'",
            "select d.carrier, a.name from departures d full join nyc.airlines a on a.carrier = d.carrier and d.dep_delay > 100 where a.name is not null",
            "select * from (select carrier as x, fare * 2 as y from departures union all select name, 1.5 from airlines) where y > 3 and x like 'A%'",
            "select origin, sum(fare) as s from departures group by origin having sum(fare) > 100 and origin = 'JFK'",
            "select d.flight, w.temp from departures d asof left join weather w using (origin, scheduled_at)"
                .replacing("weather w", with: "(select * rename (time_hour as scheduled_at) from weather) w"),
            "select count(*) as n from (select upper(dest) as d, dep_delay from departures) where d = 'LAX' and dep_delay is distinct from 5",
            "select count(*) as n from (select count(*) as m, max(flight) as f from departures)",
            "select p.tailnum, d.tailnum as left_tail from departures d right join planes p using (tailnum) where p.seats % 2 = 0",
        ]

    @Test func plansMeanTheirQueries() throws {
        let connection = try DuckDBDatabase().connect()
        for statement in Self.data.split(separator: ";") where statement.contains("create") {
            _ = try connection.execute(String(statement))
        }
        let binder = Binder(catalog: Fixtures.catalog)
        let parser = try Fixtures.parser()
        #expect(Self.queries.count > 30)
        for query in Self.queries {
            let plan = PlanText.sql(try binder.bind(query, parsedBy: parser))
            let theirs = query.replacing("tumble(departures, scheduled_at, interval '1 hour')", with: Self.tumble)
            do {
                // Only any_value is free to differ, and only in the value that it takes.
                for (some, other) in [(plan, theirs), (theirs, plan)] {
                    let answer = try connection.query("select count(*) from ((\(some)) except all (\(other)))")
                    #expect(try answer.single() == .int(0), "\(query)\n\(plan)")
                }
                let rows = try connection.query("select count(*) from (\(theirs))").single()
                #expect(rows != .int(0) || query.contains("interval"), "no rows: \(query)")
            } catch {
                Issue.record("\(query)\n\(plan)\n\(error)")
            }
        }
    }
}
