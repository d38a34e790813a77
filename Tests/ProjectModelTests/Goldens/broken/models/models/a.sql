{{ config(materialized='tabel', freshness='often', tags=[1], frehsness='1s') }}
select * from {{ ref('bb') }}
