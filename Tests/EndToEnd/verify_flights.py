"""Computes every answer of Examples/flights a second time, in plain DuckDB over the raw CSV files, and compares all rows
with what a running platform has in its topics, its lake, its warehouse and its API.

    verify_flights.py --http HOST:PORT --kafka HOST:PORT --lake DIR --flights DIR --gariep PROGRAM --project DIR

Prints a line a comparison. Exits with 1 at the first difference, saying which rows differ.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import urllib.request
import zlib

import duckdb

LATENESS = "interval 6 hours"
PARTITIONS = 4


def murmur2(data: bytes) -> int:
    """Kafka's default partitioner hash, written from its description."""
    mask = 0xFFFFFFFF
    value = (0x9747B28C ^ len(data)) & mask
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * 0x5BD1E995 & mask
        k = (k ^ k >> 24) * 0x5BD1E995 & mask
        value = (value * 0x5BD1E995 & mask) ^ k
    rest = data[whole:]
    for index in reversed(range(len(rest))):
        value ^= rest[index] << 8 * index
    if rest:
        value = value * 0x5BD1E995 & mask
    value = (value ^ value >> 13) * 0x5BD1E995 & mask
    return value ^ value >> 15


def expected(connection: duckdb.DuckDBPyConnection, flights: str) -> None:
    """Makes a table of each answer."""
    connection.execute("set timezone = 'UTC'")
    for name in ("airlines", "airports", "planes"):
        connection.execute(f"create table {name} as from read_csv('{flights}/{name}.csv', nullstr = 'NA')")
    connection.execute(
        f"create table weather as from read_csv('{flights}/weather.csv', nullstr = 'NA', types = {{'time_hour': 'timestamp'}})"
    )
    origins = connection.execute(f"select distinct origin from read_csv('{flights}/flights.csv')").fetchall()
    connection.execute("create table parts (origin varchar, part integer)")
    for (origin,) in origins:
        connection.execute("insert into parts values (?, ?)", [origin, (murmur2(origin.encode()) & 0x7FFFFFFF) % PARTITIONS])
    connection.execute(
        f"""
        create table departures as
        with raw as (
            select *, row_number() over () as flight_id, cast(time_hour as timestamp) + to_minutes(minute) as scheduled_at
            from read_csv('{flights}/flights.csv', nullstr = 'NA', types = {{'time_hour': 'timestamp'}})
        )
        select raw.*, part, scheduled_at + to_minutes(coalesce(dep_delay, 0)) as departed_at
        from raw join parts using (origin)
        """
    )
    # A row is late if its window had ended by the watermark of its own partition when it came.
    connection.execute(
        f"""
        create table timed as
        select *,
            date_trunc('hour', scheduled_at) as window_start,
            date_trunc('hour', scheduled_at) + interval 1 hour as window_end,
            max(scheduled_at) over (
                partition by part order by departed_at, flight_id rows between unbounded preceding and 1 preceding
            ) - {LATENESS} as watermark
        from departures
        """
    )
    connection.execute("create table late as select * from timed where window_end <= watermark")
    connection.execute(
        f"""
        create table delays_hourly as
        with closed as (
            select min(newest) - {LATENESS} as watermark
            from (select part, max(scheduled_at) as newest from departures group by part)
        )
        select origin, carrier, window_start, window_end, count(*) as flights,
            count(*) filter (where dep_delay is null) as cancelled, avg(dep_delay) as mean_dep_delay,
            max(dep_delay) as max_dep_delay, quantile_cont(dep_delay, 0.9) as p90_dep_delay
        from timed, closed
        where (timed.watermark is null or window_end > timed.watermark) and window_end <= closed.watermark
        group by all
        """
    )
    connection.execute(
        """
        create table departures_enriched as
        select d.flight_id, d.scheduled_at, cast(date_trunc('month', d.scheduled_at) as date) as month, d.origin, d.dest,
            d.carrier, a.name as airline, d.flight, d.tailnum, p.manufacturer, p.model, p.seats, d.distance, d.dep_delay,
            d.arr_delay, d.air_time, w.time_hour as weather_at, w.temp, w.wind_speed, w.precip, w.visib
        from departures d
        left join airlines a on a.carrier = d.carrier
        left join planes p on p.tailnum = d.tailnum
        asof left join weather w on w.origin = d.origin and d.scheduled_at >= w.time_hour
        """
    )
    connection.execute(
        """
        create table carrier_daily as
        select carrier, any_value(airline) as airline, cast(scheduled_at as date) as flight_date, count(*) as flights,
            count(*) filter (where dep_delay is null) as cancelled,
            count(*) filter (where dep_delay <= 15) as on_time,
            count(*) filter (where origin = 'EWR') as flights_ewr, count(*) filter (where origin = 'JFK') as flights_jfk,
            count(*) filter (where origin = 'LGA') as flights_lga, sum(distance) as miles,
            round(avg(dep_delay), 2) as mean_dep_delay
        from departures_enriched group by carrier, flight_date
        """
    )
    connection.execute(
        """
        create table route_punctuality as
        select origin, dest, month, any_value(airports.name) as dest_name, count(*) as flights,
            count(*) filter (where dep_delay <= 15) as on_time,
            round(100.0 * count(*) filter (where dep_delay <= 15) / count(*), 2) as on_time_percent
        from departures_enriched left join airports on faa = dest group by origin, dest, month
        """
    )


