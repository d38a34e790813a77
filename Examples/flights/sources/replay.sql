-- The events of the replay, in the order in which they happened.
-- `time_hour` is the scheduled hour in UTC; a cancelled flight happens when it should have left.
with numbered as (
    select
        *,
        row_number() over () as flight_id,
        cast(time_hour as timestamp) + to_minutes(cast(minute as bigint)) as scheduled_at
    from read_csv('{{ path }}', nullstr = 'NA', types = {'time_hour': 'timestamp'})
)
select
    flight_id,
    scheduled_at,
    carrier,
    cast(flight as integer) as flight,
    tailnum,
    origin,
    dest,
    cast(distance as integer) as distance,
    cast(dep_delay as integer) as dep_delay,
    cast(arr_delay as integer) as arr_delay,
    cast(air_time as integer) as air_time,
    scheduled_at + to_minutes(cast(coalesce(dep_delay, 0) as bigint)) as departed_at
from numbered
order by departed_at, flight_id
