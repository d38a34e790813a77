{{ config(materialized='table', freshness='5 seconds') }}

select
    carrier,
    any_value(airline) as airline,
    flight_date,
    count(*) as flights,
    count(*) filter (where is_cancelled) as cancelled,
    count(*) filter (where is_on_time) as on_time,
    {%- for origin in ['EWR', 'JFK', 'LGA'] %}
    count(*) filter (where origin = '{{ origin }}') as flights_{{ origin | lower }},
    {%- endfor %}
    sum(distance) as miles,
    round(avg(dep_delay), 2) as mean_dep_delay
from {{ ref('stg_departures') }}
group by carrier, flight_date
