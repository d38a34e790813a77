{{ config(materialized='stream') }}
select id from {{ ref('good') }}
