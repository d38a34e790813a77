{{ config(materialized='view') }}

select faa as airport, name as airport_name, lat, lon, tzone as time_zone
from {{ source('nyc', 'airports') }}
