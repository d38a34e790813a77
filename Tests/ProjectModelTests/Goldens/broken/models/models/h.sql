{{ config(materialized='table', compact='always', retention='10 seconds') }}
select 1 as x
