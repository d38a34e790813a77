{{ config(materialized='incremental', unique_key=['id', 'idd'], partition_by='month') }}
select id{% if not is_incremental() %}, customer{% endif %} from {{ source('shop', 'orders') }}
