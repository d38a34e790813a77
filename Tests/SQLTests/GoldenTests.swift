import Base
import DuckDB
import Foundation
import SQL
import Testing

/// Each query's plan, or its mistakes, as a file that a person has read. `UPDATE_GOLDENS=1 swift test` writes them anew.
@Suite struct GoldenTests {
    static let queries: [(name: String, sql: String)] = [
        ("delays_hourly", Fixtures.delaysHourly),
        ("departures_enriched", Fixtures.departuresEnriched),
        ("star", "select * from airlines"),
        (
            "star_exclude_replace_rename",
            "select * exclude (crew, stops) replace (upper(origin) as origin) rename (dest as destination) from departures"
        ),
        ("qualified_names", "select main.departures.origin, departures.dest from main.departures"),
        (
            "where_folded",
            "select flight from departures where 1 = 1 and dep_delay > 15 and scheduled_at >= '2013-06-01'"
        ),
        ("aliases", "select dep_delay / 60 as hours, hours * 2 as twice from departures where hours > 1"),
        ("structure_and_list", "select crew.pilot, crew['size'] as size, stops[1] as first_stop from departures"),
        (
            "common_tables",
            "with late(f, d) as (select flight, dep_delay from departures where dep_delay > 60), later as (select * from late where d > 120) select f from later"
        ),
        (
            "subquery",
            "select q.o, n from (select origin as o, count(*) as n from departures group by 1) q where n > 10"
        ),
        (
            "group_by_alias",
            "select date_trunc('day', scheduled_at) as d, sum(fare) as fares from departures group by d"
        ),
        (
            "group_by_all",
            "select origin, lower(carrier) as c, sum(dep_delay) + 1 as total from departures group by all"
        ),
        ("having", "select origin from departures group by origin having count(*) > 5 and origin <> 'JFK'"),
        ("total", "select count(*), count(distinct tailnum) as planes from departures"),
        ("aggregate_twice", "select max(dep_delay) as m, max(dep_delay) - min(dep_delay) as span from departures"),
        ("distinct", "select distinct origin, dest from departures"),
        ("union_all", "select carrier as c, 1::bigint as n from departures union all select carrier, 2 from airlines"),
        ("union", "select carrier from departures union select carrier from airlines"),
        ("full_join_using", "select carrier, flight, name from departures full join airlines using (carrier)"),
        ("right_join_using", "select * exclude (crew, stops) from departures right join airlines using (carrier)"),
        ("natural_join", "select carrier, name from departures natural join airlines"),
        (
            "join_residual",
            "select d.flight, p.model from departures d join planes p on d.tailnum = p.tailnum and p.seats > d.distance and p.year > 2000"
        ),
        (
            "left_join_filter",
            "select d.flight from departures d left join planes p on p.tailnum = d.tailnum and p.year > 2000 where d.dep_delay > 1 and p.model is null"
        ),
        (
            "asof_using",
            "select flight, temp from departures d asof join (select origin, time_hour as scheduled_at, temp from weather) w using (origin, scheduled_at)"
        ),
        (
            "asof_strict_flipped",
            "select flight, temp from departures d asof join weather w on d.origin = w.origin and w.time_hour < d.scheduled_at where temp > 3 and distance > 100"
        ),
        (
            "hop",
            "select origin, window_end, avg(dep_delay) as m from hop(departures, scheduled_at, interval 5 minutes, interval '1 hour') group by all"
        ),
        (
            "session",
            "select tailnum, window_start, count(*) as legs from session(main.departures, scheduled_at, interval '90 minutes') where origin = 'JFK' group by 1, 2"
        ),
        (
            "tumble_offset_named",
            "select w.origin, w.window_start from tumble(departures, scheduled_at, size := interval '1 day', \"offset\" := interval '6 hours') as w where w.origin in ('JFK', 'LGA')"
        ),
        (
            "tumble_over_with",
            "with jfk as (select scheduled_at, dep_delay from departures where origin = 'JFK') select window_start, median(dep_delay) as m from tumble(jfk, scheduled_at, interval '15 minutes') group by 1"
        ),
        (
            "case_and_coalesce",
            "select case when dep_delay > 15 then 'late' when dep_delay is null then 'cancelled' else 'on time' end as state, coalesce(dep_delay, 0) as delay, nullif(origin, '') as o from departures"
        ),
        (
            "quantiles",
            "select percentile_cont(0.5) within group (order by dep_delay) as a, quantile_disc(dest, 0.5) as b, arg_max(dest, distance) as c, any_value(tailnum) as d, stddev(distance) as e from departures"
        ),
        (
            "push_below_group",
            "select * from (select origin, carrier, count(*) as n from departures group by all) where origin = 'JFK' and n > 1"
        ),
        (
            "time_arithmetic",
            "select scheduled_at + interval 30 minutes as a, scheduled_at - day as b, day + 1 as c, day - date '2013-01-01' as d, date_diff('hour', day, scheduled_at) as e, hour(scheduled_at) as h from departures"
        ),
        ("unnamed_columns", "select dep_delay + 1, upper(origin), origin = 'JFK' from departures"),
        // Mistakes.
        ("error_syntax", "select origin,\n  carrier carrier2 carrier3 from departures"),
        ("error_no_list", "select from departures"),
        ("error_two_statements", "select 1 from departures; select 2 from departures"),
        ("error_insert", "insert into t select 1"),
        ("error_unknown_relation", "select * from departure"),
        ("error_unknown_column", "select orign, d.nothing, x.origin from departures d"),
        ("error_double_quotes", "select flight from departures where origin = \"JFK\""),
        ("error_ambiguous", "select carrier from departures d join airlines a on a.carrier = d.carrier"),
        (
            "error_unknown_function",
            "select lowr(origin), frobnicate(dest), strftime(scheduled_at, '%Y') from departures"
        ),
        (
            "error_types",
            "select origin + 1, dep_delay + crew, lower(dep_delay), case when origin then 1 end, abs(origin) from departures"
        ),
        ("error_mixed_case", "select case when dep_delay > 1 then origin else dep_delay end as x from departures"),
        ("error_literal", "select flight from departures where scheduled_at > 'yesterday' and dep_delay = 'x'"),
        ("error_aggregate_in_where", "select origin from departures where count(*) > 1 group by origin"),
        ("error_nested_aggregate", "select max(count(*)) from departures"),
        ("error_not_grouped", "select origin, carrier, dep_delay + count(*) as x from departures group by origin"),
        ("error_group_ordinal", "select origin from departures group by 2"),
        ("error_order_limit", "select flight from departures order by dep_delay limit 10"),
        (
            "error_over",
            "select row_number() over (partition by origin) from departures qualify row_number() over () = 1"
        ),
        ("error_subquery", "select flight from departures where carrier in (select carrier from airlines)"),
        ("error_window_relation", "select * from tumble(departurs, scheduled_at, interval '1 hour')"),
        (
            "error_window_arguments",
            "select * from tumble(departures, dep_delay, interval '1 month') join tumble(departures, schedule_at, 'x') using (flight)"
        ),
        ("error_window_missing", "select * from hop(departures, scheduled_at, interval '1 hour')"),
        ("error_window_negative", "select * from tumble(departures, scheduled_at, interval '-1 hour')"),
        ("error_hop_order", "select * from hop(departures, scheduled_at, interval '1 hour', interval '5 minutes')"),
        ("error_window_subquery", "select * from tumble((select 1), scheduled_at, interval '1 hour')"),
        ("error_cross_join", "select flight from departures, airlines"),
        ("error_no_key", "select flight from departures d join planes p on p.seats > d.distance"),
        (
            "error_asof_direction",
            "select flight from departures d asof join weather w on d.origin = w.origin and d.scheduled_at <= w.time_hour"
        ),
        ("error_semi_join", "select flight from departures semi join airlines using (carrier)"),
        ("error_duplicate", "select origin, dest as origin from departures"),
        ("error_union_arity", "select origin, dest from departures union all select origin from departures"),
        ("error_except", "select origin from departures except select 'JFK' from departures"),
        ("error_clock", "select now(), current_date from departures"),
        ("error_several", "select orign, lowr(dest) from departures where dist > 1 group by 7 order by 1"),
        ("error_text_position", "select 'äöü€', orign\nfrom departures"),
        ("error_rollup", "select origin from departures group by rollup(origin, dest)"),
        ("error_recursive", "with recursive t as (select 1 as x union all select x from t) select * from t"),
        ("error_table_function", "select * from read_csv('x.csv')"),
        ("error_no_from", "select 1"),
        ("error_exclude", "select * exclude (orign) from departures"),
        ("error_no_column_left", "select * exclude (carrier, name) from airlines"),
        ("error_lambda", "select list_transform(stops, s -> upper(s)) from departures"),
    ]

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Goldens")

    @Test(arguments: queries.indices) func plansAndMistakes(index: Int) throws {
        let (name, sql) = Self.queries[index]
        let file = Self.folder.appending(path: "\(name).txt")
        let found = sql + "\n----\n" + Self.outcome(of: sql, try Fixtures.parser()) + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
            try found.write(to: file, atomically: true, encoding: .utf8)
        }
        let golden = try String(contentsOf: file, encoding: .utf8)
        #expect(found == golden, "\(name)")
    }

    private static func outcome(of sql: String, _ parser: DuckDBConnection) -> String {
        do {
            let plan = try Binder(catalog: Fixtures.catalog).bind(sql, parsedBy: parser)
            return "\(plan.schema)\n\(plan.explanation)"
        } catch {
            return error.reports(file: "query.sql").map(\.description).joined(separator: "\n")
        }
    }
}
