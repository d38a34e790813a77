{{ config(materialized='stream', emit='changes', partition_by=['month']) }}

select
    d.flight_id,
    d.scheduled_at,
    cast(date_trunc('month', d.scheduled_at) as date) as month,
    d.origin,
    d.dest,
    d.carrier,
    a.name as airline,
    d.flight,
    d.tailnum,
    p.manufacturer,
    p.model,
    p.seats,
    d.distance,
    d.dep_delay,
    d.arr_delay,
    d.air_time,
    w.time_hour as weather_at,
    w.temp,
    w.wind_speed,
    w.precip,
    w.visib
from {{ source('events', 'departures') }} as d
left join {{ source('nyc', 'airlines') }} as a on a.carrier = d.carrier
left join {{ source('nyc', 'planes') }} as p on p.tailnum = d.tailnum
asof left join {{ source('nyc', 'weather') }} as w
    on w.origin = d.origin and d.scheduled_at >= w.time_hour
