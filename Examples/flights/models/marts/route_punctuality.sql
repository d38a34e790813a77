{{ config(materialized='incremental', unique_key=['origin', 'dest', 'month'], incremental_strategy='delete+insert', freshness='5 seconds') }}

select
    origin,
    dest,
    month,
    any_value(ap.airport_name) as dest_name,
    count(*) as flights,
    count(*) filter (where is_on_time) as on_time,
    round(100.0 * count(*) filter (where is_on_time) / count(*), 2) as on_time_percent
from {{ ref('stg_departures') }}
left join {{ ref('stg_airports') }} as ap on ap.airport = dest
{% if is_incremental() %}
-- Departures come in order of departure, so only the last two months can still change.
where month >= (select coalesce(max(month) - interval 1 month, date '1900-01-01') from {{ this }})
{% endif %}
group by origin, dest, month
