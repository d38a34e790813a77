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
-- Only months of which there are more departures than the table has counted.
where month in (
    select news.month
    from (select month, count(*) as flights from {{ ref('stg_departures') }} group by month) as news
    left join (select month, sum(flights) as flights from {{ this }} group by month) as known on known.month = news.month
    where news.flights is distinct from known.flights
)
{% endif %}
group by origin, dest, month
