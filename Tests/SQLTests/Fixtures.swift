import Columnar
import DuckDB
import SQL

/// A project's datasets as the tests know them.
enum Fixtures {
    static let departures = CatalogRelation(
        name: "departures", kind: .stream,
        schema: Schema([
            Field("flight", .int32), Field("carrier", .utf8, nullable: false), Field("tailnum", .utf8),
            Field("origin", .utf8, nullable: false), Field("dest", .utf8),
            Field("scheduled_at", .timestamp(.microsecond, zone: nil), nullable: false), Field("dep_delay", .int32),
            Field("distance", .float64), Field("day", .date32), Field("fare", .decimal128(precision: 10, scale: 2)),
            Field("crew", .structure([Field("pilot", .utf8), Field("size", .int32)])),
            Field("stops", .list(Field("item", .utf8))),
        ]), eventTimeColumn: 5)

    static let catalog = NamedRelations([
        "departures": departures, "main.departures": departures,
        "airlines": CatalogRelation(
            name: "nyc.airlines", kind: .table,
            schema: Schema([Field("carrier", .utf8, nullable: false), Field("name", .utf8)])),
        "planes": CatalogRelation(
            name: "nyc.planes", kind: .table,
            schema: Schema([
                Field("tailnum", .utf8), Field("year", .int32), Field("manufacturer", .utf8), Field("model", .utf8),
                Field("seats", .int64),
            ])),
        "weather": CatalogRelation(
            name: "nyc.weather", kind: .table,
            schema: Schema([
                Field("origin", .utf8), Field("time_hour", .timestamp(.microsecond, zone: nil)),
                Field("temp", .float64),
                Field("wind_speed", .float64), Field("precip", .float64), Field("visib", .float64),
                Field("humid", .float64),
            ])),
    ])

    static func parser() throws -> DuckDBConnection { try DuckDBDatabase().connect() }

    static let delaysHourly = """
        select origin, carrier, window_start, window_end, count(*) as flights,
            count(*) filter (where dep_delay is null) as cancelled, avg(dep_delay) as mean_dep_delay,
            max(dep_delay) as max_dep_delay, quantile_cont(dep_delay, 0.9) as p90_dep_delay
        from tumble(departures, scheduled_at, interval '1 hour')
        group by origin, carrier, window_start, window_end
        """

    static let departuresEnriched = """
        select d.* exclude (crew, stops), a.name as airline, p.manufacturer, p.model, w.temp, w.wind_speed, w.precip,
            w.visib, w.time_hour as weather_at, date_trunc('month', d.scheduled_at) as month
        from "main"."departures" d
        left join "nyc"."airlines" a on a.carrier = d.carrier
        left join planes p using (tailnum)
        asof left join weather w on w.origin = d.origin and d.scheduled_at >= w.time_hour
        """
}