def fail(message: str) -> None:
    print(f"DIFFERENT: {message}")
    sys.exit(1)


def compare(connection: duckdb.DuckDBPyConnection, what: str, table: str, found: str) -> None:
    """Compares two relations as multisets of rows, every column, exactly."""
    columns = ", ".join(row[0] for row in connection.execute(f"describe {table}").fetchall())
    types = [row[1] for row in connection.execute(f"describe {table}").fetchall()]
    names = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    cast = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in zip(names, types))
    connection.execute(f"create or replace temp table found as select {cast} from {found}")
    counts = [connection.execute(f"select count(*) from {name}").fetchone()[0] for name in (table, "found")]
    missing = connection.execute(f"select {columns} from {table} except all select {columns} from found limit 5").fetchall()
    extra = connection.execute(f"select {columns} from found except all select {columns} from {table} limit 5").fetchall()
    if missing or extra or counts[0] != counts[1]:
        lines = [f"{what}: expected {counts[0]} rows, found {counts[1]}"]
        lines += [f"  missing {row}" for row in missing] + [f"  extra   {row}" for row in extra]
        fail("\n".join(lines))
    print(f"same: {what}, {counts[0]} rows")


def api_rows(http: str, path: str, order: str | None, limit: int) -> str:
    """All pages of an endpoint, as JSON lines in a file that DuckDB reads."""
    out = f"/tmp/gariep-verify-{zlib.crc32((http + path).encode())}.jsonl"
    cursor = None
    with open(out, "w", encoding="utf-8") as file:
        while True:
            url = f"http://{http}{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else "") + (f"&order={order}" if order else "")
            with urllib.request.urlopen(url, timeout=120) as answer:
                page = json.load(answer)
            for row in page["data"]:
                file.write(json.dumps(row) + "\n")
            cursor = page["next_cursor"]
            if cursor is None:
                return out


def check_api(connection: duckdb.DuckDBPyConnection, http: str) -> None:
    for path, table, order in (
        ("/v1/delays", "delays_hourly", "flights.desc"),
        ("/v1/departures", "departures_enriched", None),
        ("/v1/carriers/daily", "carrier_daily", None),
        ("/v1/routes/punctuality", "route_punctuality", "on_time_percent.desc"),
    ):
        limit = 10000 if table in ("delays_hourly", "departures_enriched") else 1000
        file = api_rows(http, path, order, limit)
        columns = {row[0]: row[1] for row in connection.execute(f"describe {table}").fetchall()}
        spec = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
        compare(connection, f"API {path}", table, f"read_json('{file}', format = 'newline_delimited', columns = {spec})")


def check_lake(connection: duckdb.DuckDBPyConnection, lake: str) -> None:
    from deltalake import DeltaTable

    for name in ("departures_enriched", "delays_hourly"):
        table = DeltaTable(f"{lake}/{name}")
        connection.register("lake_table", table.to_pyarrow_table())
        compare(connection, f"Delta table {name} (version {table.version()})", name, "lake_table")
        connection.unregister("lake_table")
    partitions = DeltaTable(f"{lake}/departures_enriched").metadata().partition_columns
    if partitions != ["month"]:
        fail(f"departures_enriched is partitioned by {partitions}, not by month")


def check_warehouse(connection: duckdb.DuckDBPyConnection, gariep: str, project: str, data: str) -> None:
    for name in ("carrier_daily", "route_punctuality", "delays_hourly", "departures_enriched"):
        text = subprocess.run(
            [gariep, "sql", "--project", project, "--data-dir", data, "--output", "csv", f"select * from {name}"],
            check=True, capture_output=True, text=True,
        ).stdout
        out = f"/tmp/gariep-verify-sql-{zlib.crc32((project + name).encode())}.csv"
        with open(out, "w", encoding="utf-8") as file:
            file.write(text)
        columns = {row[0]: row[1] for row in connection.execute(f"describe {name}").fetchall()}
        spec = "{" + ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items()) + "}"
        compare(connection, f"warehouse {name}", name, f"read_csv('{out}', header = true, columns = {spec})")
    for name in ("airlines", "airports", "planes", "weather"):
        text = subprocess.run(
            [gariep, "sql", "--project", project, "--data-dir", data, "--output", "csv", f"select count(*) as n from nyc.{name}"],
            check=True, capture_output=True, text=True,
        ).stdout
        rows = connection.execute(f"select count(*) from {name}").fetchone()[0]
        if int(list(csv.reader(io.StringIO(text)))[1][0]) != rows:
            fail(f"nyc.{name} has {text.split()[1]} rows, not {rows}")
        print(f"same: warehouse nyc.{name}, {rows} rows")


