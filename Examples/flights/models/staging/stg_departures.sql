{{ config(materialized='view') }}

select
    *,
    cast(scheduled_at as date) as flight_date,
    dep_delay is null as is_cancelled,
    coalesce(dep_delay <= {{ var('on_time_minutes') }}, false) as is_on_time
from {{ ref('departures_enriched') }}
