{{ config(tags=['mart']) }}
with customers as (select * from {{ ref('stg_customers') }})
select customers.*, count(*) as orders
from customers
left join {{ ref('orders') }} as orders using (customer_id)
group by all