def consume(kafka: str, topic: str) -> list:
    """Every record of a topic, from every partition, with its offset."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "verify", "auto.offset.reset": "earliest", "enable.auto.commit": False, "log_level": 0})
    metadata = consumer.list_topics(topic, timeout=30).topics[topic]
    if metadata.error:
        fail(f"topic {topic}: {metadata.error}")
    records = []
    for partition in sorted(metadata.partitions):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        consumer.assign([TopicPartition(topic, partition, low)])
        position = low
        while position < high:
            for message in consumer.consume(min(10000, high - position), timeout=30):
                if message.error():
                    fail(f"topic {topic}[{partition}]: {message.error()}")
                if message.offset() != position:
                    fail(f"topic {topic}[{partition}]: offset {message.offset()} after {position - 1}")
                position += 1
                records.append(message)
    consumer.close()
    return records


def check_topics(connection: duckdb.DuckDBPyConnection, kafka: str) -> None:
    import fastavro

    with open(sys.path[0] + "/../../Examples/flights/sources/departure.avsc", encoding="utf-8") as file:
        schema = fastavro.parse_schema(json.load(file))
    good, broken = [], 0
    for message in consume(kafka, "departures"):
        value = message.value() or b""
        try:
            if value[:1] != b"\0" or len(value) < 5:
                raise ValueError("no header")
            stream = io.BytesIO(value[5:])
            row = fastavro.schemaless_reader(stream, schema)
            if stream.read(1) or int.from_bytes(value[1:5], "big") > 1000:
                raise ValueError("more behind the record")
            good.append((message.partition(), row["flight_id"], row["origin"], message.key().decode()))
        except Exception:
            broken += 1
    connection.execute("create or replace temp table topic (part integer, flight_id bigint, origin varchar, key varchar, n bigint)")
    path = "/tmp/gariep-verify-topic.csv"
    with open(path, "w", encoding="utf-8") as file:
        writer = csv.writer(file)
        for number, row in enumerate(good):
            writer.writerow((*row, number))
    connection.execute(f"insert into topic from read_csv('{path}', header = false)")
    connection.execute("create or replace table sent as select part, flight_id, origin from departures")
    compare(connection, "topic departures", "sent", "topic")
    wrong = connection.execute(
        """
        select count(*) from (
            select n, row_number() over (partition by t.part order by departed_at, d.flight_id)
                - row_number() over (partition by t.part order by n) as moved
            from topic t join departures d using (flight_id)
        ) where moved <> 0
        """
    ).fetchone()[0]
    if wrong:
        fail(f"{wrong} records of departures are out of order in their partition")
    if broken != 10:
        fail(f"{broken} broken records in departures, not 10")

    letters = consume(kafka, "departures.dead_letter")
    origins = set()
    for message in letters:
        headers = dict(message.headers() or [])
        for name in ("gariep.cause", "gariep.topic", "gariep.partition", "gariep.offset"):
            if not headers.get(name):
                fail(f"a dead letter lacks the header {name}: {headers}")
        origins.add((headers["gariep.partition"], headers["gariep.offset"]))
    if len(letters) != 10 or len(origins) != 10:
        fail(f"{len(letters)} dead letters of {len(origins)} records, not 10 of 10")
    print("same: topic departures.dead_letter, 10 records with cause and position")

    late = [json.loads(message.value())["flight_id"] for message in consume(kafka, "delays_hourly.late")]
    want = [row[0] for row in connection.execute("select flight_id from late order by 1").fetchall()]
    if sorted(late) != want:
        fail(f"{len(late)} late records, not {len(want)}: {sorted(set(late) ^ set(want))[:10]}")
    print(f"same: topic delays_hourly.late, {len(want)} records")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("http", "kafka", "lake", "flights", "gariep", "project", "data-dir"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    connection = duckdb.connect()
    expected(connection, options.flights)
    check_topics(connection, options.kafka)
    check_lake(connection, options.lake)
    check_warehouse(connection, options.gariep, options.project, options.data_dir)
    check_api(connection, options.http)
    print("ALL SAME")


if __name__ == "__main__":
    main()
