{{ config(severity='warn') }}
select * from {{ ref('customers') }} where first_name = ''
