{{ config(materialized='table') }}
select user from {{ source('shop', 'clicks') }}
