{{ config(materialized='stream', emit='final') }}

select
    origin,
    carrier,
    window_start,
    window_end,
    count(*) as flights,
    count(*) filter (where dep_delay is null) as cancelled,
    avg(dep_delay) as mean_dep_delay,
    max(dep_delay) as max_dep_delay,
    quantile_cont(dep_delay, 0.9) as p90_dep_delay
from tumble({{ source('events', 'departures') }}, scheduled_at, interval '1 hour')
group by origin, carrier, window_start, window_end
