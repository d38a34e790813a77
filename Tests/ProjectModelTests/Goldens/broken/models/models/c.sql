{{ config(materialized='view') }}
