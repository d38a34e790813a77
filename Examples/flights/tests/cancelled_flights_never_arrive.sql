-- A flight that never left has no arrival delay.
select flight_id from {{ ref('stg_departures') }} where is_cancelled and arr_delay is not null
